//! Dense convolution in fewer bits: see [`Precision`](crate::precision::Precision).

mod integers;
mod words;

use std::ops::Range;

use self::integers::{Columns, Scale, finish_rows};
use self::words::{Encoding, round_to_bf16};
use crate::activation::Activation;
use crate::microkernel::{Microkernel, Word};
use crate::packed::{Finish, Packed, Rows, passes};
use crate::shape::{ConvShape, Map};
use crate::windows::{Band, bands, pieces};

/// Inputs of a sum: products of 8 bits overflow no `i32`.
const MOST_INPUTS: usize = 1 << 15;

/// Fewer input channels are no gain.
const LEAST_CHANNELS: usize = 8;

/// Packed weights in fewer bits.
#[derive(Clone, Debug)]
pub(crate) struct Reduced {
    packed: Packed,
    /// Words of a pixel.
    words: usize,
    /// How integers become numbers again.
    columns: Option<Columns>,
}

/// Some lines of a band that are of one image.
struct Part {
    image: usize,
    lines: Range<usize>,
}

impl Reduced {
    /// Whether `kernel` can convolve like this and is not slower than Winograd's way in single
    /// precision, which only four products an instruction are.
    pub fn suits(shape: &ConvShape, kernel: &Microkernel) -> bool {
        let inputs = shape.kernel[0] * shape.kernel[1] * shape.cin;
        shape.groups == 1
            && shape.cin >= LEAST_CHANNELS
            && inputs <= MOST_INPUTS
            && (kernel.word == Word::Bytes || !shape.suits_winograd())
    }

    /// Packs weights of PyTorch's layout for `kernel`.
    pub fn new(shape: &ConvShape, weights: &[f32], kernel: Microkernel) -> Self {
        let ConvShape { cin, cout, .. } = *shape;
        let word = kernel.word;
        let numbers = word.numbers();
        let words = cin.div_ceil(numbers);
        let taps = shape.kernel[0] * shape.kernel[1];
        let columns =
            matches!(word, Word::Shorts | Word::Bytes).then(|| Columns::new(cout, weights));
        let ordered = shape.tap_major(weights);
        let mut packed = Packed::for_kernel(kernel, taps * words, cout);
        packed.fill(|row, column| {
            let (tap, first) = (row / words, row % words * numbers);
            let weight = |channel: usize| ordered[(tap * cin + channel) * cout + column];
            let channels = first..cin.min(first + numbers);
            let bits = channels.enumerate().map(|(at, channel)| match &columns {
                Some(columns) => {
                    columns.integer(column, weight(channel), word) << (at * 32 / numbers)
                }
                None if word == Word::Single => round_to_bf16(weight(channel)) << 16,
                None => round_to_bf16(weight(channel)) << (at * 16),
            });
            f32::from_bits(bits.fold(0, |word, number| word | number))
        });
        Self {
            packed,
            words,
            columns,
        }
    }

    /// `out = activation(conv(map) + bias + shortcut)`.
    pub fn convolve(
        &self,
        shape: &ConvShape,
        map: &Map<'_>,
        finish: Finish<'_>,
        activation: Activation,
        (out, scratch): (&mut [f32], &mut Vec<f32>),
    ) {
        let (cout, width) = (shape.cout, map.to.width);
        let image = map.from.height * map.from.width * shape.cin;
        let scales: Vec<Option<Scale>> = map
            .values
            .chunks_exact(image)
            .map(|image| self.columns.as_ref().map(|_| Scale::of(image)))
            .collect();
        let in_words = ConvShape {
            cin: self.words,
            ..*shape
        };
        let (mut passes_of_line, mut starts) = (None, Vec::new());
        let (mut words, mut sums) = (Vec::new(), Vec::new());
        bands(shape, map, scratch, |band| {
            let line = band.line / shape.cin * self.words;
            let passes = passes_of_line.get_or_insert_with(|| passes(pieces(&in_words, line)));
            let parts = parts(band, map.to.height);
            starts.clear();
            words.clear();
            for part in &parts {
                self.encode(
                    shape,
                    (band, part),
                    scales[part.image],
                    &mut words,
                    |start| {
                        let columns = (0..width).map(|column| column * shape.stride * self.words);
                        starts.extend(columns.map(|column| start + column));
                    },
                );
            }
            let first = band.first * width * cout;
            let out = &mut out[first..first + starts.len() * cout];
            let finish = Finish {
                shortcut: finish.shortcut.map(|map| &map[first..first + out.len()]),
                ..finish
            };
            let rows = Rows {
                values: &words,
                starts: &starts,
                passes,
            };
            if let Some(columns) = &self.columns {
                sums.resize(out.len(), 0.0);
                self.packed.product(rows, Finish::PLAIN, &mut sums, cout);
                for (part, scale) in parts
                    .iter()
                    .filter_map(|part| Some((part, scales[part.image]?)))
                {
                    let span = part.lines.start * width * cout..part.lines.end * width * cout;
                    let finish = Finish {
                        shortcut: finish.shortcut.map(|map| &map[span.clone()]),
                        ..finish
                    };
                    finish_rows(&sums[span.clone()], scale, columns, finish, &mut out[span]);
                }
            } else {
                self.packed.product(rows, finish, out, cout);
            }
            activation.apply_unclamped(out);
        });
    }

