//! One source, several instruction sets, chosen at run time.

/// Whether the processor has AVX-512 (the F, VL, BW and DQ parts) and FMA.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_avx512() -> bool {
    std::is_x86_feature_detected!("avx512f")
        && std::is_x86_feature_detected!("avx512vl")
        && std::is_x86_feature_detected!("avx512bw")
        && std::is_x86_feature_detected!("avx512dq")
        && std::is_x86_feature_detected!("fma")
}

/// Whether the processor has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_avx2() -> bool {
    std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma")
}

/// How a multiplication and an addition are done: in one instruction where the processor has it.
pub(crate) trait MulAdd {
    /// `value * factor + sum`
    fn mul_add(value: f32, factor: f32, sum: f32) -> f32;
}

/// One rounding, one instruction: only for functions compiled for processors that have it.
pub(crate) struct Fused;

/// Two roundings; on processors whose base instructions fuse, one.
pub(crate) struct Plain;

impl MulAdd for Fused {
    #[inline(always)]
    fn mul_add(value: f32, factor: f32, sum: f32) -> f32 {
        value.mul_add(factor, sum)
    }
}

impl MulAdd for Plain {
    #[inline(always)]
    fn mul_add(value: f32, factor: f32, sum: f32) -> f32 {
        if cfg!(target_arch = "aarch64") {
            value.mul_add(factor, sum)
        } else {
            value * factor + sum
        }
    }
}

/// Compiles the body once for each instruction set and calls the best that the processor has.
///
/// The body is plain Rust that the compiler vectorises. It must not use `f32::mul_add`, which the
/// portable version would turn into a call of the mathematics library, but `M::mul_add` of the
/// [`MulAdd`] that a function declared as `name<M>` is given.
macro_rules! multiversion {
    ($(#[$meta:meta])* $visible:vis fn $name:ident $(<$fused:ident>)? ( $($arg:ident : $ty:ty),* $(,)? ) $body:block) => {
        $(#[$meta])*
        $visible fn $name( $($arg: $ty),* ) {
            #[inline(always)]
            fn portable $(<$fused: $crate::dispatch::MulAdd>)? ( $($arg: $ty),* ) $body

            fn base( $($arg: $ty),* ) {
                $(type $fused = $crate::dispatch::Plain;)?
                portable$(::<$fused>)?( $($arg),* )
            }

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,fma")]
                fn avx512( $($arg: $ty),* ) {
                    $(type $fused = $crate::dispatch::Fused;)?
                    portable$(::<$fused>)?( $($arg),* )
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2( $($arg: $ty),* ) {
                    $(type $fused = $crate::dispatch::Fused;)?
                    portable$(::<$fused>)?( $($arg),* )
                }

                if $crate::dispatch::has_avx512() {
                    #[expect(unsafe_code, reason = "a function for a detected instruction set")]
                    // SAFETY: `has_avx512` has just found the instructions that it is compiled for.
                    return unsafe { avx512( $($arg),* ) };
                }
                if $crate::dispatch::has_avx2() {
                    #[expect(unsafe_code, reason = "a function for a detected instruction set")]
                    // SAFETY: `has_avx2` has just found the instructions that it is compiled for.
                    return unsafe { avx2( $($arg),* ) };
                }
            }
            base( $($arg),* )
        }
    };
}
pub(crate) use multiversion;
