//! Products of integers, summed exactly in `i32`: every kernel gives the same sums.
//!
//! VNNI multiplies four pairs of bytes a lane. Without it two pairs of 16-bit integers are
//! multiplied, of which every processor can keep the sum (products of bytes would have to be kept in
//! 16 bits, which two of them leave).

use super::{Microkernel, microkernel};

/// Those that the processor can run, the best first.
pub(super) fn available() -> Vec<Microkernel> {
    let mut found = Vec::with_capacity(5);
    #[cfg(target_arch = "x86_64")]
    {
        use crate::dispatch::{has_avx2, has_avx512};
        if has_avx512() {
            if std::is_x86_feature_detected!("avx512vnni") {
                found.push(avx512_vnni::KERNEL);
            }
            found.push(avx512::KERNEL);
        }
        if has_avx2() {
            if std::is_x86_feature_detected!("avxvnni") {
                found.push(avx_vnni::KERNEL);
            }
            found.push(avx2::KERNEL);
        }
    }
    found.push(portable::KERNEL);
    found
}

/// A kernel whose vectors are integers under another name.
#[cfg(target_arch = "x86_64")]
macro_rules! integers {
    (
        $module:ident, $word:ident, rows $rows:literal, lanes $lanes:literal, $vector:ident,
        #[$feature:meta]
        $load:ident $store:ident $splat:ident $zero:ident $cast:ident $back:ident $add:ident,
        uses $($name:ident)*, dot $dot:expr
    ) => {
        microkernel! {
            $module, $word, rows $rows, lanes $lanes, $vector,
            #[$feature]
            uses {
                use std::arch::x86_64::{
                    $vector, $load, $store, $splat, $zero, $cast, $back, $add, $($name,)*
                };
            }
            load $load, store $store, splat $splat, zero $zero(),
            fma |value, column, sum| $back($dot($cast(sum), $cast(value), $cast(column))),
            add |left, right| $back($add($cast(left), $cast(right))),
            min |_, sum| sum, max |_, sum: $vector| sum
        }
    };
}

#[cfg(target_arch = "x86_64")]
integers! {
    avx512_vnni, Bytes, rows 8, lanes 16, __m512,
    #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512vnni,fma")]
    _mm512_loadu_ps _mm512_storeu_ps _mm512_set1_ps _mm512_setzero_ps
    _mm512_castps_si512 _mm512_castsi512_ps _mm512_add_epi32,
    uses _mm512_dpbusd_epi32, dot _mm512_dpbusd_epi32
}

#[cfg(target_arch = "x86_64")]
integers! {
    avx512, Shorts, rows 8, lanes 16, __m512,
    #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,fma")]
    _mm512_loadu_ps _mm512_storeu_ps _mm512_set1_ps _mm512_setzero_ps
    _mm512_castps_si512 _mm512_castsi512_ps _mm512_add_epi32,
    uses _mm512_madd_epi16,
    dot |sum, value, column| _mm512_add_epi32(sum, _mm512_madd_epi16(value, column))
}

#[cfg(target_arch = "x86_64")]
integers! {
    avx_vnni, Bytes, rows 6, lanes 8, __m256,
    #[target_feature(enable = "avx2,avxvnni,fma")]
    _mm256_loadu_ps _mm256_storeu_ps _mm256_set1_ps _mm256_setzero_ps
    _mm256_castps_si256 _mm256_castsi256_ps _mm256_add_epi32,
    uses _mm256_dpbusd_avx_epi32, dot _mm256_dpbusd_avx_epi32
}

#[cfg(target_arch = "x86_64")]
integers! {
    avx2, Shorts, rows 6, lanes 8, __m256,
    #[target_feature(enable = "avx2,fma")]
    _mm256_loadu_ps _mm256_storeu_ps _mm256_set1_ps _mm256_setzero_ps
    _mm256_castps_si256 _mm256_castsi256_ps _mm256_add_epi32,
    uses _mm256_madd_epi16,
    dot |sum, value, column| _mm256_add_epi32(sum, _mm256_madd_epi16(value, column))
}

microkernel! {
    portable, Shorts, rows 4, lanes 8, Lanes,
    uses {
        use crate::microkernel::lanes::{Lanes, each, load, store};

        /// The two numbers of a word.
        #[inline(always)]
        fn halves(word: f32) -> [i32; 2] {
            let bits = word.to_bits().cast_signed();
            [bits << 16 >> 16, bits >> 16]
        }

        #[inline(always)]
        fn sum_of(left: f32, right: i32) -> f32 {
            let sum = left.to_bits().cast_signed().wrapping_add(right);
            f32::from_bits(sum.cast_unsigned())
        }

        #[inline(always)]
        fn fma(value: Lanes, column: Lanes, sum: Lanes) -> Lanes {
            std::array::from_fn(|lane| {
                let ([a, b], [c, d]) = (halves(value[lane]), halves(column[lane]));
                sum_of(sum[lane], a * c + b * d)
            })
        }
    }
    load load, store store, splat |value| [value; LANES], zero [0.0; LANES], fma fma,
    add |left, right| each(left, right, |left, right| {
        sum_of(left, right.to_bits().cast_signed())
    }),
    min |_, sum| sum, max |_, sum: Lanes| sum
}
