//! Plain loops of other crates on the widest instructions that the processor has.

/// Plain Rust over slices that the compiler vectorises. [`run`](Self::run) and what it calls are to be
/// `#[inline(always)]`: what is not inlined stays compiled for any processor.
pub trait Loops {
    /// What comes of it.
    type Out;

    /// The work.
    fn run(self) -> Self::Out;
}

/// Runs `loops` compiled for AVX-512, for AVX2, or for any processor. Every operation is rounded on its
/// own in each of them, so that all give the same bits.
pub fn on_widest<L: Loops>(loops: L) -> L::Out {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq")]
        fn avx512<L: Loops>(loops: L) -> L::Out {
            loops.run()
        }
        #[target_feature(enable = "avx2")]
        fn avx2<L: Loops>(loops: L) -> L::Out {
            loops.run()
        }

        if crate::dispatch::has_avx512() {
            #[expect(unsafe_code, reason = "a function for a detected instruction set")]
            // SAFETY: `has_avx512` has just found the instructions that it is compiled for.
            return unsafe { avx512(loops) };
        }
        if crate::dispatch::has_avx2() {
            #[expect(unsafe_code, reason = "a function for a detected instruction set")]
            // SAFETY: `has_avx2` has just found the instructions that it is compiled for.
            return unsafe { avx2(loops) };
        }
    }
    loops.run()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sums<'a>(&'a [f32]);

    impl Loops for Sums<'_> {
        type Out = [f32; 8];

        #[inline(always)]
        fn run(self) -> [f32; 8] {
            let mut sums = [0.0; 8];
            for values in self.0.as_chunks::<8>().0 {
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum += value * value * 0.1;
                }
            }
            sums
        }
    }

    #[test]
    fn the_widest_instructions_give_the_bits_of_the_plain_ones() {
        let values: Vec<f32> = (0..4096_u16).map(|at| f32::from(at).sin()).collect();
        let bits = |sums: [f32; 8]| sums.map(f32::to_bits);
        assert_eq!(bits(on_widest(Sums(&values))), bits(Sums(&values).run()));
    }
}
