//! `Content-Range`: which part of a file a server sends.

/// `bytes FIRST-LAST/TOTAL`, where the total may be unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContentRange {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) total_bytes: Option<u64>,
}

impl ContentRange {
    /// RFC 9110, section 14.4. `None` for what is none, or contradicts itself.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (span, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = span.split_once('-')?;
        let range = Self {
            first: first.trim().parse().ok()?,
            last: last.trim().parse().ok()?,
            total_bytes: match total.trim() {
                "*" => None,
                total => Some(total.parse().ok()?),
            },
        };
        let inside = range.total_bytes.is_none_or(|total| range.last < total);
        (range.first <= range.last && inside).then_some(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read() {
        let range = ContentRange::parse("bytes 5-9/10").unwrap();
        assert_eq!(
            (range.first, range.last, range.total_bytes),
            (5, 9, Some(10))
        );
        assert_eq!(
            ContentRange::parse("bytes 5-9/*").unwrap().total_bytes,
            None
        );
    }

    #[test]
    fn a_range_that_contradicts_itself_is_none() {
        for text in [
            "",
            "bytes */10",
            "bytes 9-5/10",
            "bytes 5-10/10",
            "items 5-9/10",
            "bytes 5-9",
        ] {
            assert_eq!(ContentRange::parse(text), None, "{text}");
        }
    }
}
