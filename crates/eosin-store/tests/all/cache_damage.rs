//! Whatever happens to the file, the cache serves right values, none, or a clear error.

use std::fs;

use crate::support::{
    NO_LIMIT, WIDTH, batch, child, child_dir, image, open, reads_back, recipe, records_path, text,
    values,
};
use eosin_core::config::CacheDtype;
use eosin_store::cache::Cache;

#[test]
fn embeddings_come_back_as_they_were_written() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path(), NO_LIMIT).unwrap();
    let mut entry = open(&cache);
    assert!(entry.is_empty());
    assert_eq!(entry.append(&batch([3, 1, 3, 2])).unwrap(), 3);
    assert_eq!(entry.append(&batch([2, 4])).unwrap(), 1);
    drop(entry);
    let entry = open(&cache);
    assert_eq!(entry.len(), 4);
    assert!((1..=4).all(|index| reads_back(&entry, index)));
    assert!(!entry.contains(&image(5)) && !reads_back(&entry, 5));
}

#[test]
fn half_precision_rounds_each_value_to_the_nearest() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path(), NO_LIMIT).unwrap();
    let mut entry = cache.entry(&recipe("w", CacheDtype::F16), 37).unwrap();
    let stored = values(7, 37);
    entry.append(&[(image(7), stored.clone())]).unwrap();
    let reader = entry.reader().unwrap();
    let slot = reader.slot(&image(7)).unwrap();
    assert!(reader.row_f32(slot).is_none());
    let mut row = vec![0.0; 37];
    reader.copy_into(slot, &mut row);
    let wanted = stored.iter().map(|v| half::f16::from_f32(*v).to_f32());
    let wanted: Vec<f32> = wanted.collect();
    assert_eq!(row, wanted);
    assert_eq!(reader.get(&image(7)).unwrap().to_vec(), wanted);
}

#[test]
fn a_flipped_byte_anywhere_is_never_served_and_is_repaired_in_place() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path(), NO_LIMIT).unwrap();
    let mut entry = open(&cache);
    entry.append(&batch(0..3)).unwrap();
    let path = records_path(&entry);
    drop(entry);
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut bad = whole.clone();
        bad[at] ^= 0x10;
        fs::write(&path, &bad).unwrap();
        if at < 64 {
            let error = cache.entry(&recipe("w", CacheDtype::F32), WIDTH);
            let error = error.unwrap_err().to_string();
            assert!(error.contains("records.bin: it"), "{error}");
            assert!(error.contains("delete the folder"), "{error}");
            continue;
        }
        let mut entry = open(&cache);
        let found = (0..3).filter(|index| reads_back(&entry, *index)).count();
        assert_eq!((found, entry.damaged().len()), (2, 1), "byte {at}");
        assert_eq!(entry.append(&batch(0..3)).unwrap(), 1);
        assert!((0..3).all(|index| reads_back(&entry, index)));
        assert!(entry.damaged().is_empty());
        assert!(fs::read(&path).unwrap() == whole, "byte {at}");
    }
}

#[test]
fn a_record_that_nobody_asks_for_again_gives_its_place_to_another() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path(), NO_LIMIT).unwrap();
    let mut entry = open(&cache);
    entry.append(&batch(0..3)).unwrap();
    let path = records_path(&entry);
    let mut bytes = fs::read(&path).unwrap();
    let len = bytes.len();
    bytes[70] ^= 1;
    bytes[len - 1] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let mut entry = open(&cache);
    assert_eq!(entry.damaged().len(), 2);
    entry.append(&batch([7, 2, 8])).unwrap();
    let stride = (len - 64) / 3;
    assert_eq!(fs::read(&path).unwrap().len(), len + stride);
    let entry = open(&cache);
    assert!([1, 2, 7, 8].iter().all(|index| reads_back(&entry, *index)));
    assert!(!entry.contains(&image(0)) && entry.damaged().is_empty());
}

