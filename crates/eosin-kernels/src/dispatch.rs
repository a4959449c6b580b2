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

/// Compiles the body once for each instruction set and calls the best that the processor has.
///
/// The body is plain Rust that the compiler vectorises. It must not use `mul_add`, which the
/// portable version would turn into a call of the mathematics library.
macro_rules! multiversion {
    ($(#[$meta:meta])* $visible:vis fn $name:ident( $($arg:ident : $ty:ty),* $(,)? ) $body:block) => {
        $(#[$meta])*
        $visible fn $name( $($arg: $ty),* ) {
            #[inline(always)]
            fn portable( $($arg: $ty),* ) $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,fma")]
                fn avx512( $($arg: $ty),* ) { portable( $($arg),* ) }
                #[target_feature(enable = "avx2,fma")]
                fn avx2( $($arg: $ty),* ) { portable( $($arg),* ) }

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
            portable( $($arg),* )
        }
    };
}
pub(crate) use multiversion;
