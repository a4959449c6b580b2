//! Arrays of embeddings as other programs handle them.

use eosin_weights::{LazyTensor as _, NpyFile, StateTensor, write_npy};

use crate::scratch::Scratch;

/// Embeddings `[patches, views, width]` with the table of their keys.
#[derive(Clone)]
pub struct Array {
    pub tensor: StateTensor,
    pub keys: Vec<String>,
}

impl Array {
    /// What `eosin embed` wrote as `NAME.npy` and `NAME.csv`.
    pub fn read(scratch: &Scratch, name: &str) -> Self {
        let file = NpyFile::open(&scratch.path(&format!("{name}.npy"))).expect("an array");
        let table = crate::run_files::rows(&scratch.text(&format!("{name}.csv")));
        Self {
            tensor: StateTensor {
                shape: file.array.shape().to_vec(),
                values: file.array.read_all().expect("values").into_owned(),
            },
            keys: table.iter().map(|row| row["key"].clone()).collect(),
        }
    }

    /// Writes `NAME.npy`, and `NAME.csv` with keys alone.
    pub fn write(&self, scratch: &Scratch, name: &str) {
        let mut bytes = Vec::new();
        write_npy(&mut bytes, &self.tensor).expect("they are in memory");
        scratch.write(&format!("{name}.npy"), bytes);
        let keys = self.keys.join("\n");
        scratch.write(&format!("{name}.csv"), format!("filename\n{keys}\n"));
    }

    /// Some of its rows, in this order.
    pub fn rows(&self, wanted: impl IntoIterator<Item = usize>) -> Self {
        let each = self.tensor.row_values();
        let mut picked = self.clone();
        (picked.tensor.values, picked.keys) = (Vec::new(), Vec::new());
        for row in wanted {
            let values = &self.tensor.values[row * each..(row + 1) * each];
            picked.tensor.values.extend_from_slice(values);
            picked.keys.push(self.keys[row].clone());
        }
        picked.tensor.shape[0] = picked.keys.len();
        picked
    }

    /// The first of its views.
    pub fn views(&self, count: usize) -> Self {
        let [_, views, width] = self.tensor.shape[..] else {
            panic!("three axes");
        };
        let mut picked = self.clone();
        let rows = self.tensor.values.chunks_exact(views * width);
        picked.tensor.values = rows.flat_map(|row| row[..count * width].to_vec()).collect();
        picked.tensor.shape[1] = count;
        picked
    }
}
