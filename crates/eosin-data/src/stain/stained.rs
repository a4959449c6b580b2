//! Two stains: their colours and how strong they are.

use serde::{Deserialize, Serialize};

use super::recolour::Recolouring;

/// What a patch is stained with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stained {
    /// Optical densities of red, green and blue of haematoxylin, then of eosin.
    pub vectors: [[f64; 3]; 2],
    /// The 99th percentile of each one's concentration.
    pub strengths: [f64; 2],
}

/// Colours of haematoxylin and eosin, and strengths, that Macenko's authors' code aims at; torchstain's
/// and many others' default.
pub(super) const REFERENCE: Stained = Stained {
    vectors: [[0.5626, 0.7201, 0.4062], [0.2159, 0.8012, 0.5581]],
    strengths: [1.9705, 1.0308],
};

/// A vector of length 1.
pub(super) fn unit(vector: [f64; 3]) -> [f64; 3] {
    let length = dot(vector, vector).sqrt();
    vector.map(|value| value / length)
}

pub(super) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// The part of haematoxylin first: it absorbs more red.
pub(super) fn haematoxylin_first(one: [f64; 3], other: [f64; 3]) -> [[f64; 3]; 2] {
    if one[0] > other[0] {
        [one, other]
    } else {
        [other, one]
    }
}

impl Stained {
    /// Rows that give concentrations when multiplied with optical densities, by least squares; `None`
    /// where both stains have one colour.
    pub(super) fn unmix(&self) -> Option<[[f64; 3]; 2]> {
        let [h, e] = self.vectors;
        let (hh, he, ee) = (dot(h, h), dot(h, e), dot(e, e));
        let determinant = hh * ee - he * he;
        if !(determinant.is_finite() && determinant > 1e-9 * hh * ee) {
            return None;
        }
        Some([
            std::array::from_fn(|at| (ee * h[at] - he * e[at]) / determinant),
            std::array::from_fn(|at| (hh * e[at] - he * h[at]) / determinant),
        ])
    }

    /// Both stains and their normal, each of length 1.
    #[expect(clippy::cast_possible_truncation, reason = "densities need no more")]
    pub(super) fn basis(&self) -> [[f32; 3]; 3] {
        let [h, e] = self.vectors.map(unit);
        [h, e, normal(self.vectors)].map(|vector| vector.map(|value| value as f32))
    }

    /// From densities under these stains to those under `target`, what is of neither stain kept.
    pub(super) fn recolouring(&self, target: &Self) -> Option<Recolouring> {
        let scale = |stain: usize| target.strengths[stain] / self.strengths[stain];
        let more = |stain: usize| (scale(stain) - 1.0).max(0.0);
        let given_back = |stain: usize| target.vectors[stain].map(|value| value * more(stain));
        Some(Recolouring {
            matrix: self.to(target, Rest::Kept)?,
            unmix: self.unmix()?,
            given_back: [given_back(0), given_back(1)],
        })
    }

    /// The matrix from optical densities under these stains to those under `target`: the
    /// concentrations are scaled to its strengths; what is of neither stain is dropped, or with
    /// [`Rest::Kept`] stays as it is, along the normal of both stains.
    pub(super) fn to(&self, target: &Self, rest: Rest) -> Option<[[f64; 3]; 3]> {
        let rows = self.unmix()?;
        let scales: [f64; 2] =
            std::array::from_fn(|stain| target.strengths[stain] / self.strengths[stain]);
        let normals = [normal(self.vectors), normal(target.vectors)];
        let entry = |out: usize, channel: usize| {
            let stains = (0..2)
                .map(|stain| target.vectors[stain][out] * scales[stain] * rows[stain][channel]);
            let of_stains: f64 = stains.sum();
            match rest {
                Rest::Dropped => of_stains,
                Rest::Kept => of_stains + normals[1][out] * normals[0][channel],
            }
        };
        let matrix: [[f64; 3]; 3] =
            std::array::from_fn(|out| std::array::from_fn(|channel| entry(out, channel)));
        let finite = matrix.iter().flatten().all(|value| value.is_finite());
        finite.then_some(matrix)
    }
}

/// What happens to the part of a colour that neither stain explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    Dropped,
    Kept,
}

fn normal([a, b]: [[f64; 3]; 2]) -> [f64; 3] {
    unit([
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ])
}

/// Non-negative concentrations of two stains of length 1 that minimise `|d - C V|^2 / 2 + penalty (c_h +
/// c_e)`, in closed form. `along` are the densities along each stain, `between` is the cosine between
/// both.
pub(super) fn sparse_codes(along: [f64; 2], between: f64, penalty: f64) -> [f64; 2] {
    let [h, e] = along.map(|value| value - penalty);
    let determinant = 1.0 - between * between;
    let both = [
        (h - between * e) / determinant,
        (e - between * h) / determinant,
    ];
    if both[0] >= 0.0 && both[1] >= 0.0 {
        both
    } else if h > e {
        [h.max(0.0), 0.0]
    } else {
        [0.0, e.max(0.0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stains_go_over_to_the_targets_and_the_rest_stays() {
        let source = Stained {
            vectors: [[0.65, 0.70, 0.29], [0.07, 0.99, 0.11]].map(unit),
            strengths: [1.0, 0.5],
        };
        let matrix = source.to(&REFERENCE, Rest::Kept).unwrap();
        for stain in 0..2 {
            for (out, row) in matrix.iter().enumerate() {
                let got = dot(*row, source.vectors[stain]);
                let scale = REFERENCE.strengths[stain] / source.strengths[stain];
                assert!((got - scale * REFERENCE.vectors[stain][out]).abs() < 1e-12);
            }
        }
        let rest = normal(source.vectors);
        let length: f64 = (0..3).map(|out| dot(matrix[out], rest).powi(2)).sum();
        assert!((length - 1.0).abs() < 1e-12);
        let dropped = source.to(&REFERENCE, Rest::Dropped).unwrap();
        assert!((0..3).all(|out| dot(dropped[out], rest).abs() < 1e-12));
    }

    #[test]
    fn sparse_codes_are_the_best_of_a_fine_grid() {
        let vectors = [[0.65, 0.70, 0.29], [0.07, 0.99, 0.11]].map(unit);
        for (density, penalty) in [
            ([0.5, 0.6, 0.3], 0.01),
            ([0.9, 0.2, 0.4], 0.1),
            ([0.01, 0.6, 0.02], 0.1),
            ([0.02, 0.01, 0.0], 0.1),
        ] {
            let loss = |c: [f64; 2]| {
                let error = (0..3).map(|at| {
                    let made = c[0] * vectors[0][at] + c[1] * vectors[1][at];
                    (density[at] - made).powi(2) / 2.0
                });
                error.sum::<f64>() + penalty * (c[0] + c[1])
            };
            let along = vectors.map(|vector| dot(density, vector));
            let found = sparse_codes(along, dot(vectors[0], vectors[1]), penalty);
            let grid = (0..=200).flat_map(|h| (0..=200).map(move |e| [h, e]));
            let best = grid.map(|c| loss(c.map(|at| f64::from(at) * 0.006)));
            let best = best.fold(f64::INFINITY, f64::min);
            assert!(loss(found) <= best + 1e-12, "{found:?}");
        }
    }

    #[test]
    fn stains_of_one_colour_cannot_be_told_apart() {
        let grey = Stained {
            vectors: [[0.577, 0.577, 0.577]; 2],
            strengths: [1.0; 2],
        };
        assert!(grey.unmix().is_none());
    }
}
