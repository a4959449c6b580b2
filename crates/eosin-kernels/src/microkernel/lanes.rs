//! Lanes that the compiler turns into the vectors that every processor of an architecture has (SSE2,
//! NEON).

pub(super) type Lanes = [f32; 8];

#[inline(always)]
pub(super) fn load(from: *const f32) -> Lanes {
    #[expect(unsafe_code, reason = "the callers' pointers")]
    // SAFETY: only called by kernels, whose callers vouch for their pointers.
    unsafe {
        from.cast::<Lanes>().read()
    }
}

#[inline(always)]
pub(super) fn store(to: *mut f32, lanes: Lanes) {
    #[expect(unsafe_code, reason = "the callers' pointers")]
    // SAFETY: only called by kernels, whose callers vouch for their pointers.
    unsafe {
        to.cast::<Lanes>().write(lanes);
    }
}

#[inline(always)]
pub(super) fn each(left: Lanes, right: Lanes, join: impl Fn(f32, f32) -> f32) -> Lanes {
    std::array::from_fn(|lane| join(left[lane], right[lane]))
}
