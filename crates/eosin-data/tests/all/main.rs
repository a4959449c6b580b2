//! Tests through the public interface, on fixtures that code makes.

#![expect(
    clippy::unwrap_used,
    reason = "a fixture that cannot be made is a failed test"
)]

mod bad_images;
mod bad_sets;
mod colour_operations;
mod contents;
mod fixtures;
mod folders_and_tables;
mod formats;
mod fuzz;
mod image_facts;
mod layouts;
mod levels;
mod named_folds;
mod phantoms;
mod shared;
mod split_errors;
mod split_properties;
mod tables;
mod tried_layouts;
