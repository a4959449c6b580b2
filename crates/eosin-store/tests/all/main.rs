//! Tests through the public interface, in folders that go away.

mod cache_damage;
mod cache_sharing;
mod run_folder;
mod shared_folder;
mod support;
