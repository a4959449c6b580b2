//! An allocator that counts.

#![expect(
    unsafe_code,
    reason = "a global allocator is the one way to see every allocation, and its trait is unsafe"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The system's allocator, with the bytes held now and the most held since [`Counting::start`].
pub struct Counting {
    held: AtomicUsize,
    start: AtomicUsize,
    most: AtomicUsize,
}

impl Counting {
    pub const fn new() -> Self {
        Self {
            held: AtomicUsize::new(0),
            start: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        }
    }

    /// Counts from here.
    pub fn start(&self) {
        let held = self.held.load(Relaxed);
        self.start.store(held, Relaxed);
        self.most.store(held, Relaxed);
    }

    /// The most bytes held at a time since the start, less those held then.
    pub fn peak(&self) -> usize {
        self.most.load(Relaxed) - self.start.load(Relaxed)
    }

    fn add(&self, bytes: usize) {
        let held = self.held.fetch_add(bytes, Relaxed) + bytes;
        self.most.fetch_max(held, Relaxed);
    }
}

// SAFETY: every call is passed on unchanged to the system's allocator, which keeps the contract;
// the counters are atomic and allocate nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.add(layout.size());
        // SAFETY: the caller's contract is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        self.held.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's contract is the system's, whose `alloc` made the pointer.
        unsafe { System.dealloc(pointer, layout) }
    }
}
