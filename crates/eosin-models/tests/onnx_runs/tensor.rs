//! Arrays with a shape, in double precision.

/// Values in the order of the last axis.
#[derive(Clone, Debug)]
pub struct Tensor {
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

/// Where the elements of an axis lie: `outer` blocks of `len` elements `inner` apart.
pub struct Axis {
    pub outer: usize,
    pub len: usize,
    pub inner: usize,
}

impl Tensor {
    pub fn new(shape: Vec<usize>, values: Vec<f64>) -> Self {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "{shape:?}");
        Self { shape, values }
    }

    /// An axis, counted from behind when it is negative.
    pub fn axis(&self, axis: i64) -> Axis {
        let rank = self.shape.len();
        let at = usize::try_from(axis)
            .unwrap_or_else(|_| rank - usize::try_from(-axis).expect("an axis"));
        Axis {
            outer: self.shape[..at].iter().product(),
            len: self.shape[at],
            inner: self.shape[at + 1..].iter().product(),
        }
    }

    pub fn map(&self, value: impl Fn(f64) -> f64) -> Self {
        let values = self.values.iter().map(|v| value(*v)).collect();
        Self::new(self.shape.clone(), values)
    }

    /// Element by element; axes of length one are repeated, missing ones in front are added.
    pub fn zip(&self, other: &Self, value: impl Fn(f64, f64) -> f64) -> Self {
        let rank = self.shape.len().max(other.shape.len());
        let padded = |shape: &[usize]| {
            let mut all = vec![1; rank - shape.len()];
            all.extend(shape);
            all
        };
        let (a, b) = (padded(&self.shape), padded(&other.shape));
        let pair = |(a, b): (&usize, &usize)| {
            assert!(
                a == b || *a == 1 || *b == 1,
                "{:?} and {:?}",
                self.shape,
                other.shape
            );
            *a.max(b)
        };
        let shape: Vec<usize> = a.iter().zip(&b).map(pair).collect();
        let count = shape.iter().product();
        let mut values = Vec::with_capacity(count);
        let mut index = vec![0; rank];
        for _ in 0..count {
            values.push(value(
                self.values[place(&a, &index)],
                other.values[place(&b, &index)],
            ));
            advance(&mut index, &shape);
        }
        Self::new(shape, values)
    }

    /// The axes in the order `perm`.
    pub fn transposed(&self, perm: &[usize]) -> Self {
        let shape: Vec<usize> = perm.iter().map(|at| self.shape[*at]).collect();
        let mut values = Vec::with_capacity(self.values.len());
        let mut index = vec![0; shape.len()];
        let mut source = vec![0; shape.len()];
        for _ in 0..self.values.len() {
            for (from, at) in perm.iter().zip(&index) {
                source[*from] = *at;
            }
            values.push(self.values[place(&self.shape, &source)]);
            advance(&mut index, &shape);
        }
        Self::new(shape, values)
    }

    /// The last two axes as matrices, multiplied; the axes before them must be equal, or one side
    /// has none.
    pub fn product(&self, other: &Self) -> Self {
        let split = |shape: &[usize]| {
            let (batch, matrix) = shape.split_at(shape.len() - 2);
            (batch.to_vec(), matrix[0], matrix[1])
        };
        let (batch_a, rows, inner) = split(&self.shape);
        let (batch_b, inner_b, columns) = split(&other.shape);
        assert_eq!(inner, inner_b);
        assert!(batch_a == batch_b || batch_a.is_empty() || batch_b.is_empty());
        let mut shape = if batch_a.is_empty() {
            batch_b.clone()
        } else {
            batch_a.clone()
        };
        let batches: usize = shape.iter().product();
        let mut values = vec![0.0; batches * rows * columns];
        for (batch, out) in values.chunks_exact_mut(rows * columns).enumerate() {
            let of = |has: bool, size: usize| if has { batch * size } else { 0 };
            let a = &self.values[of(!batch_a.is_empty(), rows * inner)..];
            let b = &other.values[of(!batch_b.is_empty(), inner * columns)..];
            for (row, out) in out.chunks_exact_mut(columns).enumerate() {
                for at in 0..inner {
                    let factor = a[row * inner + at];
                    let b = &b[at * columns..(at + 1) * columns];
                    for (sum, value) in out.iter_mut().zip(b) {
                        *sum += factor * value;
                    }
                }
            }
        }
        shape.extend([rows, columns]);
        Self::new(shape, values)
    }
}

/// Where an index lies; an axis of length one has every index.
fn place(shape: &[usize], index: &[usize]) -> usize {
    let next = |at: usize, (len, i): (&usize, &usize)| at * len + if *len == 1 { 0 } else { *i };
    shape.iter().zip(index).fold(0, next)
}

/// The next index in the order of the last axis.
fn advance(index: &mut [usize], shape: &[usize]) {
    for (at, len) in index.iter_mut().zip(shape).rev() {
        *at += 1;
        if at != len {
            return;
        }
        *at = 0;
    }
}
