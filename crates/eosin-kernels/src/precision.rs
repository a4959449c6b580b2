//! In how many bits values are multiplied.

/// In how many bits dense convolutions and fully connected layers multiply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// IEEE 754 single precision.
    #[default]
    F32,
    /// Weights and inputs rounded to bf16 (the upper half of an `f32`, to nearest, ties to even);
    /// sums in `f32`. Fast where the processor has AVX512-BF16, else `f32` products of the rounded
    /// numbers.
    Bf16,
    /// Weights as 8-bit integers with one scale an output channel, inputs as unsigned ones with one
    /// scale and zero an image, taken from its own smallest and largest value (so the output depends
    /// on the image alone and nothing is calibrated); sums exact, in `i32`. Four products an
    /// instruction with VNNI, else two.
    Int8,
}

impl Precision {
    /// All of them, in the order of their values.
    pub const ALL: [Self; 3] = [Self::F32, Self::Bf16, Self::Int8];
}