#[test]
fn a_tail_cut_at_any_byte_is_ignored_then_removed() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path(), NO_LIMIT).unwrap();
    let mut entry = open(&cache);
    entry.append(&batch(0..2)).unwrap();
    let path = records_path(&entry);
    drop(entry);
    let whole = fs::read(&path).unwrap();
    let stride = (whole.len() - 64) / 2;
    for cut in 64 + stride..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let report = &cache.verify().unwrap()[0];
        assert_eq!(report.partial_bytes, cut - 64 - stride);
        let mut entry = open(&cache);
        assert_eq!(entry.len(), 1);
        assert!(entry.damaged().is_empty());
        assert_eq!(entry.append(&batch(0..2)).unwrap(), 1);
        assert!(fs::read(&path).unwrap() == whole, "cut at {cut}");
    }
    fs::write(&path, &whole[..40]).unwrap();
    let error = cache
        .entry(&recipe("w", CacheDtype::F32), WIDTH)
        .unwrap_err();
    assert!(error.to_string().contains("has 40 of 64 bytes"), "{error}");
}

#[test]
fn another_width_is_an_error_that_names_the_file_and_the_fix() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path(), NO_LIMIT).unwrap();
    drop(open(&cache));
    let error = cache.entry(&recipe("w", CacheDtype::F32), 9).unwrap_err();
    let error = error.to_string();
    let wanted = "records.bin: it holds embeddings of 40 f32 values, and 9 f32 are asked";
    assert!(error.contains(wanted), "{error}");
    assert!(error.contains("delete the folder"), "{error}");
}

#[test]
fn a_payload_that_does_not_fit_leaves_the_file_alone() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path(), NO_LIMIT).unwrap();
    let mut entry = open(&cache);
    let mut bad = batch(0..2);
    bad[1].1.pop();
    let error = entry.append(&bad).unwrap_err().to_string();
    assert!(
        error.contains("comes with 39 values; this entry holds 40"),
        "{error}"
    );
    bad[1].1.push(f32::INFINITY);
    assert!(entry.append(&bad).is_err());
    assert_eq!(fs::metadata(records_path(&entry)).unwrap().len(), 64);
}

/// Under `ulimit -f 8`, 4096 bytes where the unit is 512: the header, 15 records of 256 bytes and a
/// part of one. The signal for a too large file is ignored, so that the write fails as on a full
/// disk.
#[cfg(unix)]
#[test]
fn a_full_disk_keeps_whole_records_and_says_so() {
    if let Some(dir) = child_dir() {
        let cache = Cache::open(dir, NO_LIMIT).unwrap();
        let mut entry = open(&cache);
        let error = entry.append(&batch(0..100)).unwrap_err();
        println!("error: {error}");
        println!(
            "there: {}",
            (0..100).filter(|i| reads_back(&entry, *i)).count()
        );
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let name = "cache_damage::a_full_disk_keeps_whole_records_and_says_so";
    let output = child(name, "trap '' XFSZ; ulimit -f 8;", dir.path())
        .output()
        .unwrap();
    let text = text(&output);
    assert!(output.status.success(), "{text}");
    let cache = Cache::open(dir.path(), NO_LIMIT).unwrap();
    let mut entry = open(&cache);
    let kept = entry.len();
    assert!((1..100).contains(&kept), "{text}");
    assert!(
        text.contains(&format!("{kept} of the last 100 were kept")),
        "{text}"
    );
    assert!(text.contains(&format!("there: {kept}")), "{text}");
    assert!(cache.verify().unwrap()[0].is_whole());
    assert_eq!(entry.append(&batch(0..100)).unwrap(), 100 - kept);
    assert!((0..100).all(|index| reads_back(&entry, index)));
}

/// As above, but the signal kills the child in the middle of its write.
#[cfg(unix)]
#[test]
fn a_process_killed_in_the_middle_of_a_write_loses_one_record_at_most() {
    if let Some(dir) = child_dir() {
        let mut entry = open(&Cache::open(dir, NO_LIMIT).unwrap());
        for index in 0..100 {
            entry.append(&batch([index])).unwrap();
            println!("written: {index}");
        }
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let name = "cache_damage::a_process_killed_in_the_middle_of_a_write_loses_one_record_at_most";
    let output = child(name, "ulimit -f 9;", dir.path()).output().unwrap();
    let text = text(&output);
    assert!(!output.status.success(), "{text}");
    let written = text.matches("written: ").count();
    assert!((1..100).contains(&written), "{text}");
    let cache = Cache::open(dir.path(), NO_LIMIT).unwrap();
    let mut entry = open(&cache);
    assert!((0..written).all(|index| reads_back(&entry, index)));
    entry.append(&batch(0..100)).unwrap();
    assert!((0..100).all(|index| reads_back(&entry, index)));
    assert!(cache.verify().unwrap()[0].is_whole());
}
