//! Several entries, several handles, several processes.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use crate::support::{
    NO_LIMIT, WIDTH, batch, child, child_dir, image, open, reads_back, recipe, records_path, text,
};
use eosin_core::config::CacheDtype;
use eosin_store::cache::{Cache, Prune};

#[test]
fn two_handles_see_what_the_other_wrote() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path(), NO_LIMIT).unwrap();
    let (mut one, mut two) = (open(&cache), open(&cache));
    one.append(&batch(0..3)).unwrap();
    let old = one.reader().unwrap();
    assert!(!two.contains(&image(1)));
    assert_eq!(two.append(&batch(1..5)).unwrap(), 2);
    one.refresh().unwrap();
    assert!((0..5).all(|index| reads_back(&one, index) && reads_back(&two, index)));
    assert_eq!((old.len(), one.reader().unwrap().len()), (3, 5));
    assert!(old.slot(&image(4)).is_none());
}

#[test]
fn threads_that_embed_the_same_images_write_each_once() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path(), NO_LIMIT).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let cache = &cache;
            scope.spawn(move || {
                let mut entry = open(cache);
                for start in (0..40).step_by(4) {
                    let start = (start + 12 * thread) % 40;
                    entry.append(&batch(start..start + 4)).unwrap();
                    assert!((start..start + 4).all(|index| reads_back(&entry, index)));
                }
                assert_eq!(entry.len(), 40);
            });
        }
    });
    let report = &cache.verify().unwrap()[0];
    assert!(report.is_whole());
    assert_eq!(report.good, 40);
}

#[cfg(unix)]
#[test]
fn processes_that_embed_the_same_images_write_each_once() {
    if let Some(dir) = child_dir() {
        let mut entry = open(&Cache::open(dir, NO_LIMIT).unwrap());
        for start in (0..60).step_by(3) {
            entry.append(&batch(start..start + 3)).unwrap();
        }
        assert!((0..60).all(|index| reads_back(&entry, index)));
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let name = "cache_sharing::processes_that_embed_the_same_images_write_each_once";
    let children: Vec<_> = (0..3)
        .map(|_| {
            let mut command = child(name, "", dir.path());
            command.stdout(std::process::Stdio::piped());
            command
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for running in children {
        let output = running.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
    }
    let cache = Cache::open(dir.path(), NO_LIMIT).unwrap();
    let report = &cache.verify().unwrap()[0];
    assert!(report.is_whole());
    assert_eq!(report.good, 60);
}

#[test]
fn a_record_repaired_by_another_handle_is_not_written_twice() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path(), NO_LIMIT).unwrap();
    let mut first = open(&cache);
    first.append(&batch(0..2)).unwrap();
    let path = records_path(&first);
    let whole = fs::read(&path).unwrap();
    let mut bad = whole.clone();
    bad[64 + 40] ^= 1;
    fs::write(&path, &bad).unwrap();
    let (mut one, mut two) = (open(&cache), open(&cache));
    assert_eq!(one.damaged(), [image(0)]);
    assert_eq!(one.append(&batch([0])).unwrap(), 1);
    assert_eq!(two.append(&batch([0])).unwrap(), 0);
    assert!(reads_back(&two, 0) && two.damaged().is_empty());
    assert!(fs::read(&path).unwrap() == whole);
}

#[test]
fn a_changed_ingredient_never_meets_another_recipes_values() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path(), NO_LIMIT).unwrap();
    open(&cache).append(&batch(0..2)).unwrap();
    let mut other = recipe("w", CacheDtype::F32);
    other.preprocess.scale.mean[0] = f32::MIN_POSITIVE;
    let entry = cache.entry(&other, WIDTH).unwrap();
    assert!(entry.is_empty());
    let copied = records_path(&entry);
    drop(entry);
    // Not even when somebody copies the file over.
    fs::copy(records_path(&open(&cache)), &copied).unwrap();
    let error = cache.entry(&other, WIDTH).unwrap_err().to_string();
    assert!(error.contains("it belongs to another entry"), "{error}");
}

/// Fills the entry of `weights`, used `age_secs` ago, and gives its id.
#[expect(
    clippy::unwrap_used,
    reason = "clippy knows functions marked as tests only"
)]
fn fill(cache: &Cache, weights: &str, age_secs: u64) -> String {
    let mut entry = cache
        .entry(&recipe(weights, CacheDtype::F32), WIDTH)
        .unwrap();
    entry.append(&batch(0..10)).unwrap();
    let used = SystemTime::now() - Duration::from_secs(age_secs);
    let stamp = File::options()
        .write(true)
        .open(entry.dir().join("last-used"));
    stamp.unwrap().set_modified(used).unwrap();
    recipe(weights, CacheDtype::F32).id()
}

