//! Products of `f32`.

use super::{Microkernel, microkernel};
#[cfg(target_arch = "x86_64")]
use crate::dispatch::{has_avx2, has_avx512};

/// Those that the processor can run, the best first.
pub(super) fn available() -> Vec<Microkernel> {
    let mut found = Vec::with_capacity(3);
    #[cfg(target_arch = "x86_64")]
    {
        if has_avx512() {
            found.push(avx512::KERNEL);
        }
        if has_avx2() {
            found.push(avx2::KERNEL);
        }
    }
    found.push(portable::KERNEL);
    found
}

#[cfg(target_arch = "x86_64")]
microkernel! {
    avx512, Single, rows 8, lanes 16, __m512,
    #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,fma")]
    uses {
        use std::arch::x86_64::{
            __m512, _mm512_add_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_max_ps, _mm512_min_ps,
            _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
        };
    }
    load _mm512_loadu_ps, store _mm512_storeu_ps, splat _mm512_set1_ps, zero _mm512_setzero_ps(),
    fma _mm512_fmadd_ps, add _mm512_add_ps, min _mm512_min_ps, max _mm512_max_ps
}

#[cfg(target_arch = "x86_64")]
microkernel! {
    avx2, Single, rows 6, lanes 8, __m256,
    #[target_feature(enable = "avx2,fma")]
    uses {
        use std::arch::x86_64::{
            __m256, _mm256_add_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_max_ps, _mm256_min_ps,
            _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps,
        };
    }
    load _mm256_loadu_ps, store _mm256_storeu_ps, splat _mm256_set1_ps, zero _mm256_setzero_ps(),
    fma _mm256_fmadd_ps, add _mm256_add_ps, min _mm256_min_ps, max _mm256_max_ps
}

microkernel! {
    portable, Single, rows 4, lanes 8, Lanes,
    uses {
        use crate::activation::clamp;
        use crate::dispatch::{MulAdd as _, Plain};
        use crate::microkernel::lanes::{Lanes, each, load, store};

        #[inline(always)]
        fn fma(value: Lanes, column: Lanes, sum: Lanes) -> Lanes {
            std::array::from_fn(|lane| Plain::mul_add(value[lane], column[lane], sum[lane]))
        }
    }
    load load, store store, splat |value| [value; LANES], zero [0.0; LANES], fma fma,
    add |left, right| each(left, right, |left, right| left + right),
    min |high: Lanes, sum| each(high, sum, |high, sum| clamp(sum, f32::NEG_INFINITY, high)),
    max |low: Lanes, sum| each(low, sum, |low, sum| clamp(sum, low, f32::INFINITY))
}
