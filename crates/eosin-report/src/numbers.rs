//! Numbers as a reader wants them.

use eosin_metrics::{FoldSummary, Interval};

use crate::page_one::Figure;

/// What stands for a value that does not exist.
pub(crate) const UNDEFINED: &str =
    "<span class=\"undefined\" title=\"0/0: there is nothing to measure it on\">undefined</span>";

/// A metric's value with four decimals and, on hover, all of them.
pub(crate) fn value(value: Option<f64>) -> String {
    match value {
        Some(value) => format!("<span title=\"{value}\">{}</span>", fixed(value)),
        None => UNDEFINED.to_owned(),
    }
}

/// A metric's value with its interval beneath.
pub(crate) fn value_with_interval(point: Option<f64>, interval: Option<Interval>) -> String {
    let interval = interval.map_or_else(String::new, |ci| {
        format!(
            "<small class=\"ci\">{} to {}</small>",
            fixed(ci.ci_low),
            fixed(ci.ci_high)
        )
    });
    format!("{}{interval}", value(point))
}

/// A figure with four decimals and its interval beneath.
pub(crate) fn figure(figure: Figure) -> String {
    value_with_interval(figure.value, figure.interval)
}

/// A share in per cent with its interval beneath; on hover all digits.
pub(crate) fn share(figure: Figure) -> String {
    let Some(value) = figure.value else {
        return UNDEFINED.to_owned();
    };
    let interval = match figure.interval {
        Some(Interval { ci_low, ci_high }) => format!(
            "<small class=\"ci\">{} to {}</small>",
            percent(ci_low),
            percent(ci_high)
        ),
        None => "<small class=\"ci\">no interval</small>".to_owned(),
    };
    format!(
        "<span title=\"{value}\">{}</span>{interval}",
        percent(value)
    )
}

/// A share in per cent as plain text, with its interval.
pub(crate) fn share_text(figure: Figure) -> String {
    let interval = figure.interval.map(|Interval { ci_low, ci_high }| {
        format!(
            " (95 % interval {} to {})",
            percent(ci_low),
            percent(ci_high)
        )
    });
    match figure.value {
        None => "undefined".to_owned(),
        Some(value) => percent(value) + &interval.unwrap_or_default(),
    }
}

/// Mean and standard deviation over folds.
pub(crate) fn mean_sd(summary: &FoldSummary) -> String {
    let sd = summary
        .sd
        .map_or_else(String::new, |sd| format!(" ± {}", fixed(sd)));
    let missing = match summary.undefined {
        0 => String::new(),
        count => format!("<small class=\"ci\">undefined in {count}</small>"),
    };
    format!("{}{sd}{missing}", value(summary.mean))
}

/// Four decimals, with a true minus sign; more where four would make a perfect 1 of what is not, or
/// a 0 of what is not.
pub(crate) fn fixed(value: f64) -> String {
    let size = value.abs();
    let text = match size {
        _ if (0.999_999_5..1.0).contains(&value) => return "> 0.999999".to_owned(),
        _ if (0.999_95..1.0).contains(&size) => format!("{value:.6}"),
        _ if size > 0.0 && size < 0.000_05 => format!("{value:.1e}"),
        _ => format!("{value:.4}"),
    };
    text.strip_prefix('-')
        .map_or(text.clone(), |rest| format!("−{rest}"))
}

/// A share as a percentage with one decimal; more where one would make all of nearly all, or nothing of
/// little.
pub(crate) fn percent(share: f64) -> String {
    let missing = (1.0 - share).min(share);
    if missing > 0.0 && missing < 0.000_5 {
        return format!("{:.3} %", share * 100.0);
    }
    format!("{:.1} %", share * 100.0)
}

/// A count with thin spaces between thousands.
pub(crate) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// A duration in words.
pub(crate) fn duration(secs: f64) -> String {
    if secs < 0.1 {
        return format!("{:.0} ms", secs * 1000.0);
    }
    if secs < 59.95 {
        return format!("{secs:.1} s");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a duration is positive, and saturation is right for one too long to be true"
    )]
    let whole = secs.round() as u64;
    let (hours, minutes, secs) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        format!("{hours} h {minutes:02} min")
    } else {
        format!("{minutes} min {secs:02} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undefined_is_never_shown_as_a_number() {
        assert!(value(None).contains(">undefined<"));
        assert!(value(Some(0.0)).contains(">0.0000<"));
        assert!(fixed(-0.25).starts_with('−'));
    }

    #[test]
    fn nearly_perfect_is_not_shown_as_perfect_nor_nearly_zero_as_zero() {
        assert_eq!(fixed(1.0), "1.0000");
        assert_eq!(fixed(0.999_97), "0.999970");
        assert_eq!(fixed(0.999_999_9), "> 0.999999");
        assert_eq!(fixed(0.999_94), "0.9999");
        assert_eq!(fixed(0.0), "0.0000");
        assert_eq!(fixed(0.000_012), "1.2e-5");
        assert_eq!(percent(0.999_7), "99.970 %");
        assert_eq!(
            (percent(1.0), percent(0.0)),
            ("100.0 %".to_owned(), "0.0 %".to_owned())
        );
    }

    #[test]
    fn counts_and_durations_read_well() {
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(count(999), "999");
        assert_eq!(duration(0.0123), "12 ms");
        assert_eq!(duration(59.97), "1 min 00 s");
        assert_eq!(duration(3_725.0), "1 h 02 min");
    }
}
