//! What each kind of layer achieves of one core's peak: prints a table of milliseconds, GFLOP/s
//! (multiplications and additions of the plain sum, whatever the way) and GB/s (input and output).
//! The peak is that of a product whose operands stay in the second-level cache; Winograd exceeds it.

#![expect(clippy::print_stdout, reason = "the result of an example")]

use std::time::Instant;

use eosin_kernels::{Activation, Conv, ConvShape, Padding};

/// Seconds that each layer is run for.
const SECONDS: f64 = 0.5;

/// Side, input and output channels, window, stride, groups, images.
type Layer = [usize; 7];

const LAYERS: [(&str, Layer); 16] = [
    ("stem 7x7", [224, 3, 64, 7, 2, 1, 2]),
    ("3x3", [56, 64, 64, 3, 1, 1, 2]),
    ("3x3", [28, 128, 128, 3, 1, 1, 2]),
    ("3x3", [14, 256, 256, 3, 1, 1, 2]),
    ("3x3", [7, 512, 512, 3, 1, 1, 4]),
    ("3x3", [112, 128, 128, 3, 1, 1, 1]),
    ("3x3, 2 groups", [56, 64, 128, 3, 1, 2, 2]),
    ("3x3, stride 2", [56, 64, 128, 3, 2, 1, 2]),
    ("1x1", [56, 64, 256, 1, 1, 1, 2]),
    ("1x1", [14, 1024, 256, 1, 1, 1, 2]),
    ("1x1", [14, 96, 576, 1, 1, 1, 2]),
    ("1x1", [112, 16, 96, 1, 1, 1, 2]),
    ("depthwise 3x3", [56, 144, 144, 3, 1, 144, 2]),
    ("depthwise 3x3, stride 2", [112, 96, 96, 3, 2, 96, 2]),
    ("depthwise 5x5", [14, 576, 576, 5, 1, 576, 2]),
    ("fully connected", [1, 25088, 4096, 1, 1, 1, 8]),
];

/// 196 rows times 96 columns of depth 96.
const IN_CACHE: Layer = [14, 96, 96, 1, 1, 1, 1];

fn main() {
    let [peak, _] = rates(IN_CACHE, seconds(IN_CACHE));
    println!("peak {peak:.0} GFLOP/s\n");
    println!("| layer | side | channels | images | ms | GFLOP/s | of peak | GB/s |");
    println!("|---|---|---|---|---|---|---|---|");
    for (name, layer) in LAYERS {
        let time = seconds(layer);
        let [flops, bytes] = rates(layer, time);
        let [side, cin, cout, .., images] = layer;
        println!(
            "| {name} | {side} | {cin} to {cout} | {images} | {:.2} | {flops:.0} | {:.2} | {bytes:.1} |",
            time * 1e3,
            flops / peak,
        );
    }
}

fn shape([_, cin, cout, window, stride, groups, _]: Layer) -> ConvShape {
    ConvShape {
        cin,
        cout,
        kernel: [window, window],
        stride,
        dilation: 1,
        padding: Padding::same(window / 2),
        groups,
    }
}

/// Values of the input and of the output.
fn floats(layer: Layer) -> [usize; 2] {
    let [side, cin, cout, .., images] = layer;
    let (rows, columns) = shape(layer).output_size(side, side).unwrap_or_default();
    [images * side * side * cin, images * rows * columns * cout]
}

/// GFLOP/s and GB/s.
fn rates(layer: Layer, seconds: f64) -> [f64; 2] {
    let [side, .., images] = layer;
    let flops = 2.0 * (shape(layer).multiply_adds(side, side) * images as u64) as f64;
    let bytes = 4.0 * floats(layer).iter().sum::<usize>() as f64;
    [flops, bytes].map(|amount| amount / seconds / 1e9)
}

/// Median time of a run.
fn seconds(layer: Layer) -> f64 {
    let ([side, .., images], shape, [inputs, outputs]) = (layer, shape(layer), floats(layer));
    let values = |len: usize| -> Vec<f32> {
        (0..len)
            .map(|i| (i * 37 % 1009) as f32 / 504.0 - 1.0)
            .collect()
    };
    let weights = shape.cin / shape.groups * shape.cout * shape.kernel[0] * shape.kernel[1];
    let conv = Conv::new(
        shape,
        &values(weights),
        &values(shape.cout),
        Activation::Relu,
    );
    let (input, mut out, mut scratch) = (values(inputs), vec![0.0; outputs], Vec::new());
    let mut run = || conv.run((images, side, side), &input, None, &mut out, &mut scratch);
    run();
    let (begun, mut times) = (Instant::now(), Vec::new());
    while times.len() < 3 || begun.elapsed().as_secs_f64() < SECONDS {
        let at = Instant::now();
        run();
        times.push(at.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
