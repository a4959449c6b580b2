//! Every kernel against a naive `f64` reference over random geometry.

#![expect(
    clippy::unwrap_used,
    clippy::many_single_char_names,
    clippy::float_cmp,
    reason = "a reference reads best in the letters of its formula; maxima are exact"
)]

mod noise;

use eosin_kernels::{
    Activation, Conv, ConvShape, Padded, Padding, Pool, avg_pool, global_avg_pool, max_pool,
};
use noise::noise;
use proptest::prelude::*;

fn naive_conv(shape: &ConvShape, [n, h, w]: [usize; 3], x: &[f32], weights: &[f32]) -> Vec<f64> {
    let (oh, ow) = shape.output_size(h, w).unwrap();
    let (cin, cout) = (shape.cin / shape.groups, shape.cout / shape.groups);
    let mut out = Vec::with_capacity(n * oh * ow * shape.cout);
    for (image, row, column, oc) in (0..n).flat_map(|i| {
        (0..oh).flat_map(move |r| {
            (0..ow).flat_map(move |c| (0..shape.cout).map(move |o| (i, r, c, o)))
        })
    }) {
        let mut sum = 0.0;
        for ky in 0..shape.kernel[0] {
            for kx in 0..shape.kernel[1] {
                let y = (row * shape.stride + ky * shape.dilation).wrapping_sub(shape.padding.top);
                let x_at =
                    (column * shape.stride + kx * shape.dilation).wrapping_sub(shape.padding.left);
                if y >= h || x_at >= w {
                    continue;
                }
                for c in 0..cin {
                    let pixel = x[((image * h + y) * w + x_at) * shape.cin + oc / cout * cin + c];
                    let tap =
                        weights[((oc * cin + c) * shape.kernel[0] + ky) * shape.kernel[1] + kx];
                    sum += f64::from(pixel) * f64::from(tap);
                }
            }
        }
        out.push(sum);
    }
    out
}

