//! The program as a user runs it: a process, in a folder of its own, on phantoms.

mod bad_input;
mod classes;
mod cli_snapshots;
mod costs;
mod determinism;
mod docs;
mod doctor;
mod embeddings;
mod end_to_end;
mod export;
mod heads;
mod keep;
mod messages;
mod precision;
mod probe;
mod reading;
mod resume;
mod run_files;
mod run_parts;
mod score;
mod scratch;
mod shared_cases;
mod splits;
mod training;
mod weights;
mod words;
