//! What a model decided on patches whose classes are known, as it is kept.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

/// A patch, and what was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct JudgedRow {
    pub repeat: usize,
    pub key: String,
    pub group: String,
    pub target: String,
    pub pred: String,
}

/// Decisions out of fold, and the test set that they are to tell of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JudgedOutOfFold {
    /// Sorted by repeat and key.
    pub rows: Vec<JudgedRow>,
}

impl JudgedOutOfFold {
    /// As CSV.
    ///
    /// # Errors
    /// Never in practice: writing to memory does not fail.
    pub fn to_csv(&self) -> Result<Vec<u8>> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in &self.rows {
            writer.serialize(row)?;
        }
        Ok(writer.into_inner()?)
    }

    /// Reads it back.
    ///
    /// # Errors
    /// When it is no such table.
    pub fn from_csv(bytes: &[u8]) -> Result<Self> {
        let mut reader = csv::Reader::from_reader(bytes);
        let rows = reader.deserialize();
        let rows = rows.collect::<Result<Vec<JudgedRow>, _>>();
        Ok(Self {
            rows: rows.context("no table of decisions")?,
        })
    }

    /// Whether both are of the same patches with the same classes.
    pub fn is_of_same_patches(&self, other: &Self) -> bool {
        fn patch(row: &JudgedRow) -> (usize, &str, &str) {
            (row.repeat, &row.key, &row.target)
        }
        self.rows.iter().map(patch).eq(other.rows.iter().map(patch))
    }

    /// Each row's group as a number, in the order of their first rows.
    pub fn groups(&self) -> Vec<usize> {
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        let mut all = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let next = numbers.len();
            all.push(*numbers.entry(&row.group).or_insert(next));
        }
        all
    }

    /// Indices of classes among `classes`.
    ///
    /// # Errors
    /// When a row has another class.
    pub fn classes_of(
        &self,
        classes: &[String],
        word: fn(&JudgedRow) -> &String,
    ) -> Result<Vec<usize>> {
        let place = |row: &JudgedRow| {
            let class = word(row);
            let Some(at) = classes.iter().position(|name| name == class) else {
                bail!("'{class}' is none of the classes {}", classes.join(", "));
            };
            Ok(at)
        };
        self.rows.iter().map(place).collect()
    }
}
