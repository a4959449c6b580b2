//! Gradients against what they are by definition.

mod noise;

use eosin_kernels::backward::{
    ConvBackward, activation_backward, adaptive_avg_pool_backward, avg_pool_backward,
    concat_backward, max_pool_backward, mean_backward, needs_input, scale_backward,
};
use eosin_kernels::{
    Activation, Conv, ConvShape, Padded, Padding, Pool, adaptive_avg_pool, avg_pool, concat,
    global_avg_pool, max_pool, scale,
};
use noise::noise;
use proptest::prelude::*;

fn dot(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| f64::from(*a) * f64::from(*b))
        .sum()
}

/// Memory that holds something.
fn used() -> Vec<f32> {
    vec![9.0; 7]
}

fn near(got: f64, expected: f64, scale: f64) -> bool {
    (got - expected).abs() <= 2e-5 * scale.max(1.0)
}

prop_compose! {
    fn shapes()(
        groups in prop_oneof![Just(1_usize), Just(2), Just(3)],
        per_in in 1_usize..20, per_out in 1_usize..20,
        kernel in prop_oneof![Just([1_usize, 1_usize]), Just([3, 3]), Just([5, 5]), Just([3, 1])],
        stride in 1_usize..3, dilation in 1_usize..3,
        top in 0_usize..3, bottom in 0_usize..3, left in 0_usize..3, right in 0_usize..3,
        depthwise in any::<bool>(),
    ) -> ConvShape {
        let padding = Padding { top, bottom, left, right };
        let (cin, cout, groups) = if depthwise {
            let channels = per_in * per_out % 67 + 1;
            (channels, channels, channels)
        } else {
            (per_in * groups, per_out * groups, groups)
        };
        ConvShape { cin, cout, kernel, stride, dilation, padding, groups }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// A convolution is linear in its input and in its weights: the gradient times any direction
    /// is the output's gradient times the convolution of that direction.
    #[test]
    fn gradients_of_a_convolution_are_its_adjoints(
        shape in shapes(), n in 1_usize..4, height in 5_usize..12, width in 5_usize..12,
    ) {
        let (oh, ow) = shape.output_size(height, width).unwrap_or((0, 0));
        prop_assume!(oh > 0 && ow > 0);
        let weights = shape.cout * shape.cin / shape.groups * shape.kernel[0] * shape.kernel[1];
        let (w, dw) = (noise(weights, 1), noise(weights, 2));
        let pixels = n * height * width * shape.cin;
        let (x, dx) = (noise(pixels, 3), noise(pixels, 4));
        let gradient = noise(n * oh * ow * shape.cout, 5);
        let conv = |weights: &[f32]| {
            Conv::new(shape, weights, &vec![0.0; shape.cout], Activation::Identity)
        };
        let run = |weights: &[f32], input: &[f32]| {
            let mut out = vec![0.0; gradient.len()];
            conv(weights).run((n, height, width), input, None, &mut out, &mut Vec::new());
            out
        };
        let mut scratch = Vec::new();
        let sizes = (n, height, width);
        let backward = |wants_input| ConvBackward::new(shape, &w, wants_input);
        let mut of_input = vec![9.0];
        let found = backward(true).run(sizes, &x, &gradient, &mut of_input, used(), &mut scratch);
        let size = (gradient.len() as f64).sqrt() * (weights as f64).sqrt();
        let along = dot(&shape.out_major(&found.weights), &dw);
        prop_assert!(near(along, dot(&gradient, &run(&dw, &x)), size), "weights");
        let along = dot(&of_input, &dx);
        prop_assert!(near(along, dot(&gradient, &run(&w, &dx)), size), "input");
        for (channel, bias) in found.bias.iter().enumerate() {
            let sum: f32 = gradient.iter().skip(channel).step_by(shape.cout).sum();
            prop_assert!((bias - sum).abs() < 1e-3, "bias");
        }
        let mut none = Vec::new();
        let alone = backward(false).run(sizes, &x, &gradient, &mut none, Vec::new(), &mut scratch);
        prop_assert!(none.is_empty());
        prop_assert!(alone.weights == found.weights, "the input's gradient changes nothing else");
    }
}

#[test]
fn activations_have_the_slopes_of_their_curves() {
    for activation in [
        Activation::Identity,
        Activation::Relu,
        Activation::Relu6,
        Activation::Sigmoid,
        Activation::Silu,
        Activation::HardSigmoid,
        Activation::HardSwish,
        Activation::Gelu,
    ] {
        // No kink is within the step of one of these.
        let inputs: Vec<f32> = (-160..160).map(|at| at as f32 * 0.05 + 0.021).collect();
        let curve = |by: f32| {
            let mut values: Vec<f32> = inputs.iter().map(|x| x + by).collect();
            activation.apply(&mut values);
            values
        };
        let out = curve(0.0);
        let values = if needs_input(activation) {
            &inputs
        } else {
            &out
        };
        let mut gradient = vec![1.0; inputs.len()];
        activation_backward(activation, values, &mut gradient);
        for (at, slope) in gradient.iter().enumerate() {
            let expected = (curve(5e-3)[at] - curve(-5e-3)[at]) / 1e-2;
            let x = inputs[at];
            assert!(
                (slope - expected).abs() < 2e-3,
                "{activation:?} at {x}: {slope}, {expected}"
            );
        }
    }
}

#[test]
fn gradients_of_pools_are_their_adjoints() {
    let (shape, n) = ([7, 9, 5], 2);
    let pixels = n * shape.iter().product::<usize>();
    let (x, dx) = (noise(pixels, 1), noise(pixels, 2));
    let pool = |kernel, stride, padding, ceil| Pool {
        kernel,
        stride,
        padding,
        ceil,
    };
    for pool in [
        pool(3, 2, 1, false),
        pool(2, 2, 0, true),
        pool(3, 1, 1, false),
    ] {
        for padded in [Padded::Zeros, Padded::Left] {
            let mut out = Vec::new();
            avg_pool(&pool, padded, shape, &dx, &mut out);
            let gradient = noise(out.len(), 3);
            let found = avg_pool_backward(&pool, padded, shape, &gradient, used());
            assert!(
                near(dot(&found, &dx), dot(&gradient, &out), 1.0),
                "{pool:?} {padded:?}"
            );
        }
        // A maximum is linear while no other value overtakes it.
        let (mut out, mut moved) = (Vec::new(), Vec::new());
        max_pool(&pool, shape, &x, &mut out);
        let shifted: Vec<f32> = x.iter().zip(&dx).map(|(x, dx)| x + 1e-4 * dx).collect();
        max_pool(&pool, shape, &shifted, &mut moved);
        let gradient = noise(out.len(), 4);
        let slope = (dot(&gradient, &moved) - dot(&gradient, &out)) / 1e-4;
        let found = max_pool_backward(&pool, shape, &x, &gradient, used());
        assert!((dot(&found, &dx) - slope).abs() < 0.05, "{pool:?}");
    }
    let mut out = Vec::new();
    adaptive_avg_pool(4, shape, &dx, &mut out);
    let gradient = noise(out.len(), 5);
    let found = adaptive_avg_pool_backward(4, shape, &gradient, used());
    assert!(near(dot(&found, &dx), dot(&gradient, &out), 1.0));
    global_avg_pool(63, 5, &dx, &mut out);
    let gradient = noise(out.len(), 6);
    let found = mean_backward([63, 5], &gradient, used());
    assert!(near(dot(&found, &dx), dot(&gradient, &out), 1.0));
}

#[test]
fn the_first_of_equal_values_gets_the_gradient_of_a_maximum() {
    let pool = Pool {
        kernel: 2,
        stride: 2,
        padding: 0,
        ceil: false,
    };
    let found = max_pool_backward(&pool, [2, 2, 1], &[1.0, 3.0, 3.0, 0.0], &[5.0], used());
    assert_eq!(
        found.iter().map(|v| v.to_bits()).collect::<Vec<_>>(),
        [0.0_f32, 5.0, 0.0, 0.0].map(f32::to_bits)
    );
}

#[test]
fn gradients_of_joined_and_gated_channels_are_their_adjoints() {
    let (one, other) = (noise(24, 1), noise(40, 2));
    let mut out = Vec::new();
    concat(&[(&one, 3), (&other, 5)], &mut out);
    let gradient = noise(out.len(), 3);
    let parts = [(0, 3), (3, 5)].map(|part| concat_backward(&gradient, 8, part, used()));
    let sum = dot(&parts[0], &one) + dot(&parts[1], &other);
    assert!(near(sum, dot(&gradient, &out), 1.0));
    let (map, gate) = (noise(2 * 6 * 5, 4), noise(2 * 5, 5));
    scale([6, 5], &map, &gate, Activation::Identity, &mut out);
    let gradient = noise(out.len(), 6);
    let identity = (Activation::Identity, &out[..]);
    let (of_map, of_gate) =
        scale_backward([6, 5], (&map, &gate), identity, gradient.clone(), used());
    // Linear in each of the two.
    assert!(near(dot(&of_map, &map), dot(&gradient, &out), 1.0));
    assert!(near(dot(&of_gate, &gate), dot(&gradient, &out), 1.0));
    let other = noise(2 * 5, 7);
    let mut turned = Vec::new();
    scale([6, 5], &map, &other, Activation::Identity, &mut turned);
    assert!(near(dot(&of_gate, &other), dot(&gradient, &turned), 1.0));
}
