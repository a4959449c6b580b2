//! Tests through the public interface.

mod cache_equals_forward_passes;
mod columns_equal_runs;
mod deciding;
mod paired_interval;
