//! Where embeddings come from.

use eosin_core::D4;

/// Embeddings of patches under each symmetry, by row.
pub trait EmbeddingSource: Sync {
    /// Values of one embedding.
    fn width(&self) -> usize;

    /// Writes the embedding of patch `row` under `symmetry` to `out`, which has `width` values.
    fn copy_into(&self, row: usize, symmetry: D4, out: &mut [f32]);

    /// The embeddings of `rows` as they are (`[rows, width]`).
    fn upright(&self, rows: &[usize]) -> Vec<f32> {
        let width = self.width();
        let mut embeddings = vec![0.0; rows.len() * width];
        for (row, out) in rows.iter().zip(embeddings.chunks_exact_mut(width)) {
            self.copy_into(*row, D4::IDENTITY, out);
        }
        embeddings
    }
}
