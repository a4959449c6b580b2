//! ONNX files run by the interpreter that `eosin-models` holds its files to: it knows the operators'
//! specification and nothing of eosin.

#[path = "../../../eosin-models/tests/onnx_runs/interpreter.rs"]
mod interpreter;
#[path = "../../../eosin-models/tests/onnx_runs/proto.rs"]
mod proto;
#[path = "../../../eosin-models/tests/onnx_runs/tensor.rs"]
mod tensor;
#[path = "../../../eosin-models/tests/onnx_runs/windows.rs"]
mod windows;

use std::path::Path;

/// An image as planes of red, green and blue, 0 to 255.
pub fn planes(image: &Path) -> Vec<f64> {
    let image = image::open(image).expect("an image").to_rgb8();
    let plane = |channel: usize| image.pixels().map(move |pixel| f64::from(pixel.0[channel]));
    (0..3).flat_map(plane).collect()
}

/// The probabilities that the file `graph`, which takes pixels, gives of a square image.
pub fn probs(graph: &[u8], image: &Path) -> Vec<f64> {
    let planes = planes(image);
    let side = (planes.len() / 3).isqrt();
    let [_, probs] = interpreter::run(graph, tensor::Tensor::new(vec![1, 3, side, side], planes));
    probs.values
}