fn ids(cache: &Cache) -> Vec<String> {
    let entries = cache.list().expect("a cache that can be read");
    entries.into_iter().map(|entry| entry.id).collect()
}

#[test]
fn the_least_recently_used_recipes_are_evicted_first() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path(), NO_LIMIT).unwrap();
    let old = fill(&cache, "old", 300);
    let older = fill(&cache, "older", 400);
    let new = fill(&cache, "new", 100);
    assert_eq!(ids(&cache), [&*new, &*old, &*older]);
    let one = cache.list().unwrap()[0].bytes;
    // Opening the oldest makes it the newest.
    drop(
        cache
            .entry(&recipe("older", CacheDtype::F32), WIDTH)
            .unwrap(),
    );
    assert_eq!(ids(&cache), [&*older, &*new, &*old]);
    let small = Cache::open(dir.path(), one * 5 / 2).unwrap();
    let entry = small
        .entry(&recipe("older", CacheDtype::F32), WIDTH)
        .unwrap();
    assert_eq!(entry.len(), 10);
    assert_eq!(ids(&cache), [&*older, &*new]);
}

#[test]
fn an_entry_in_use_is_never_evicted() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path(), NO_LIMIT).unwrap();
    let used = fill(&cache, "used", 300);
    fill(&cache, "free", 100);
    let reader = {
        let entry = cache
            .entry(&recipe("used", CacheDtype::F32), WIDTH)
            .unwrap();
        entry.reader().unwrap()
    };
    let tiny = Cache::open(dir.path(), 1).unwrap();
    let mut mine = tiny.entry(&recipe("mine", CacheDtype::F32), WIDTH).unwrap();
    mine.append(&batch(0..50)).unwrap();
    assert!((0..50).all(|index| reads_back(&mine, index)));
    let mut left = ids(&cache);
    left.sort();
    let mut wanted = [used.clone(), recipe("mine", CacheDtype::F32).id()];
    wanted.sort();
    assert_eq!(left, wanted);
    drop(mine);
    let evicted = cache.prune(Prune::All).unwrap();
    assert_eq!(evicted.in_use, [used]);
    assert_eq!(evicted.removed.len(), 1);
    drop(reader);
    assert_eq!(cache.prune(Prune::All).unwrap().bytes_left, 0);
    assert!(cache.list().unwrap().is_empty());
}

#[test]
fn list_verify_and_prune_tell_of_an_entry_that_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path(), NO_LIMIT).unwrap();
    let good = fill(&cache, "good", 300);
    let bad = fill(&cache, "bad", 100);
    fs::write(dir.path().join(&bad).join("records.bin"), b"no records").unwrap();
    fs::create_dir(dir.path().join("notes")).unwrap();
    fs::create_dir(dir.path().join(".evicted-left-by-a-crash")).unwrap();
    let list = cache.list().unwrap();
    assert_eq!((&list[0].id, list[0].records), (&bad, None));
    assert!(list[0].problem.as_ref().unwrap().contains("records.bin"));
    assert_eq!((list[1].records, &list[1].problem), (Some(10), &None));
    assert_eq!(list[1].recipe, Some(recipe("good", CacheDtype::F32)));
    let reports = cache.verify().unwrap();
    assert_eq!(reports.iter().filter(|report| report.is_whole()).count(), 1);
    let evicted = cache.prune(Prune::ToBytes(NO_LIMIT)).unwrap();
    assert_eq!(evicted.removed[0].id, bad);
    assert_eq!(ids(&cache), [good]);
    assert!(dir.path().join("notes").exists());
    assert!(!dir.path().join(".evicted-left-by-a-crash").exists());
}

#[test]
fn a_missing_or_damaged_recipe_file_is_written_again_on_use() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path(), NO_LIMIT).unwrap();
    let id = fill(&cache, "w", 0);
    let path = dir.path().join(id).join("recipe.json");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..20]).unwrap();
    assert!(cache.list().unwrap()[0].recipe.is_none());
    assert_eq!(open(&cache).len(), 10);
    assert_eq!(fs::read(&path).unwrap(), whole);
}
