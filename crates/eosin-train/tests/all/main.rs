//! Tests through the public interface.

mod cache_equals_forward_passes;
mod paired_interval;
