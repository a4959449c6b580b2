//! What this processor multiplies with.

use crate::microkernel::{Microkernel, Word};
use crate::precision::Precision;

impl Precision {
    /// The instructions that this processor multiplies with, such as `avx2` or `avx512_vnni`.
    pub fn instructions(self) -> &'static str {
        Microkernel::best(self).name
    }

    /// Whether this processor multiplies so faster than in single precision.
    pub fn is_fast_here(self) -> bool {
        self == Self::F32 || Microkernel::best(self).word != Word::Single
    }
}
