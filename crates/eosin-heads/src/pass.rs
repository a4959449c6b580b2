//! One pass over all rows: loss and gradient of many models at once.

use std::ops::Range;

use eosin_kernels::{Activation, Conv, ConvShape, Matrix, Padding, matmul_add};
use rayon::prelude::*;

use crate::error::HeadError;
use crate::loss::backward;
use crate::part::Standard;
use crate::problem::Problem;
use crate::table::{add, narrow};
use crate::two_classes::{RowSums, Wanted, backward_row};

/// Rows of one product.
const BLOCK_ROWS: usize = 256;
/// Parts that are summed in single precision, whatever the number of threads.
const CHUNKS: usize = 64;
/// Rows of a part at least.
const CHUNK_ROWS: usize = 512;

/// A model at some weights.
pub(crate) struct Point<'a> {
    /// Which model.
    pub model: usize,
    /// `[columns, width + 1]`, the intercept last, of standardised values.
    pub weights: &'a [f64],
}

/// What a pass finds of a model.
pub(crate) struct Evaluated {
    /// `C sum_i s_i loss_i + 1/2 |w|^2`.
    pub value: f64,
    /// `[columns, width + 1]`.
    pub gradient: Vec<f64>,
}

/// What a pass finds.
pub(crate) struct Passed {
    /// In the order of the points.
    pub evaluated: Vec<Evaluated>,
    /// Of the groups that have points, in order.
    pub curvatures: Vec<Curvature>,
}

/// How rows bend the losses of a group's models.
pub(crate) struct Curvature {
    pub group: usize,
    /// Mean over its models of what each row adds, `[patches * views]`.
    pub of_rows: Vec<f32>,
}

/// Points, and which of them are of one group.
struct Points<'a> {
    points: &'a [Point<'a>],
    segments: Vec<Segment>,
}

/// Points of one group, which stand side by side.
struct Segment {
    group: usize,
    points: Range<usize>,
}

/// Sums over some rows.
struct Part {
    losses: Vec<f64>,
    /// `[width, points * columns]`.
    gradient: Vec<f32>,
    /// `[points * columns]`.
    bias: Vec<f64>,
    /// Of each segment.
    curvatures: Vec<Vec<f32>>,
}

/// A pass over `problem`, whose models have these standards.
pub(crate) struct Pass<'a> {
    pub problem: &'a Problem<'a>,
    pub own: &'a [Standard],
    /// `C` of each model.
    pub c: &'a [f64],
    /// The group of each model, never less than that of the one before.
    pub groups: &'a [usize],
    /// What each class's negative log probability is multiplied by: `[models][targets]`.
    pub wanted: &'a [Vec<Vec<f32>>],
}

