//! Colours of the style sheet can be told apart: WCAG 2.1, level AA, in light, in dark and on paper.
#![expect(clippy::unwrap_used, reason = "helpers of a test fail by panicking")]

use std::collections::BTreeMap;

const STYLE: &str = include_str!("../src/style.css");

/// Text of usual size on what is behind it.
const TEXT: [[&str; 2]; 16] = [
    ["ink", "page"],
    ["ink", "panel"],
    ["ink", "accent-soft"],
    ["ink", "warn-soft"],
    ["soft", "page"],
    ["soft", "panel"],
    ["soft", "accent-soft"],
    ["accent", "page"],
    ["accent", "panel"],
    ["warn", "panel"],
    ["good", "panel"],
    // Counts on the most tinted cell of a matrix.
    ["ink", "right 70%"],
    ["ink", "wrong 70%"],
    ["ink", "right 12%"],
    ["ink", "wrong 12%"],
    ["accent", "accent-soft"],
];
/// What is drawn, on the panel behind it (1.4.11).
const DRAWN: [&str; 8] = ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"];

type Colours = BTreeMap<String, [f64; 3]>;

/// The colours of each `:root` block: light, dark, paper.
fn schemes() -> Vec<Colours> {
    let blocks = STYLE.split(":root {").skip(1);
    let colours = |block: &str| {
        let block = block.split_once('}').unwrap().0;
        let pairs = block
            .split(';')
            .filter_map(|one| one.trim().strip_prefix("--")?.split_once(':'));
        let hex = pairs.filter_map(|(name, value)| Some((name, value.trim().strip_prefix('#')?)));
        hex.map(|(name, hex)| (name.to_owned(), channels(hex)))
            .collect()
    };
    blocks.map(colours).collect()
}

fn channels(hex: &str) -> [f64; 3] {
    let long = match hex.len() {
        3 => hex.chars().flat_map(|digit| [digit, digit]).collect(),
        _ => hex.to_owned(),
    };
    let channel = |at: usize| f64::from(u8::from_str_radix(&long[at..at + 2], 16).unwrap()) / 255.0;
    [channel(0), channel(2), channel(4)]
}

/// `panel`, or `right 70%`: so much of it over the panel.
fn colour(scheme: &Colours, name: &str) -> [f64; 3] {
    let Some((name, percent)) = name.split_once(' ') else {
        return scheme[name];
    };
    let share = percent.trim_end_matches('%').parse::<f64>().unwrap() / 100.0;
    let (over, under) = (scheme[name], scheme["panel"]);
    std::array::from_fn(|at| over[at] * share + under[at] * (1.0 - share))
}

fn luminance(colour: [f64; 3]) -> f64 {
    let linear = colour.map(|value| {
        if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn text_and_lines_can_be_told_from_what_is_behind_them() {
    let schemes = schemes();
    assert_eq!(schemes.len(), 3, "light, dark, paper");
    let mut poor = vec![];
    for (scheme, name) in schemes.iter().zip(["light", "dark", "paper"]) {
        let text = TEXT.map(|[ink, behind]| (ink, behind, 4.5));
        let drawn = DRAWN.map(|line| (line, "panel", 3.0));
        for (ink, behind, least) in text.into_iter().chain(drawn) {
            let found = contrast(colour(scheme, ink), colour(scheme, behind));
            if found < least {
                poor.push(format!(
                    "{name}: {ink} on {behind}: {found:.2}, at least {least}"
                ));
            }
        }
    }
    assert!(poor.is_empty(), "{poor:#?}");
}

#[test]
fn contrast_is_what_the_guideline_says() {
    assert!((contrast([0.0; 3], [1.0; 3]) - 21.0).abs() < 1e-9);
    assert!((contrast(channels("777"), channels("ffffff")) - 4.478).abs() < 0.001);
}

#[test]
fn every_colour_that_is_used_is_one_of_each_scheme() {
    let schemes = schemes();
    let own = ["tint", "c"];
    for used in STYLE.split("var(--").skip(1) {
        let name = used.split([')', ',']).next().unwrap();
        let is_known = schemes.iter().all(|scheme| scheme.contains_key(name));
        assert!(
            is_known || own.contains(&name),
            "--{name} is no colour of each scheme"
        );
    }
}
