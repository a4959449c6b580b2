//! Facts of files and plain statistics of pixels, as numbers that a head can be solved on.

use std::collections::BTreeMap;

use eosin_audit::Fact;

use super::looked::Looked;
use crate::job::Job;

/// Values of a name that have a number of their own.
const MOST_VALUES: usize = 16;

/// Every fact, of the patches at `places`.
pub(super) fn facts(job: &Job, looked: &Looked, places: &[usize]) -> Vec<Fact> {
    let header = |place: &usize| job.patches.facts(*place).header;
    let appearance = |place: &usize| &looked.appearances[*place];
    let stems: Vec<String> = places.iter().map(|place| stem(job, *place)).collect();
    let mut facts = vec![
        numbers("mean colour", places, |place| {
            appearance(place).density_mean.to_vec()
        }),
        numbers("colour histogram", places, |place| {
            appearance(place).histogram.to_vec()
        }),
        numbers("sharpness", places, |place| {
            vec![appearance(place).sharpness]
        }),
        numbers("file size", places, |place| vec![log(looked.bytes[*place])]),
        words("JPEG tables", places, |place| {
            format!("{:?}", header(place).jpeg_quality)
        }),
        numbers("side lengths", places, |place| {
            vec![log(header(place).width_px), log(header(place).height_px)]
        }),
        words("format and depth", places, |place| {
            format!("{} {}", header(place).format, header(place).mode)
        }),
    ];
    let rows: Vec<usize> = (0..stems.len()).collect();
    let mut name = words("name pattern", &rows, |row| name_pattern(&stems[*row]));
    let more = numbers("", &rows, |row| name_numbers(&stems[*row]));
    name = beside(&name, &more);
    facts.push(name);
    facts
}

#[expect(clippy::cast_possible_truncation, reason = "a logarithm")]
fn log(value: usize) -> f32 {
    (value as f64 + 1.0).ln() as f32
}

/// The name of a patch's file, without its folder and ending: folders are often the class.
fn stem(job: &Job, place: usize) -> String {
    let patch = &job.manifest().patches[place];
    let stem = patch.source.file().and_then(|file| file.file_stem());
    stem.map_or_else(
        || patch.key.clone(),
        |stem| stem.to_string_lossy().into_owned(),
    )
}

/// A name with every run of digits as one `#`: what it looks like.
pub(crate) fn name_pattern(stem: &str) -> String {
    let mut pattern = String::new();
    for character in stem.chars() {
        let shown = if character.is_ascii_digit() {
            '#'
        } else {
            character
        };
        if shown != '#' || !pattern.ends_with('#') {
            pattern.push(shown);
        }
    }
    pattern
}

/// Length, and the last number.
fn name_numbers(stem: &str) -> Vec<f32> {
    let digits: String = stem
        .chars()
        .rev()
        .skip_while(|character| !character.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    let number: f32 = digits
        .chars()
        .rev()
        .collect::<String>()
        .parse()
        .unwrap_or(0.0);
    vec![log(stem.len()), (number + 1.0).ln()]
}

fn numbers(name: &'static str, places: &[usize], of: impl Fn(&usize) -> Vec<f32>) -> Fact {
    let rows: Vec<Vec<f32>> = places.iter().map(of).collect();
    Fact {
        name,
        width: rows.first().map_or(1, Vec::len),
        values: rows.concat(),
    }
}

/// Each of the most frequent values as a number that is 1 where it is there.
fn words(name: &'static str, places: &[usize], of: impl Fn(&usize) -> String) -> Fact {
    let values: Vec<String> = places.iter().map(of).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for value in &values {
        *counts.entry(value).or_default() += 1;
    }
    let mut known: Vec<(&str, usize)> = counts.into_iter().collect();
    known.sort_by_key(|(value, count)| (std::cmp::Reverse(*count), *value));
    known.truncate(MOST_VALUES);
    let row = |value: &String| {
        let is = |(known, _): &(&str, usize)| f32::from(u8::from(*known == value));
        known.iter().map(is).collect::<Vec<_>>()
    };
    Fact {
        name,
        width: known.len().max(1),
        values: values.iter().flat_map(row).collect(),
    }
}

/// Both side by side, under the first one's name.
fn beside(one: &Fact, other: &Fact) -> Fact {
    let rows = one
        .values
        .chunks_exact(one.width)
        .zip(other.values.chunks_exact(other.width));
    Fact {
        name: one.name,
        width: one.width + other.width,
        values: rows
            .flat_map(|(one, other)| [one, other].concat())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_its_pattern_its_length_and_its_last_number() {
        assert_eq!(name_pattern("slide12_x0034_b"), "slide#_x#_b");
        assert_eq!(
            name_numbers("slide12_x0034_b")[1].to_bits(),
            35_f32.ln().to_bits()
        );
        assert_eq!(name_numbers("none")[1].to_bits(), 0_f32.to_bits());
    }

    #[test]
    fn words_are_numbers_of_their_own() {
        let all = ["a", "b", "a"];
        let fact = words("w", &[0, 1, 2], |place| all[*place].to_owned());
        assert_eq!(
            (fact.width, fact.values),
            (2, vec![1.0, 0.0, 0.0, 1.0, 1.0, 0.0])
        );
    }
}