impl Pass<'_> {
    /// Loss and gradient at every point.
    pub(crate) fn run(&self, points: &[Point<'_>]) -> Result<Passed, HeadError> {
        if let ([Point { model, weights }], 1) = (points, self.problem.targets.columns()) {
            // A product with one column is summed in another order than one with several, and a model's
            // bits do not depend on how many are beside it.
            let point = || Point {
                model: *model,
                weights,
            };
            let mut passed = self.run(&[point(), point()])?;
            passed.evaluated.truncate(1);
            return Ok(passed);
        }
        let table = self.problem.table;
        let folded = fold(self.own, table.width(), points);
        let (patches, views) = (table.patches(), table.views());
        let rows = (patches * views).div_ceil(CHUNKS).max(CHUNK_ROWS);
        let step = rows.div_ceil(views);
        let starts: Vec<usize> = (0..patches).step_by(step).collect();
        let all = Points {
            points,
            segments: self.segments(points),
        };
        let part = |first: usize| self.part(&all, &folded, first..patches.min(first + step));
        let parts: Result<Vec<Part>, HeadError> = starts.into_par_iter().map(part).collect();
        Ok(self.join(&all, parts?))
    }

    fn segments(&self, points: &[Point<'_>]) -> Vec<Segment> {
        let mut segments: Vec<Segment> = Vec::new();
        for (at, point) in points.iter().enumerate() {
            let group = self.groups[point.model];
            match segments.last_mut().filter(|last| last.group == group) {
                Some(last) => last.points.end = at + 1,
                None => segments.push(Segment {
                    group,
                    points: at..at + 1,
                }),
            }
        }
        segments
    }

    /// The rows of some patches.
    fn part(
        &self,
        all: &Points<'_>,
        folded: &Conv,
        patches: Range<usize>,
    ) -> Result<Part, HeadError> {
        let (table, points) = (self.problem.table, all.points);
        let (width, views) = (table.width(), table.views());
        let columns = self.problem.targets.columns();
        let total = points.len() * columns;
        let mut scratch = Vec::new();
        let step = (BLOCK_ROWS / views).max(1);
        let mut part = Part {
            losses: vec![0.0; points.len()],
            gradient: vec![0.0; width * total],
            bias: vec![0.0; total],
            curvatures: vec![Vec::with_capacity(patches.len() * views); all.segments.len()],
        };
        for first in patches.clone().step_by(step) {
            let last = patches.end.min(first + step);
            let block = table.block(first..last)?;
            let rows = block.len() / width;
            let mut logits = vec![0.0; rows * total];
            folded.run((1, rows, 1), &block, None, &mut logits, &mut scratch);
            match columns {
                1 => self.two_classes(all, first, &mut logits, &mut part),
                _ => self.several_classes(all, first, &mut logits, &mut part),
            }
            let left = Matrix::transposed(&block, width);
            let right = Matrix::rows(&logits, total);
            matmul_add(
                [width, rows, total],
                (&mut part.gradient, total),
                left,
                right,
            );
        }
        Ok(part)
    }

    /// Turns the logits of the patches from `first` on into derivatives, and adds up what they say.
    fn two_classes(&self, all: &Points<'_>, first: usize, logits: &mut [f32], part: &mut Part) {
        let Problem { table, targets, .. } = self.problem;
        let Points { points, segments } = all;
        let of_segment = |segment: &Segment| RowSums::new(segment.points.len());
        let mut sums: Vec<RowSums> = segments.iter().map(of_segment).collect();
        let of_patch = logits.chunks_exact_mut(points.len() * table.views());
        for (index, logits) in of_patch.enumerate() {
            let patch = first + index;
            let target = targets.classes_of[patch];
            let wanted = |segment: &Segment| {
                let points = &points[segment.points.clone()];
                let class = |class: usize| self.wanted_of(points, patch, [target, class]);
                Wanted {
                    first: class(0),
                    second: class(1),
                }
            };
            let wanted: Vec<Wanted> = segments.iter().map(wanted).collect();
            for logits in logits.chunks_exact_mut(points.len()) {
                for (at, segment) in segments.iter().enumerate() {
                    let own = &mut logits[segment.points.clone()];
                    let count = own.len() as f32;
                    let curvature = backward_row(own, &wanted[at], &mut sums[at]);
                    part.curvatures[at].push(curvature / count);
                }
            }
        }
        for (segment, sums) in segments.iter().zip(sums) {
            for (to, from) in [
                (&mut part.losses, sums.losses),
                (&mut part.bias, sums.slopes),
            ] {
                for (sum, value) in to[segment.points.clone()].iter_mut().zip(from) {
                    *sum += f64::from(value);
                }
            }
        }
    }

    /// What a class's negative log probability counts in a patch of class `target`, point by point.
    fn wanted_of(
        &self,
        points: &[Point<'_>],
        patch: usize,
        [target, class]: [usize; 2],
    ) -> Vec<f32> {
        let parts = self.problem.parts;
        let of = |point: &Point<'_>| {
            parts[point.model].weights[patch] * self.wanted[point.model][target][class]
        };
        points.iter().map(of).collect()
    }

    /// The same of more classes.
    fn several_classes(&self, all: &Points<'_>, first: usize, logits: &mut [f32], part: &mut Part) {
        let Problem {
            table,
            targets,
            parts,
        } = self.problem;
        let columns = targets.columns();
        let of_row = logits.chunks_exact_mut(all.points.len() * columns);
        for (row, logits) in of_row.enumerate() {
            let patch = first + row / table.views();
            let target = targets.classes_of[patch];
            for (place, segment) in all.segments.iter().enumerate() {
                let mut curvature = 0.0;
                for at in segment.points.clone() {
                    let model = all.points[at].model;
                    let own = at * columns..(at + 1) * columns;
                    let derivatives = &mut logits[own.clone()];
                    let weight = parts[model].weights[patch];
                    if weight <= 0.0 {
                        derivatives.fill(0.0);
                        continue;
                    }
                    let of_row = backward(derivatives, &self.wanted[model][target]);
                    part.losses[at] += f64::from(weight) * of_row.loss;
                    curvature += weight * of_row.curvature;
                    for (derivative, sum) in derivatives.iter_mut().zip(&mut part.bias[own]) {
                        *derivative *= weight;
                        *sum += f64::from(*derivative);
                    }
                }
                part.curvatures[place].push(curvature / segment.points.len() as f32);
            }
        }
    }

    /// Adds up the parts in order, and turns sums over the table's values into gradients.
    fn join(&self, all: &Points<'_>, parts: Vec<Part>) -> Passed {
        let points = all.points;
        let width = self.problem.table.width();
        let columns = self.problem.targets.columns();
        let total = points.len() * columns;
        let (mut losses, mut bias) = (vec![0.0; points.len()], vec![0.0; total]);
        let mut gradient = vec![0.0; width * total];
        let of_segment = |segment: &Segment| Curvature {
            group: segment.group,
            of_rows: Vec::new(),
        };
        let mut curvatures: Vec<Curvature> = all.segments.iter().map(of_segment).collect();
        for part in parts {
            add(&mut losses, &part.losses);
            add(&mut bias, &part.bias);
            for (sum, value) in gradient.iter_mut().zip(part.gradient) {
                *sum += f64::from(value);
            }
            for (all, part) in curvatures.iter_mut().zip(part.curvatures) {
                all.of_rows.extend(part);
            }
        }
        let of_point = |(at, point): (usize, &Point<'_>)| {
            let (own, c) = (&self.own[point.model], self.c[point.model]);
            let (mut of_all, mut norm) = (Vec::new(), 0.0);
            for column in 0..columns {
                let place = at * columns + column;
                let weights = &point.weights[column * (width + 1)..][..width];
                for (index, weight) in weights.iter().enumerate() {
                    let sum = gradient[index * total + place] - own.mean[index] * bias[place];
                    of_all.push(c * own.scale[index] * sum + weight);
                    norm += weight * weight;
                }
                of_all.push(c * bias[place]);
            }
            Evaluated {
                value: c * losses[at] + 0.5 * norm,
                gradient: of_all,
            }
        };
        Passed {
            evaluated: points.iter().enumerate().map(of_point).collect(),
            curvatures,
        }
    }
}

/// The weights of `points` as they multiply the values of the table, whose rows have `width` values.
fn fold(own: &[Standard], width: usize, points: &[Point<'_>]) -> Conv {
    let (mut weights, mut biases) = (Vec::new(), Vec::new());
    for point in points {
        let own = &own[point.model];
        for column in point.weights.chunks_exact(width + 1) {
            let mut bias = column[width];
            for (index, weight) in column[..width].iter().enumerate() {
                let weight = weight * own.scale[index];
                bias -= weight * own.mean[index];
                weights.push(narrow(weight));
            }
            biases.push(narrow(bias));
        }
    }
    let shape = ConvShape {
        cin: width,
        cout: biases.len(),
        kernel: [1, 1],
        stride: 1,
        dilation: 1,
        padding: Padding::same(0),
        groups: 1,
    };
    Conv::new(shape, &weights, &biases, Activation::Identity)
}

/// Logits `[patches, points, columns]` of one row a patch, `[patches, width]`.
pub(crate) fn logits(
    rows: &[f32],
    own: &[Standard],
    width: usize,
    points: &[Point<'_>],
) -> Vec<f32> {
    let folded = fold(own, width, points);
    let total = folded.shape().cout;
    let mut all = vec![0.0; rows.len() / width * total];
    all.par_chunks_mut(BLOCK_ROWS * total)
        .zip(rows.par_chunks(BLOCK_ROWS * width))
        .for_each(|(out, rows)| {
            let size = (1, rows.len() / width, 1);
            folded.run(size, rows, None, out, &mut Vec::new());
        });
    all
}
