//! Patches that belong together because of whom they are linked with.

/// Sets of patches that grow together.
#[derive(Clone, Debug)]
pub struct Links {
    parent: Vec<usize>,
}

impl Links {
    /// Each patch by itself.
    pub fn new(patches: usize) -> Self {
        Self {
            parent: (0..patches).collect(),
        }
    }

    /// The first patch of the set that `patch` is in.
    pub fn set_of(&mut self, patch: usize) -> usize {
        let mut at = patch;
        while self.parent[at] != at {
            self.parent[at] = self.parent[self.parent[at]];
            at = self.parent[at];
        }
        at
    }

    /// Makes the sets of both one.
    pub fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.set_of(one), self.set_of(other));
        self.parent[one.max(other)] = one.min(other);
    }

    /// The number of each patch's set, in the order of their first patches.
    pub fn numbers(&mut self) -> Vec<usize> {
        let mut number_of = vec![usize::MAX; self.parent.len()];
        let mut next = 0;
        (0..self.parent.len())
            .map(|patch| {
                let set = self.set_of(patch);
                if number_of[set] == usize::MAX {
                    number_of[set] = next;
                    next += 1;
                }
                number_of[set]
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_carry_over() {
        let mut links = Links::new(6);
        links.join(4, 1);
        links.join(5, 4);
        links.join(0, 3);
        assert_eq!(links.numbers(), [0, 1, 2, 0, 1, 1]);
    }
}
