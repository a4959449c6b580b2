//! Room for the bytes of files that have been read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of files that stay in memory: enough for ten thousand patches of 96 px, or a thousand of
/// 512 px.
const ROOM_BYTES: u64 = 512 << 20;

/// Hands out room until there is none left.
#[derive(Debug)]
pub(crate) struct Kept(AtomicU64);

impl Kept {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(ROOM_BYTES))
    }

    /// The bytes, if there is room for them.
    pub(crate) fn keep(&self, bytes: Arc<[u8]>) -> Option<Arc<[u8]>> {
        let take = |left: u64| left.checked_sub(bytes.len() as u64);
        let room = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        room.is_ok().then_some(bytes)
    }
}