prop_compose! {
    fn shapes()(
        groups in prop_oneof![Just(1_usize), Just(2), Just(3)],
        per_in in 1_usize..40, per_out in 1_usize..40,
        kernel in prop_oneof![Just([1_usize, 1_usize]), Just([3, 3]), Just([5, 5]), Just([3, 1]), Just([7, 7])],
        stride in 1_usize..3, dilation in 1_usize..3,
        top in 0_usize..4, bottom in 0_usize..4, left in 0_usize..4, right in 0_usize..4,
        depthwise in any::<bool>(),
    ) -> ConvShape {
        let padding = Padding { top, bottom, left, right };
        let (cin, cout, groups) = if depthwise {
            let channels = per_in * per_out % 97 + 1;
            (channels, channels, channels)
        } else {
            (per_in * groups, per_out * groups, groups)
        };
        ConvShape { cin, cout, kernel, stride, dilation, padding, groups }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn convolution_equals_the_naive_sum(
        shape in shapes(), n in 1_usize..3, h in 1_usize..12, w in 1_usize..12,
        salt in any::<u64>(), with_shortcut in any::<bool>(),
    ) {
        let Some((oh, ow)) = shape.output_size(h, w) else { return Ok(()) };
        let x = noise(n * h * w * shape.cin, salt);
        let weights = noise(shape.cout * shape.cin / shape.groups * shape.kernel[0] * shape.kernel[1], salt ^ 1);
        let bias = noise(shape.cout, salt ^ 2);
        let mut out = vec![f32::NAN; n * oh * ow * shape.cout];
        let shortcut = with_shortcut.then(|| noise(out.len(), salt ^ 3));
        let conv = Conv::new(shape, &weights, &bias, Activation::Relu6);
        conv.run((n, h, w), &x, shortcut.as_deref(), &mut out, &mut Vec::new());
        let depth = (shape.kernel[0] * shape.kernel[1] * shape.cin / shape.groups) as f64;
        for (i, sum) in naive_conv(&shape, [n, h, w], &x, &weights).into_iter().enumerate() {
            let raw = sum + f64::from(bias[i % shape.cout]) + shortcut.as_ref().map_or(0.0, |s| f64::from(s[i]));
            let error = (raw.clamp(0.0, 6.0) - f64::from(out[i])).abs();
            prop_assert!(error <= 1e-6 * (depth + 4.0), "{i}: {raw} against {}", out[i]);
        }
    }

    #[test]
    fn an_image_gives_the_same_bits_wherever_it_stands_in_the_batch(
        shape in shapes(), h in 1_usize..9, w in 1_usize..9, salt in any::<u64>(),
    ) {
        let Some((oh, ow)) = shape.output_size(h, w) else { return Ok(()) };
        let image = noise(h * w * shape.cin, salt);
        let weights = noise(shape.cout * shape.cin / shape.groups * shape.kernel[0] * shape.kernel[1], salt ^ 1);
        let conv = Conv::new(shape, &weights, &vec![0.0; shape.cout], Activation::Identity);
        let size = oh * ow * shape.cout;
        let mut out = vec![0.0; 8 * size];
        conv.run((8, h, w), &image.repeat(8), None, &mut out, &mut Vec::new());
        for copy in out.chunks_exact(size) {
            prop_assert_eq!(copy, &out[..size]);
        }
    }

    #[test]
    fn pooling_equals_the_naive_window(
        kernel in 1_usize..4, stride in 1_usize..3, ceil in any::<bool>(),
        h in 4_usize..11, w in 4_usize..11, channels in 1_usize..20, salt in any::<u64>(),
    ) {
        let pool = Pool { kernel, stride, padding: kernel / 2, ceil };
        let x = noise(2 * h * w * channels, salt);
        let (mut largest, mut mean) = (Vec::new(), Vec::new());
        max_pool(&pool, [h, w, channels], &x, &mut largest);
        avg_pool(&pool, Padded::Left, [h, w, channels], &x, &mut mean);
        let (oh, ow) = (pool.output_size(h), pool.output_size(w));
        prop_assert_eq!(largest.len(), 2 * oh * ow * channels);
        for (i, value) in largest.iter().enumerate() {
            let (c, p) = (i % channels, i / channels);
            let (col, row, img) = (p % ow, p / ow % oh, p / ow / oh);
            let mut window = Vec::new();
            for dy in 0..kernel {
                for dx in 0..kernel {
                    let y = (row * stride + dy).wrapping_sub(pool.padding);
                    let x_at = (col * stride + dx).wrapping_sub(pool.padding);
                    if y < h && x_at < w {
                        window.push(x[((img * h + y) * w + x_at) * channels + c]);
                    }
                }
            }
            prop_assert_eq!(*value, window.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            let expected = window.iter().map(|v| f64::from(*v)).sum::<f64>() / window.len() as f64;
            prop_assert!((expected - f64::from(mean[i])).abs() < 1e-5);
        }
    }
}

#[test]
fn nan_in_the_input_reaches_the_output() {
    let shape = ConvShape {
        cin: 40,
        cout: 40,
        kernel: [3, 3],
        stride: 1,
        dilation: 1,
        padding: Padding::same(1),
        groups: 40,
    };
    let conv = Conv::new(shape, &[0.5; 360], &[0.0; 40], Activation::Relu6);
    let mut out = vec![0.0; 9 * 40];
    conv.run((1, 3, 3), &[f32::NAN; 360], None, &mut out, &mut Vec::new());
    assert!(out.iter().all(|value| value.is_nan()));
    let mut pooled = Vec::new();
    global_avg_pool(9, 40, &out, &mut pooled);
    max_pool(
        &Pool {
            kernel: 3,
            stride: 2,
            padding: 1,
            ceil: false,
        },
        [3, 3, 40],
        &out,
        &mut pooled,
    );
    assert!(pooled.iter().all(|value| value.is_nan()));
}
