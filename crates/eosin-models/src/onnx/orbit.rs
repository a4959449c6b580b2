//! The symmetries of an image in the graph: all of them enter the network as one batch, and their
//! logits are averaged.

use eosin_core::D4;

use super::writer::{Value, Writer, signed};

/// The views of `image` (`[batch, 3, side, side]`), one batch after the other.
pub fn views_of(writer: &mut Writer, image: &str, side: usize, views: &[D4]) -> String {
    if views == [D4::IDENTITY] {
        return image.to_owned();
    }
    // A product with it turns the order of columns round, from the left that of rows.
    let reversed: Vec<f32> = (0..side * side)
        .map(|at| {
            if at / side + at % side + 1 == side {
                1.0
            } else {
                0.0
            }
        })
        .collect();
    let reversed = writer.constant(&reversed, &[side, side]);
    let views: Vec<String> = views
        .iter()
        .map(|view| view_of(writer, image, *view, &reversed))
        .collect();
    let views: Vec<&str> = views.iter().map(String::as_str).collect();
    writer.node("Concat", &views, vec![("axis", Value::Int(0))])
}

/// One view: mirrored left to right first where it is, then turned counter-clockwise.
fn view_of(writer: &mut Writer, image: &str, view: D4, reversed: &str) -> String {
    let mut x = image.to_owned();
    let columns = |writer: &mut Writer, x: &str| writer.node("MatMul", &[x, reversed], vec![]);
    let rows = |writer: &mut Writer, x: &str| writer.node("MatMul", &[reversed, x], vec![]);
    if view.is_mirrored() {
        x = columns(writer, &x);
    }
    match view.quarter_turns() {
        0 => x,
        1 => {
            let turned = writer.transpose(&x, [0, 1, 3, 2]);
            rows(writer, &turned)
        }
        2 => {
            let mirrored = columns(writer, &x);
            rows(writer, &mirrored)
        }
        _ => {
            let turned = writer.transpose(&x, [0, 1, 3, 2]);
            columns(writer, &turned)
        }
    }
}

/// The mean over views of `logits` (`[views * batch, classes, 1, 1]`), `[batch, classes, 1, 1]`.
pub fn mean_of_views(writer: &mut Writer, logits: &str, views: usize, classes: usize) -> String {
    if views == 1 {
        return logits.to_owned();
    }
    let mut shape = signed(&[views, 0, classes, 1, 1]);
    // Whatever is left is the batch.
    shape[1] = -1;
    let shape = writer.integers(&shape);
    let apart = writer.node("Reshape", &[logits, &shape], vec![]);
    let axis = writer.integers(&[0]);
    let kept = vec![("keepdims", Value::Int(0))];
    let sum = writer.node("ReduceSum", &[&apart, &axis], kept);
    let share = writer.constant(&[1.0 / views as f32], &[]);
    writer.node("Mul", &[&sum, &share], vec![])
}