    /// Appends the words of what a part of a band reads; `visit` gets where each line starts in
    /// them.
    fn encode(
        &self,
        shape: &ConvShape,
        (band, part): (&Band<'_>, &Part),
        scale: Option<Scale>,
        words: &mut Vec<f32>,
        mut visit: impl FnMut(usize),
    ) {
        let bases = &band.bases[part.lines.clone()];
        let (first, last) = (bases[0], bases[bases.len() - 1]);
        let reach = (shape.dilation * (shape.kernel[0] - 1) + 1) * band.line;
        let values = &band.values[first..last + reach];
        let start = words.len();
        words.resize(start + values.len() / shape.cin * self.words, 0.0);
        let encoding = Encoding {
            word: self.packed.word(),
            scale: scale.unwrap_or(Scale::ONE),
        };
        encoding.encode(values, (shape.cin, self.words), &mut words[start..]);
        for base in bases {
            visit(start + (base - first) / shape.cin * self.words);
        }
    }
}

/// The lines of a band, image by image, `height` lines each.
fn parts(band: &Band<'_>, height: usize) -> Vec<Part> {
    let (mut parts, mut line) = (Vec::new(), 0);
    while line < band.bases.len() {
        let at = band.first + line;
        let end = (line + height - at % height).min(band.bases.len());
        parts.push(Part {
            image: at / height,
            lines: line..end,
        });
        line = end;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::noise;
    use crate::precision::Precision;
    use crate::shape::{MapSize, Padding};

    /// What bf16 or integers make of `values`, in `f64`.
    fn rounded(precision: Precision, values: &[f32], is_weight: bool) -> Vec<f64> {
        let to_bf16 = |value: &f32| f64::from(f32::from_bits(round_to_bf16(*value) << 16));
        if precision == Precision::Bf16 {
            return values.iter().map(to_bf16).collect();
        }
        let least = values.iter().fold(0.0_f32, |a, b| a.min(*b));
        let most = values.iter().fold(0.0_f32, |a, b| a.max(*b));
        let (step, zero) = if is_weight {
            (f64::from(most.max(-least)) / 127.0, 0.0)
        } else {
            let step = f64::from(most - least) / 255.0;
            (step, (f64::from(-least) / step).round())
        };
        let low = if is_weight { -127.0 } else { 0.0 };
        let round = |value: &f32| {
            let q = (f64::from(*value) / step + zero)
                .round()
                .clamp(low, low.mul_add(-1.0, 255.0 + 2.0 * low));
            (q - zero) * step
        };
        values.iter().map(round).collect()
    }

    fn check(precision: Precision, kernel: Microkernel, shape: ConvShape, side: usize) {
        let n = 3;
        let (rows, columns) = shape.output_size(side, side).unwrap();
        let taps = shape.kernel[0] * shape.kernel[1];
        let weights = noise(shape.cout * shape.cin * taps, 1);
        let mut input = noise(n * side * side * shape.cin, 2);
        let each = input.len() / n;
        // Images of different ranges, the first without negative values.
        input[..each]
            .iter_mut()
            .for_each(|value| *value = value.abs());
        input[2 * each..].iter_mut().for_each(|value| *value *= 7.0);
        let bias = noise(shape.cout, 3);
        let mut out = vec![f32::NAN; n * rows * columns * shape.cout];
        let shortcut = noise(out.len(), 4);
        let finish = Finish {
            bias: &bias,
            shortcut: Some(&shortcut),
            bounds: (-3.0, 6.0),
        };
        let map = Map {
            n,
            from: MapSize {
                height: side,
                width: side,
            },
            to: MapSize {
                height: rows,
                width: columns,
            },
            values: &input,
        };
        let reduced = Reduced::new(&shape, &weights, kernel);
        reduced.convolve(
            &shape,
            &map,
            finish,
            Activation::Identity,
            (&mut out, &mut Vec::new()),
        );
        let weights: Vec<f64> = weights
            .chunks_exact(shape.cin * taps)
            .flat_map(|row| rounded(precision, row, true))
            .collect();
        let input: Vec<f64> = input
            .chunks_exact(each)
            .flat_map(|image| rounded(precision, image, false))
            .collect();
        for (at, got) in out.iter().enumerate() {
            let (channel, pixel) = (at % shape.cout, at / shape.cout);
            let (column, row) = (pixel % columns, pixel / columns % rows);
            let image = &input[pixel / columns / rows * each..][..each];
            let mut sum = f64::from(bias[channel]) + f64::from(shortcut[at]);
            for (tap, of) in (0..taps).flat_map(|tap| (0..shape.cin).map(move |of| (tap, of))) {
                let (ky, kx) = (tap / shape.kernel[1], tap % shape.kernel[1]);
                let y = (row * shape.stride + ky * shape.dilation).wrapping_sub(shape.padding.top);
                let x =
                    (column * shape.stride + kx * shape.dilation).wrapping_sub(shape.padding.left);
                if y < side && x < side {
                    let weight = weights[(channel * shape.cin + of) * taps + tap];
                    sum += weight * image[(y * side + x) * shape.cin + of];
                }
            }
            let expected = sum.clamp(-3.0, 6.0);
            let error = (f64::from(*got) - expected).abs();
            assert!(
                error < 1e-4,
                "{kernel:?} {shape:?} at {at}: {got} for {expected}"
            );
        }
    }

    #[test]
    fn every_kernel_of_this_processor_equals_the_naive_sum_of_what_it_rounds_to() {
        let shape = |cin, cout, side, stride, dilation, padding| ConvShape {
            cin,
            cout,
            kernel: [side, side],
            stride,
            dilation,
            padding: Padding::same(padding),
            groups: 1,
        };
        for precision in [Precision::Bf16, Precision::Int8] {
            for kernel in Microkernel::available(precision) {
                check(precision, kernel, shape(8, 16, 1, 1, 1, 0), 7);
                check(precision, kernel, shape(13, 35, 1, 2, 1, 0), 6);
                check(precision, kernel, shape(24, 33, 3, 1, 1, 1), 9);
                check(precision, kernel, shape(10, 9, 3, 2, 2, 2), 11);
                check(precision, kernel, shape(300, 20, 1, 1, 1, 0), 1);
            }
        }
    }

    #[test]
    fn integer_kernels_give_the_same_bits_of_any_processor() {
        let shape = ConvShape {
            cin: 70,
            cout: 30,
            kernel: [1, 1],
            stride: 1,
            dilation: 1,
            padding: Padding::same(0),
            groups: 1,
        };
        let (weights, input) = (noise(70 * 30, 5), noise(2 * 16 * 70, 6));
        let size = MapSize {
            height: 16,
            width: 1,
        };
        let map = Map {
            n: 2,
            from: size,
            to: size,
            values: &input,
        };
        let bias = vec![0.0; 30];
        let finish = Finish {
            bias: &bias,
            ..Finish::PLAIN
        };
        let outputs = Microkernel::available(Precision::Int8)
            .into_iter()
            .map(|kernel| {
                let mut out = vec![0.0; 2 * 16 * 30];
                let reduced = Reduced::new(&shape, &weights, kernel);
                reduced.convolve(
                    &shape,
                    &map,
                    finish,
                    Activation::Relu,
                    (&mut out, &mut Vec::new()),
                );
                out.iter().map(|value| value.to_bits()).collect::<Vec<_>>()
            });
        let outputs: Vec<_> = outputs.collect();
        assert!(outputs.iter().all(|out| *out == outputs[0]));
    }

    #[test]
    fn an_image_with_a_value_that_is_not_finite_gives_only_nan() {
        let shape = ConvShape::of_each_channel(8);
        let shape = ConvShape { groups: 1, ..shape };
        let mut input = noise(2 * 4 * 8, 7);
        input[3] = f32::INFINITY;
        let size = MapSize {
            height: 4,
            width: 1,
        };
        let map = Map {
            n: 2,
            from: size,
            to: size,
            values: &input,
        };
        let reduced = Reduced::new(&shape, &noise(64, 8), Microkernel::best(Precision::Int8));
        let (bias, mut out) = (vec![0.0; 8], vec![0.0; 64]);
        let finish = Finish {
            bias: &bias,
            bounds: (0.0, 6.0),
            shortcut: None,
        };
        reduced.convolve(
            &shape,
            &map,
            finish,
            Activation::Relu6,
            (&mut out, &mut Vec::new()),
        );
        assert!(out[..32].iter().all(|value| value.is_nan()));
        assert!(out[32..].iter().all(|value| value.is_finite()));
    }
}
