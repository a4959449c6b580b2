//! The header of a `.npy` file.

use super::error::NpyError;
use crate::dtype::Dtype;
use crate::shown::shown;

/// What every such file begins with.
pub(super) const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// What the header says, and the bytes behind it.
pub(super) struct Header<'a> {
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    pub values: &'a [u8],
}

/// Reads the header of a file's bytes.
pub(super) fn parse(bytes: &[u8]) -> Result<Header<'_>, NpyError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(NpyError::Magic)?;
    let (length, rest) = match rest {
        [1, _, low, high, rest @ ..] => (usize::from(u16::from_le_bytes([*low, *high])), rest),
        [2 | 3, _, a, b, c, d, rest @ ..] => {
            let length = u32::from_le_bytes([*a, *b, *c, *d]);
            (usize::try_from(length).unwrap_or(usize::MAX), rest)
        }
        [major @ (0 | 4..), minor, ..] => return Err(NpyError::Version(*major, *minor)),
        _ => return Err(NpyError::HeaderCut),
    };
    let (text, values) = rest.split_at_checked(length).ok_or(NpyError::HeaderCut)?;
    let text = std::str::from_utf8(text).map_err(|_| invalid("it is no text"))?;
    let (dtype, shape) = dictionary(text)?;
    Ok(Header {
        dtype,
        shape,
        values,
    })
}

fn invalid(what: &str) -> NpyError {
    NpyError::Header(shown(what))
}

/// The three entries of a dictionary such as `{'descr': '<f4', 'fortran_order': False, 'shape': (3,
/// 8), }`.
fn dictionary(text: &str) -> Result<(Dtype, Vec<usize>), NpyError> {
    let inner = text.trim().strip_prefix('{');
    let inner = inner.and_then(|text| text.strip_suffix('}'));
    let mut rest = inner.ok_or_else(|| invalid("it is no dictionary"))?.trim();
    let (mut descr, mut order, mut shape) = (None, None, None);
    while !rest.is_empty() {
        let (key, after) = quoted(rest).ok_or_else(|| invalid(rest))?;
        let after = after.trim_start().strip_prefix(':');
        let after = after.ok_or_else(|| invalid(rest))?.trim_start();
        let end = end_of_value(after);
        let (value, next) = (after[..end].trim(), &after[end..]);
        let place = match key {
            "descr" => &mut descr,
            "fortran_order" => &mut order,
            "shape" => &mut shape,
            other => return Err(invalid(&format!("'{other}' is none of its keys"))),
        };
        if place.replace(value).is_some() {
            return Err(invalid(&format!("'{key}' is there twice")));
        }
        rest = next.strip_prefix(',').unwrap_or(next).trim_start();
    }
    let [descr, order, shape] = [(descr, "descr"), (order, "fortran_order"), (shape, "shape")]
        .map(|(value, key)| value.ok_or_else(|| invalid(&format!("'{key}' is missing"))));
    let dtype = dtype_of(descr?)?;
    match order? {
        "False" => {}
        "True" => return Err(NpyError::Fortran),
        other => return Err(invalid(&format!("fortran_order is {other}"))),
    }
    Ok((dtype, tuple(shape?)?))
}

/// A text in quotes, and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text[1..].split_once(quote)
}

/// Where a value ends: at the first comma outside brackets and quotes.
fn end_of_value(text: &str) -> usize {
    let (mut depth, mut quote) = (0_usize, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

fn dtype_of(descr: &str) -> Result<Dtype, NpyError> {
    let word = quoted(descr).map_or(descr, |(word, _)| word);
    match word {
        "<f2" => Ok(Dtype::F16),
        "<f4" => Ok(Dtype::F32),
        "<f8" => Ok(Dtype::F64),
        other => Err(NpyError::Dtype(format!("'{}'", shown(other)))),
    }
}

/// The lengths in a tuple such as `(3, 8)` or `(3,)`.
fn tuple(text: &str) -> Result<Vec<usize>, NpyError> {
    let inner = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'));
    let wrong = || invalid(&format!("shape is {text}"));
    let inner = inner.ok_or_else(wrong)?;
    let lengths = inner.split(',').map(str::trim);
    let lengths = lengths.filter(|length| !length.is_empty());
    // Python 2 wrote large lengths with an L.
    let length = |word: &str| word.trim_end_matches('L').parse().map_err(|_| wrong());
    lengths.map(length).collect()
}

/// The header of single-precision values of this shape; with it the values begin at a multiple of 64
/// bytes, as the format asks.
pub(super) fn text_of(shape: &[usize]) -> Vec<u8> {
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    // A tuple of one is told by its comma.
    let comma = if shape.len() == 1 { "," } else { "" };
    let lengths = lengths.join(", ") + comma;
    let mut text =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({lengths}), }}").into_bytes();
    let before = MAGIC.len() + 4;
    let length = (before + text.len() + 1).next_multiple_of(64) - before;
    text.resize(length - 1, b' ');
    text.push(b'\n');
    let length = u16::try_from(length).expect("a shape of few axes");
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend(length.to_le_bytes());
    bytes.extend(text);
    bytes
}
