//! The ledger of the cache, as inspections want it.

use std::path::Path;

use anyhow::Result;
use eosin_data::{ContentHash, Ledger, PatchFacts};
use eosin_store::Cache;
use eosin_store::cache::Ledger as Stored;

/// Raised when the same bytes begin to give other facts.
const VERSION: u32 = 2;

/// What is known of images, in the cache's folder.
pub(crate) struct FactsLedger(Stored<PatchFacts>);

impl FactsLedger {
    /// The ledger of the cache in `dir`, which is made when there is none.
    pub(crate) fn open(dir: &Path) -> Result<Self> {
        let cache = Cache::open(dir, u64::MAX)?;
        Ok(Self(Stored::open(&cache, VERSION)?))
    }

    /// Writes what is left to write.
    pub(crate) fn close(self) -> Result<()> {
        Ok(self.0.close()?)
    }
}

impl Ledger for FactsLedger {
    fn get(&self, hash: &ContentHash) -> Option<PatchFacts> {
        self.0.get(hash)
    }

    fn put(&self, hash: &ContentHash, facts: &PatchFacts) {
        self.0.put(hash, facts);
    }
}
