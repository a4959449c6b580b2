//! Products of bf16 numbers, summed in `f32`.
//!
//! AVX512-BF16 multiplies two pairs a lane; other processors multiply the same numbers as `f32`,
//! no faster than others.

use super::Microkernel;
#[cfg(target_arch = "x86_64")]
use super::microkernel;

/// Those that the processor can run, the best first.
pub(super) fn available() -> Vec<Microkernel> {
    let mut found = Vec::with_capacity(4);
    #[cfg(target_arch = "x86_64")]
    if crate::dispatch::has_avx512() && std::is_x86_feature_detected!("avx512bf16") {
        found.push(avx512::KERNEL);
    }
    found.extend(super::single::available());
    found
}

#[cfg(target_arch = "x86_64")]
microkernel! {
    avx512, Brains, rows 8, lanes 16, __m512,
    #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,fma")]
    uses {
        use std::arch::x86_64::{
            __m512, __m512bh, _mm512_add_ps, _mm512_dpbf16_ps, _mm512_loadu_ps, _mm512_max_ps,
            _mm512_min_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
        };
    }
    load _mm512_loadu_ps, store _mm512_storeu_ps, splat _mm512_set1_ps, zero _mm512_setzero_ps(),
    fma |value, column, sum| _mm512_dpbf16_ps(
        sum,
        std::mem::transmute::<__m512, __m512bh>(value),
        std::mem::transmute::<__m512, __m512bh>(column),
    ),
    add _mm512_add_ps, min _mm512_min_ps, max _mm512_max_ps
}
