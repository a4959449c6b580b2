//! What a run costs is said before it is paid.

use crate::scratch::{JOB, Scratch};

#[test]
fn a_run_that_the_cache_may_not_hold_is_refused_with_what_would_fit() {
    let scratch = Scratch::with_phantom();
    let words = format!("run --data data --out run {JOB} --set cache.max_bytes=200000");
    let refused = scratch.eosin(&words);
    refused.refused(&[
        "more than the cache may hold (cache.max_bytes is 200.0 kB)",
        "allow it with '--set cache.max_bytes=",
        "or take less with '--set cache.dtype=f16' (",
        "'--augment none' (",
    ]);
    assert!(!scratch.path("run/predictions.csv").exists());
    let fits = format!("{words} --overwrite --augment none");
    scratch.eosin(&fits).done();
}
