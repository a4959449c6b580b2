//! Seeded mutations of all fixtures: reading never panics, and memory and time stay in bounds.
//!
//! `EOSIN_FUZZ_ITERATIONS` and `EOSIN_FUZZ_SEED` make longer and other runs. An input that breaks
//! a bound is written to the temporary folder and named.

#![expect(dead_code, reason = "each test uses some of the common functions")]

#[path = "all/common.rs"]
mod common;
mod counting;
mod mutate;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use counting::Counting;
use eosin_weights::{ReadOptions, WeightFile, WeightFormat, read_all};
use mutate::Mutator;
use safetensors::SafeTensors;

#[global_allocator]
static ALLOCATOR: Counting = Counting::new();

const ITERATIONS: u64 = 300_000;
const SLOWEST: Duration = Duration::from_secs(5);

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

/// What the crate promises to take at most, in bytes, and a little for what the test does.
fn allowed(length: usize) -> usize {
    8 * length + (1 << 20) + 200 * length + (64 << 10)
}

/// Reads `bytes` and says what is wrong with how that went.
fn verdict(bytes: &[u8]) -> Result<bool, String> {
    let started = Instant::now();
    ALLOCATOR.start();
    let read = catch_unwind(AssertUnwindSafe(|| WeightFile::parse("file", bytes)));
    let peak = ALLOCATOR.peak();
    let read = read.map_err(|_| "panic".to_owned())?;
    if peak > allowed(bytes.len()) {
        return Err(format!(
            "{peak} bytes of memory for {} of file",
            bytes.len()
        ));
    }
    if started.elapsed() > SLOWEST {
        return Err(format!("{:?} for {} bytes", started.elapsed(), bytes.len()));
    }
    match read {
        Ok(file) => check(&file, bytes).map(|()| true),
        Err(error) => {
            let text = error.to_string();
            if text.len() > 4000 || text.contains(char::is_control) {
                return Err(format!("an error that cannot be shown: {text:?}"));
            }
            Ok(false)
        }
    }
}

/// What is read is sound, and where another reader exists it agrees.
fn check(file: &WeightFile, bytes: &[u8]) -> Result<(), String> {
    for (name, tensor) in &file.tensors {
        let count: usize = tensor.shape.iter().product();
        if count != tensor.values.len() || !tensor.values.iter().all(|v| v.is_finite()) {
            return Err(format!("tensor {name} is unsound"));
        }
    }
    let opened = WeightFile::open_bytes("file", bytes.to_vec(), &ReadOptions::default());
    let opened = opened.and_then(|opened| read_all(&opened.tensors));
    if opened.map_err(|error| error.to_string())? != file.tensors {
        return Err("an opened file holds other tensors".to_owned());
    }
    if file.format == WeightFormat::Safetensors {
        let theirs = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
        if theirs.len() != file.tensors.len() + file.left_out.len() {
            return Err("the safetensors crate reads other tensors".to_owned());
        }
    }
    Ok(())
}

#[test]
fn mutated_files_neither_panic_nor_exhaust_memory_or_time() {
    let iterations = setting("EOSIN_FUZZ_ITERATIONS", ITERATIONS);
    let seed = setting("EOSIN_FUZZ_SEED", 0);
    let mut mutator = Mutator::new(seed);
    let mut accepted = 0_u64;
    for iteration in 0..iterations {
        let bytes = mutator.next_file();
        match verdict(&bytes) {
            Ok(read) => accepted += u64::from(read),
            Err(problem) => {
                let path = std::env::temp_dir().join(format!("eosin-fuzz-{seed}-{iteration}"));
                std::fs::write(&path, &bytes).expect("the temporary folder is writable");
                panic!("{problem}: {}", path.display());
            }
        }
    }
    println!("{iterations} files, {accepted} of them read");
    // Were nothing or everything read, the mutations would be too strong or too weak.
    assert!(accepted > iterations / 100 && accepted < iterations / 2);
}
