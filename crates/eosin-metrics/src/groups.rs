//! Which rows belong together.

/// The group of each row: rows of one patient or slide, or each row by itself.
///
/// Named groups are numbered in the order of their names, so nothing that follows depends on the
/// order of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups {
    of_rows: Vec<u32>,
    count: usize,
}

impl Groups {
    /// The groups that `names` gives, one a row.
    ///
    /// # Panics
    /// When there are more than `u32::MAX` of them.
    pub fn named<T: Ord>(names: &[T]) -> Self {
        let mut sorted: Vec<&T> = names.iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        let number = |name: &T| {
            let place = sorted.partition_point(|other| *other < name);
            u32::try_from(place).expect("fewer groups than 32 bits can number")
        };
        Self {
            of_rows: names.iter().map(number).collect(),
            count: sorted.len(),
        }
    }

    /// Each of `rows` rows by itself.
    ///
    /// # Panics
    /// When there are more than `u32::MAX` of them.
    pub fn apart(rows: usize) -> Self {
        let last = u32::try_from(rows).expect("fewer rows than 32 bits can number");
        Self {
            of_rows: (0..last).collect(),
            count: rows,
        }
    }

    /// The groups of some of the rows, numbered as before.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn of(&self, rows: &[usize]) -> Self {
        Self {
            of_rows: rows.iter().map(|row| self.of_rows[*row]).collect(),
            count: self.count,
        }
    }

    /// Each row twice, first all of them and then all again, the second time in groups of their own:
    /// group `g` becomes `2 g` and `2 g + 1`.
    ///
    /// # Panics
    /// When there are more than `u32::MAX` then.
    pub(crate) fn side_by_side(one: &Self) -> Self {
        assert!(
            u32::try_from(2 * one.count).is_ok(),
            "groups that 32 bits can number"
        );
        let of = |side: u32| one.of_rows.iter().map(move |group| 2 * group + side);
        Self {
            of_rows: of(0).chain(of(1)).collect(),
            count: 2 * one.count,
        }
    }

    /// The number of each row's group, below [`count`](Self::count).
    pub fn of_rows(&self) -> &[u32] {
        &self.of_rows
    }

    /// How many groups there are.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Whether each row is a group of its own.
    pub fn are_rows(&self) -> bool {
        self.count == self.of_rows.len()
            && (0_u32..).zip(&self.of_rows).all(|(at, group)| at == *group)
    }

    /// Of each group the sum of what `of` gives for its rows.
    pub(crate) fn sums(&self, of: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut sums = vec![0.0; self.count];
        for (row, group) in self.of_rows.iter().enumerate() {
            sums[*group as usize] += of(row);
        }
        sums
    }

    /// Which groups hold a row that `is` true of.
    pub(crate) fn holding(&self, is: impl Fn(usize) -> bool) -> Vec<bool> {
        let mut holds = vec![false; self.count];
        for (row, group) in self.of_rows.iter().enumerate() {
            holds[*group as usize] |= is(row);
        }
        holds
    }

    /// How many do.
    pub(crate) fn count_holding(&self, is: impl Fn(usize) -> bool) -> usize {
        self.holding(is).into_iter().filter(|holds| *holds).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_numbered_by_name_whatever_the_order_of_rows() {
        let groups = Groups::named(&["b", "a", "b", "c"]);
        assert_eq!(groups.of_rows(), [1, 0, 1, 2]);
        assert_eq!((groups.count(), groups.are_rows()), (3, false));
        assert_eq!(groups.of(&[3, 1]).of_rows(), [2, 0]);
        assert_eq!(groups.of(&[3, 1]).count(), 3);
        assert_eq!(groups.sums(|row| row as f64), [1.0, 2.0, 3.0]);
        assert_eq!(groups.count_holding(|row| row == 0 || row == 2), 1);
    }

    #[test]
    fn rows_apart_are_their_own_groups() {
        assert!(Groups::apart(3).are_rows());
        assert!(!Groups::named(&["b", "a"]).are_rows());
    }
}
