//! Gates, splits, normalisation, attention and activations against naive `f64` references.

mod noise;

use eosin_kernels::{
    Activation, Conv, ConvShape, Padding, adaptive_avg_pool, add_to_first, attention, concat,
    layer_norm, scale, split_attention, sum_splits,
};
use noise::noise;
use proptest::prelude::*;

fn near(got: f32, expected: f64, bound: f64) -> Result<(), TestCaseError> {
    let error = (f64::from(got) - expected).abs();
    prop_assert!(error <= bound, "{got}, not {expected}: off by {error:e}");
    Ok(())
}

/// The error function by its series, exact to 1e-11 for |x| < 5.
fn erf(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..150_u32 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    (sum * std::f64::consts::FRAC_2_SQRT_PI).clamp(-1.0, 1.0)
}

fn exact(activation: Activation, x: f64) -> f64 {
    let sigmoid = 1.0 / (1.0 + (-x).exp());
    let hard = (x + 3.0).clamp(0.0, 6.0) / 6.0;
    match activation {
        Activation::Identity => x,
        Activation::Relu => x.max(0.0),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::Sigmoid => sigmoid,
        Activation::Silu => x * sigmoid,
        Activation::HardSigmoid => hard,
        Activation::HardSwish => x * hard,
        Activation::Gelu => 0.5 * x * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2)),
    }
}

