//! Gradients of layers that are not linear, against finite differences of their formulas in `f64`.

mod noise;

use eosin_kernels::backward::{
    attention_backward, first_token_backward, layer_norm_backward, split_attention_backward,
    sum_splits_backward, tokens_backward,
};
use eosin_kernels::{attention, first_token, layer_norm, split_attention, sum_splits, tokens};
use noise::noise;

/// Step of the differences: their error is near its square.
const STEP: f64 = 1e-5;

/// Memory that holds something.
fn used() -> Vec<f32> {
    vec![9.0; 7]
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

/// Compares, value by value, the gradient `found` of each of `inputs` with the slope of `formula`
/// times `gradient`, and the formula with what the kernel has computed.
fn check(
    what: &str,
    inputs: &[&[f32]],
    formula: impl Fn(&[Vec<f64>]) -> Vec<f64>,
    out: &[f32],
    gradient: &[f32],
    found: &[&[f32]],
) {
    let mut point: Vec<Vec<f64>> = inputs.iter().map(|input| wide(input)).collect();
    let exact = formula(&point);
    assert_eq!(exact.len(), out.len(), "{what}");
    for (at, (got, exact)) in out.iter().zip(&exact).enumerate() {
        let error = (f64::from(*got) - exact).abs();
        assert!(
            error < 1e-5 * exact.abs().max(1.0),
            "{what} {at}: {got}, {exact}"
        );
    }
    for (input, found) in found.iter().enumerate() {
        assert_eq!(found.len(), point[input].len(), "{what}: input {input}");
        for (at, found) in found.iter().enumerate() {
            let mut moved = |by: f64| {
                let old = point[input][at];
                point[input][at] = old + by;
                let out = formula(&point);
                point[input][at] = old;
                let pairs = out.iter().zip(gradient);
                pairs
                    .map(|(out, slope)| out * f64::from(*slope))
                    .sum::<f64>()
            };
            let slope = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
            let error = (f64::from(*found) - slope).abs();
            assert!(
                error < 2e-5 * slope.abs().max(1.0),
                "{what}, input {input}, value {at}: {found}, the slope is {slope}"
            );
        }
    }
}

#[test]
fn layer_norms_have_the_slopes_of_their_formula() {
    // Fewer channels than a register has lanes, as many, and more; more rows than a block.
    for (rows, channels) in [(3, 7), (2, 16), (70, 5), (3, 53)] {
        let (x, weight, bias) = (
            noise(rows * channels, 1),
            noise(channels, 2),
            noise(channels, 3),
        );
        let formula = |inputs: &[Vec<f64>]| -> Vec<f64> {
            let [x, weight, bias] = inputs else {
                unreachable!()
            };
            let row = |row: &[f64]| {
                let mean = row.iter().sum::<f64>() / channels as f64;
                let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
                let deviation = (variance / channels as f64 + 1e-3).sqrt();
                let values = row.iter().zip(weight).zip(bias);
                let value = |((x, weight), bias)| (x - mean) / deviation * weight + bias;
                values.map(value).collect::<Vec<f64>>()
            };
            x.chunks_exact(channels).flat_map(row).collect()
        };
        let mut out = Vec::new();
        layer_norm(&x, &weight, &bias, 1e-3, &mut out);
        let gradient = noise(out.len(), 4);
        let mut of_x = gradient.clone();
        let found = layer_norm_backward(&x, &weight, 1e-3, &mut of_x);
        check(
            "layer norm",
            &[&x, &weight, &bias],
            formula,
            &out,
            &gradient,
            &[&of_x, &found.weights, &found.bias],
        );
    }
}

fn softmax(scores: &[f64]) -> Vec<f64> {
    let exponentials: Vec<f64> = scores.iter().map(|score| score.exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.iter().map(|value| value / sum).collect()
}

#[test]
fn attention_has_the_slope_of_its_formula() {
    for [images, tokens, heads, depth] in [[1, 1, 1, 3], [2, 5, 2, 4], [1, 18, 1, 3], [1, 7, 3, 5]]
    {
        let channels = heads * depth;
        let qkv: Vec<f32> = noise(images * tokens * 3 * channels, 5)
            .iter()
            .map(|value| 2.0 * value)
            .collect();
        let formula = |inputs: &[Vec<f64>]| -> Vec<f64> {
            let at = |image: usize, token: usize, part: usize, channel: usize| {
                inputs[0][((image * tokens + token) * 3 + part) * channels + channel]
            };
            let mut out = Vec::new();
            for (image, token) in (0..images).flat_map(|i| (0..tokens).map(move |t| (i, t))) {
                for head in 0..heads {
                    let lanes = head * depth..(head + 1) * depth;
                    let score = |other: usize| {
                        let products = lanes
                            .clone()
                            .map(|lane| at(image, token, 0, lane) * at(image, other, 1, lane));
                        products.sum::<f64>() / (depth as f64).sqrt()
                    };
                    let weights = softmax(&(0..tokens).map(score).collect::<Vec<_>>());
                    out.extend(lanes.clone().map(|lane| {
                        let values = (0..tokens).map(|other| at(image, other, 2, lane));
                        weights.iter().zip(values).map(|(w, v)| w * v).sum::<f64>()
                    }));
                }
            }
            out
        };
        let (mut out, mut scratch) = (Vec::new(), Vec::new());
        attention([tokens, channels, heads], &qkv, &mut out, &mut scratch);
        let gradient = noise(out.len(), 6);
        let sizes = [tokens, channels, heads];
        let found = attention_backward(sizes, &qkv, &gradient, used(), &mut scratch);
        check("attention", &[&qkv], formula, &out, &gradient, &[&found]);
    }
}

#[test]
fn split_attention_has_the_slope_of_its_formula() {
    for [images, positions, channels, radix] in [[1, 1, 1, 1], [2, 3, 5, 2], [1, 4, 17, 3]] {
        let wide = channels * radix;
        let map = noise(images * positions * wide, 7);
        let logits: Vec<f32> = noise(images * wide, 8).iter().map(|v| 2.0 * v).collect();
        let formula = |inputs: &[Vec<f64>]| -> Vec<f64> {
            let mut out = Vec::new();
            for (image, place) in (0..images).flat_map(|i| (0..positions).map(move |p| (i, p))) {
                for channel in 0..channels {
                    let parts = (channel..wide).step_by(channels);
                    let logits = parts.clone().map(|at| inputs[1][image * wide + at]);
                    let weights = softmax(&logits.collect::<Vec<_>>());
                    let start = (image * positions + place) * wide;
                    let values = parts.map(|at| inputs[0][start + at]);
                    out.push(weights.iter().zip(values).map(|(w, v)| w * v).sum::<f64>());
                }
            }
            out
        };
        let mut out = Vec::new();
        let sizes = [positions, channels, radix];
        split_attention(sizes, &map, &logits, &mut out);
        let gradient = noise(out.len(), 9);
        let memory = [used(), used()];
        let [of_map, of_logits] = split_attention_backward(sizes, &map, &logits, &gradient, memory);
        check(
            "split attention",
            &[&map, &logits],
            formula,
            &out,
            &gradient,
            &[&of_map, &of_logits],
        );
    }
}

#[test]
fn sums_of_splits_and_tokens_have_the_slopes_of_their_formulas() {
    let (channels, radix) = (3, 2);
    let map = noise(4 * channels * radix, 10);
    let sums = |inputs: &[Vec<f64>]| -> Vec<f64> {
        let rows = inputs[0].chunks_exact(channels * radix);
        rows.flat_map(|row| (0..channels).map(|at| row[at] + row[at + channels]))
            .collect()
    };
    let mut out = Vec::new();
    sum_splits(&map, channels, radix, &mut out);
    let gradient = noise(out.len(), 11);
    let found = sum_splits_backward([channels, radix], &gradient, used());
    check("sums", &[&map], sums, &out, &gradient, &[&found]);

    let [images, positions] = [2, 4];
    let map = noise(images * positions * channels, 12);
    let (first, places) = (noise(channels, 13), noise((positions + 1) * channels, 14));
    let placed = |inputs: &[Vec<f64>]| -> Vec<f64> {
        let image = |image: &[f64]| {
            let tokens = inputs[1].iter().chain(image);
            tokens
                .zip(&inputs[2])
                .map(|(token, place)| token + place)
                .collect::<Vec<f64>>()
        };
        inputs[0]
            .chunks_exact(positions * channels)
            .flat_map(image)
            .collect()
    };
    let mut out = Vec::new();
    tokens([positions, channels], &first, &places, &map, &mut out);
    let gradient = noise(out.len(), 15);
    let (found, of_map) = tokens_backward([positions, channels], &gradient, used());
    check(
        "tokens",
        &[&map, &first, &places],
        placed,
        &out,
        &gradient,
        &[&of_map, &found.bias, &found.weights],
    );

    let mut head = Vec::new();
    first_token([positions + 1, channels], &out, &mut head);
    let gradient = noise(head.len(), 16);
    let found = first_token_backward([positions + 1, channels], &gradient, used());
    let heads = |inputs: &[Vec<f64>]| -> Vec<f64> {
        let images = inputs[0].chunks_exact((positions + 1) * channels);
        images
            .flat_map(|image| image[..channels].to_vec())
            .collect()
    };
    check("first token", &[&out], heads, &head, &gradient, &[&found]);
}
