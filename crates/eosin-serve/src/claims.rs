//! Shares of what there is a bounded number of.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many of something, such as bytes or places.
#[derive(Clone, Debug)]
pub struct Stock {
    taken: Arc<AtomicUsize>,
    all: usize,
}

/// A share, given back when it is dropped.
#[derive(Debug)]
pub struct Claim {
    taken: Arc<AtomicUsize>,
    share: usize,
}

impl Stock {
    /// A stock of `all`.
    pub fn new(all: usize) -> Self {
        Self {
            taken: Arc::default(),
            all,
        }
    }

    /// Takes `share` of what is left; `None` where less is.
    pub fn claim(&self, share: usize) -> Option<Claim> {
        let more = |taken: usize| taken.checked_add(share).filter(|taken| *taken <= self.all);
        let order = Ordering::AcqRel;
        let taken = self.taken.fetch_update(order, Ordering::Acquire, more);
        taken.ok().map(|_| Claim {
            taken: Arc::clone(&self.taken),
            share,
        })
    }

    /// How much is taken.
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Acquire)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.taken.fetch_sub(self.share, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_given_out_than_there_is_and_what_comes_back_is_given_again() {
        let stock = Stock::new(10);
        let six = stock.claim(6).expect("six of ten");
        assert!(stock.claim(5).is_none());
        assert!(stock.claim(usize::MAX).is_none());
        let four = stock.claim(4).expect("four of four");
        assert_eq!(stock.taken(), 10);
        drop((six, four));
        assert_eq!(stock.taken(), 0);
    }
}
