//! Positions of a map as tokens.

/// The positions of `map` (`[n, positions, channels]`) behind a `first` token, with `places`
/// (`[positions + 1, channels]`) added.
pub fn tokens(
    [positions, channels]: [usize; 2],
    first: &[f32],
    places: &[f32],
    map: &[f32],
    out: &mut Vec<f32>,
) {
    out.clear();
    for image in map.chunks_exact(positions * channels) {
        let tokens = first.iter().chain(image);
        out.extend(tokens.zip(places).map(|(token, place)| token + place));
    }
}

/// The first of `tokens` of each image of `map`.
pub fn first_token([tokens, channels]: [usize; 2], map: &[f32], out: &mut Vec<f32>) {
    out.clear();
    for image in map.chunks_exact(tokens * channels) {
        out.extend_from_slice(&image[..channels]);
    }
}