const ALL: [Activation; 8] = [
    Activation::Identity,
    Activation::Relu,
    Activation::Relu6,
    Activation::Sigmoid,
    Activation::Silu,
    Activation::HardSigmoid,
    Activation::HardSwish,
    Activation::Gelu,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn activations_equal_their_formulas_behind_a_convolution(
        channels in 1_usize..40, pixels in 1_usize..20, salt in any::<u64>(), which in 0_usize..8,
    ) {
        let shape = ConvShape {
            cin: channels, cout: channels, kernel: [1, 1], stride: 1, dilation: 1,
            padding: Padding::default(), groups: channels,
        };
        let x = noise(pixels * channels, salt);
        let weights: Vec<f32> = noise(channels, salt ^ 1).iter().map(|w| 5.0 * w).collect();
        let bias = noise(channels, salt ^ 2);
        let conv = Conv::new(shape, &weights, &bias, ALL[which]);
        let mut out = vec![f32::NAN; x.len()];
        conv.run((1, 1, pixels), &x, None, &mut out, &mut Vec::new());
        for (i, got) in out.iter().enumerate() {
            let c = i % channels;
            let z = f64::from(x[i]) * f64::from(weights[c]) + f64::from(bias[c]);
            near(*got, exact(ALL[which], z), 3e-6)?;
        }
    }

    #[test]
    fn gates_splits_and_joins_equal_the_naive_loops(
        n in 1_usize..3, p in 1_usize..9, c in 1_usize..40, radix in 1_usize..4, salt in any::<u64>(),
    ) {
        let wide = c * radix;
        let (map, gate) = (noise(n * p * wide, salt), noise(n * wide, salt ^ 1));
        let (mut scaled, mut sums, mut attended) = (Vec::new(), Vec::new(), Vec::new());
        scale([p, wide], &map, &gate, Activation::Relu6, &mut scaled);
        sum_splits(&map, c, radix, &mut sums);
        split_attention([p, c, radix], &map, &gate, &mut attended);
        for i in 0..n * p * wide {
            let z = f64::from(map[i]) * f64::from(gate[i / (p * wide) * wide + i % wide]);
            near(scaled[i], z.clamp(0.0, 6.0), 1e-6)?;
        }
        for i in 0..n * p * c {
            let (image, row, channel) = (i / (p * c), i / c, i % c);
            let part = |r: usize| f64::from(map[row * wide + r * c + channel]);
            let logit = |r: usize| f64::from(gate[image * wide + r * c + channel]).exp();
            let total: f64 = (0..radix).map(logit).sum();
            near(sums[i], (0..radix).map(part).sum(), 1e-6)?;
            near(attended[i], (0..radix).map(|r| part(r) * logit(r) / total).sum(), 2e-6)?;
        }
        let other = noise(n * p * c, salt ^ 2);
        let (mut joined, mut added) = (Vec::new(), Vec::new());
        concat(&[(&map, wide), (&other, c)], &mut joined);
        add_to_first((&map, wide), (&other, c), &mut added);
        for row in 0..n * p {
            let both = [&map[row * wide..(row + 1) * wide], &other[row * c..(row + 1) * c]].concat();
            prop_assert_eq!(&joined[row * (wide + c)..(row + 1) * (wide + c)], &both[..]);
            for k in 0..wide {
                let more = if k < c { f64::from(other[row * c + k]) } else { 0.0 };
                near(added[row * wide + k], f64::from(map[row * wide + k]) + more, 1e-6)?;
            }
        }
    }

    #[test]
    fn layer_norm_equals_its_formula(rows in 1_usize..6, c in 2_usize..100, salt in any::<u64>()) {
        let (x, w, b) = (noise(rows * c, salt), noise(c, salt ^ 1), noise(c, salt ^ 2));
        let mut out = Vec::new();
        layer_norm(&x, &w, &b, 1e-6, &mut out);
        for (i, got) in out.iter().enumerate() {
            let row = &x[i / c * c..(i / c + 1) * c];
            let mean = row.iter().map(|v| f64::from(*v)).sum::<f64>() / c as f64;
            let var = row.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / c as f64;
            let z = (f64::from(x[i]) - mean) / (var + 1e-6).sqrt();
            near(*got, z * f64::from(w[i % c]) + f64::from(b[i % c]), 1e-5 * (1.0 + z.abs()))?;
        }
    }

    #[test]
    fn attention_equals_its_formula(
        n in 1_usize..3, t in 1_usize..12, heads in 1_usize..4, d in 1_usize..10, salt in any::<u64>(),
    ) {
        let c = heads * d;
        let qkv: Vec<f32> = noise(n * t * 3 * c, salt).iter().map(|v| 3.0 * v).collect();
        let (mut out, mut scratch) = (Vec::new(), vec![f32::NAN; 7]);
        attention([t, c, heads], &qkv, &mut out, &mut scratch);
        let at = |image: usize, token: usize, part: usize, lane: usize| {
            f64::from(qkv[((image * t + token) * 3 + part) * c + lane])
        };
        for (i, got) in out.iter().enumerate() {
            let (image, token, lane) = (i / (t * c), i / c % t, i % c);
            let head = lane / d * d;
            let score = |other: usize| {
                let dot: f64 = (head..head + d).map(|k| at(image, token, 0, k) * at(image, other, 1, k)).sum();
                (dot / (d as f64).sqrt()).exp()
            };
            let total: f64 = (0..t).map(score).sum();
            near(*got, (0..t).map(|o| score(o) * at(image, o, 2, lane)).sum::<f64>() / total, 1e-5)?;
        }
    }

    #[test]
    fn adaptive_pooling_equals_the_mean_of_each_window(
        h in 1_usize..12, w in 1_usize..12, c in 1_usize..9, side in 1_usize..9, salt in any::<u64>(),
    ) {
        let x = noise(h * w * c, salt);
        let mut out = Vec::new();
        adaptive_avg_pool(side, [h, w, c], &x, &mut out);
        let span = |at: usize, size: usize| at * size / side..((at + 1) * size).div_ceil(side);
        for (i, got) in out.iter().enumerate() {
            let (ys, xs) = (span(i / c / side, h), span(i / c % side, w));
            let window = ys.flat_map(|y| xs.clone().map(move |x| (y, x)));
            let values: Vec<f64> = window.map(|(y, x_at)| f64::from(x[(y * w + x_at) * c + i % c])).collect();
            near(*got, values.iter().sum::<f64>() / values.len() as f64, 1e-6)?;
        }
    }
}
