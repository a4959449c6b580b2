//! Correlation of two pictures where they overlap.

use crate::plane::Grid;

/// Share of the smaller picture that an overlap must have to count.
const LEAST_OVERLAP: f64 = 0.06;

/// How a turned picture is laid on another: `place in a = scale * place in b + shift`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Transform {
    pub scale: f64,
    /// Right.
    pub x: f64,
    /// Down.
    pub y: f64,
}

/// A rectangle of the first picture that the second covers, in its pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Overlap {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Overlap {
    pub(crate) fn area(&self) -> f64 {
        (self.right - self.left).max(0.0) * (self.bottom - self.top).max(0.0)
    }
}

/// One picture laid on another.
#[derive(Clone, Copy)]
pub(crate) struct Placement<'a> {
    a: &'a Grid,
    b: &'a Grid,
    pub transform: Transform,
}

/// Sums over an overlap.
#[derive(Default)]
struct Sums {
    count: f64,
    a: f64,
    b: f64,
    aa: f64,
    bb: f64,
    ab: f64,
}

impl<'a> Placement<'a> {
    /// The second picture is turned already.
    pub(crate) const fn new(a: &'a Grid, b: &'a Grid, transform: Transform) -> Self {
        Self { a, b, transform }
    }

    pub(crate) fn overlap(&self) -> Overlap {
        let Transform { scale, x, y } = self.transform;
        Overlap {
            left: x.max(0.0),
            top: y.max(0.0),
            right: (x + scale * self.b.width as f64).min(self.a.width as f64),
            bottom: (y + scale * self.b.height as f64).min(self.a.height as f64),
        }
    }

    /// Pearson's correlation over every pixel of the overlap; `None` where it is small, or one of them
    /// shows nothing there.
    pub(crate) fn correlation(&self) -> Option<f64> {
        self.correlation_at(1)
    }

    /// Over every `step`th pixel, both ways.
    pub(crate) fn correlation_at(&self, step: usize) -> Option<f64> {
        let overlap = self.overlap();
        let area_a = (self.a.width * self.a.height) as f64;
        let area_b = (self.b.width * self.b.height) as f64 * self.transform.scale.powi(2);
        if overlap.area() < LEAST_OVERLAP * area_a.min(area_b) {
            return None;
        }
        let sums = self.sums(&overlap, step);
        if sums.count < 24.0 {
            return None;
        }
        let variance = |first: f64, second: f64| second / sums.count - (first / sums.count).powi(2);
        let (va, vb) = (variance(sums.a, sums.aa), variance(sums.b, sums.bb));
        let covariance = sums.ab / sums.count - sums.a / sums.count * (sums.b / sums.count);
        (va > 1e-9 && vb > 1e-9).then(|| covariance / (va * vb).sqrt())
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "places within a picture"
    )]
    fn sums(&self, overlap: &Overlap, step: usize) -> Sums {
        let Transform { scale, x, y } = self.transform;
        let first = |low: f64| (low - 0.5).ceil().max(0.0) as usize;
        let last =
            |high: f64, side: usize| ((high - 0.5).floor() + 1.0).clamp(0.0, side as f64) as usize;
        let columns = first(overlap.left)..last(overlap.right, self.a.width);
        // Where each column is in the other picture: the same for every row.
        let places: Vec<(usize, Between)> = columns
            .step_by(step)
            .map(|column| {
                let place = (column as f64 + 0.5 - x) / scale - 0.5;
                (column, Between::of(place, self.b.width))
            })
            .collect();
        let mut sums = Sums::default();
        for row in (first(overlap.top)..last(overlap.bottom, self.a.height)).step_by(step) {
            let down = Between::of((row as f64 + 0.5 - y) / scale - 0.5, self.b.height);
            let upper = &self.b.values[down.first * self.b.width..][..self.b.width];
            let lower = &self.b.values[down.second * self.b.width..][..self.b.width];
            let line = &self.a.values[row * self.a.width..][..self.a.width];
            let (mut a, mut b, mut aa, mut bb, mut ab) =
                (0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32);
            for (column, across) in &places {
                let blend = |line: &[f32]| {
                    let (one, two) = (line[across.first], line[across.second]);
                    one + (two - one) * across.share
                };
                let (high, low) = (blend(upper), blend(lower));
                let (one, two) = (line[*column], high + (low - high) * down.share);
                a += one;
                b += two;
                aa += one * one;
                bb += two * two;
                ab += one * two;
            }
            sums.count += places.len() as f64;
            sums.a += f64::from(a);
            sums.b += f64::from(b);
            sums.aa += f64::from(aa);
            sums.bb += f64::from(bb);
            sums.ab += f64::from(ab);
        }
        sums
    }
}

/// Between two pixels of a side.
struct Between {
    first: usize,
    second: usize,
    share: f32,
}

impl Between {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "places within a picture"
    )]
    fn of(place: f64, side: usize) -> Self {
        let place = place.clamp(0.0, (side - 1) as f64);
        let first = place.floor() as usize;
        Self {
            first,
            second: (first + 1).min(side - 1),
            share: (place - place.floor()) as f32,
        }
    }
}
