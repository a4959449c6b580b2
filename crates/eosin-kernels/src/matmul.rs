//! The matrix product under every dense convolution.

use gemm::Parallelism;

/// `out[m, n] = left[m, k] * right[k, n]`, all row-major, on the calling thread.
///
/// `out_stride` and `left_stride` are the distances between rows, so that a group of channels of a
/// wider map can be read and written in place.
///
/// # Panics
/// When a slice is too short for its shape.
pub fn matmul(
    [m, k, n]: [usize; 3],
    (out, out_stride): (&mut [f32], usize),
    (left, left_stride): (&[f32], usize),
    right: &[f32],
) {
    if m == 0 || n == 0 {
        return;
    }
    assert!(k > 0, "a product over nothing has no kernel");
    assert!(
        out_stride >= n && out.len() >= (m - 1) * out_stride + n,
        "output is too short"
    );
    assert!(
        left_stride >= k && left.len() >= (m - 1) * left_stride + k,
        "left is too short"
    );
    assert!(right.len() >= k * n, "right is too short");
    let stride = |rows: usize| isize::try_from(rows).expect("a slice is at most isize::MAX long");
    let (out_rs, left_rs, right_rs) = (stride(out_stride), stride(left_stride), stride(n));
    #[expect(unsafe_code, reason = "the gemm crate takes raw pointers")]
    // SAFETY: the three pointers are valid for the shapes and strides given, as asserted above;
    // `out` is borrowed mutably, so it overlaps neither input.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            out_rs,
            false,
            left.as_ptr(),
            1,
            left_rs,
            right.as_ptr(),
            1,
            right_rs,
            0.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
