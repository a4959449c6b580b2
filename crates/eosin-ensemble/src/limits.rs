//! Subsets of members within limits.

use crate::search::{Cost, SearchOptions};

/// Subsets within the limits, the smaller first, then by their members.
pub(crate) fn subsets(costs: &[Cost], options: &SearchOptions) -> Vec<Vec<usize>> {
    let mut all = Vec::new();
    let mut last: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..options.max_size.min(costs.len()) {
        let longer = |subset: &Vec<usize>| {
            let first = subset.last().map_or(0, |last| last + 1);
            let longer = (first..costs.len()).map(|member| [&subset[..], &[member]].concat());
            longer.collect::<Vec<_>>()
        };
        // What is beyond a limit stays so with more members.
        let within = |subset: &Vec<usize>| {
            let cost = total(costs, subset);
            let fits_bytes = options.max_bytes.is_none_or(|most| cost.bytes <= most);
            fits_bytes && options.max_ms.is_none_or(|most| cost.ms <= most)
        };
        last = last.iter().flat_map(longer).filter(within).collect();
        all.extend(last.iter().cloned());
    }
    all
}

/// What some members cost together.
pub(crate) fn total(costs: &[Cost], members: &[usize]) -> Cost {
    let mut sum = Cost { bytes: 0, ms: 0.0 };
    for member in members {
        sum.bytes = sum.bytes.saturating_add(costs[*member].bytes);
        sum.ms += costs[*member].ms;
    }
    sum
}

/// The limits, in words.
pub(crate) fn limits(options: &SearchOptions) -> String {
    let mut words = vec![format!("{} member(s)", options.max_size)];
    words.extend(options.max_bytes.map(|most| format!("{most} bytes")));
    words.extend(options.max_ms.map(|most| format!("{most} ms a patch")));
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subsets_come_by_size_and_stop_at_the_limits() {
        let costs = [10, 20, 40].map(|bytes| Cost { bytes, ms: 1.0 });
        let options = SearchOptions {
            max_size: 3,
            max_bytes: Some(50),
            ..SearchOptions::default()
        };
        let expected: [&[usize]; 5] = [&[0], &[1], &[2], &[0, 1], &[0, 2]];
        assert_eq!(subsets(&costs, &options), expected);
        let options = SearchOptions {
            max_ms: Some(0.5),
            ..options
        };
        assert!(subsets(&costs, &options).is_empty());
    }
}
