//! What is refused, and that the error names the thing and the fix.

use crate::common::{all, refused};

/// Fixtures and a part of each one's error.
fn assert_refused(cases: &[(&str, &str)]) {
    for (name, part) in cases {
        let error = refused(name);
        assert!(error.contains(part), "{name}: {error}");
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn every_hostile_fixture_is_refused() {
    for (name, _) in all("hostile") {
        let error = refused(&name);
        assert!(error.len() < 600, "{error}");
        assert!(!error.contains(char::is_control), "{error:?}");
    }
}

#[test]
fn a_pickle_that_asks_for_code_is_refused_by_its_name() {
    assert_refused(&[
        (
            "hostile/os_system.pth",
            "refused: the pickle asks for `os.system`; no weights need that",
        ),
        ("hostile/builtins_eval.pth", "`builtins.eval`"),
        ("hostile/plain_os_system.pkl", "`os.system`"),
        ("hostile/getattr_chain.pth", "`__builtin__.getattr`"),
        (
            "hostile/module.pth",
            "`__main__.Net`; it holds a whole Python object",
        ),
        ("hostile/build_tensor.pth", "object that has attributes"),
    ]);
}

#[test]
fn bombs_are_refused() {
    assert_refused(&[
        (
            "hostile/billion_laughs.pth",
            "a list and no tensors by name",
        ),
        ("hostile/nested_dicts.pth", "tensors by name"),
        ("hostile/cycle.pth", "no tensors by name"),
        ("hostile/marks.pth", "more than 1000 levels"),
        ("hostile/copied_dicts.pth", "entries in copies of dicts"),
        ("hostile/memo_gap.pth", "memo entry"),
        ("hostile/long_text.pth", "breaks off"),
        ("hostile/stride0_bomb.pth", "repeats its storage"),
        ("hostile/many_bombs.pth", "repeats its storage"),
        (
            "hostile/huge_header.safetensors",
            "its header has 99999999 bytes, but only 1 follow",
        ),
    ]);
}

#[test]
fn tensors_that_lie_about_their_storage_are_refused() {
    assert_refused(&[
        ("hostile/shape_overflow.pth", "impossible shape"),
        ("hostile/stride_overflow.pth", "of a storage of 4"),
        ("hostile/offset_overflow.pth", "of a storage of 4"),
        ("hostile/negative_size.pth", "number from 0"),
        ("hostile/negative_stride.pth", "number from 0"),
        ("hostile/negative_offset.pth", "number from 0"),
        (
            "hostile/beyond_storage.pth",
            "reaches to element 4 of a storage of 4",
        ),
        ("hostile/storage_too_long.pth", "but the file has 16"),
        (
            "hostile/no_storage.pth",
            "storage '7', which is not in the file",
        ),
        ("hostile/strides_missing.pth", "stride for each axis"),
        ("hostile/many_axes.pth", "at most 16 parts"),
        (
            "hostile/name_twice.pth",
            "tensor 'w' of hostile/name_twice.pth is there twice",
        ),
        ("hostile/control_name.pth", "control characters"),
    ]);
}

#[test]
fn archives_that_torch_save_does_not_write_are_refused() {
    assert_refused(&[
        ("hostile/compressed.pth", "is compressed; save it again"),
        ("hostile/torchscript.pth", "torch.jit.load"),
        ("hostile/torchscript_real.pth", "torch.jit.load"),
        ("hostile/torchscript_code.pth", "torch.jit.load"),
        ("hostile/big_endian.pth", "big-endian"),
        ("hostile/big_endian_legacy.pth", "big-endian"),
        ("hostile/no_pickle.zip", "data.pkl"),
        ("hostile/overlap.pth", "another name than in the directory"),
        (
            "hostile/entry_twice.pth",
            "entry 'archive/data/0' is there twice",
        ),
        ("hostile/trailing_legacy.pth", "4 bytes follow"),
        ("hostile/plain_pickle.pkl", "plain pickle"),
    ]);
}

#[test]
fn damaged_safetensors_are_refused() {
    assert_refused(&[
        ("hostile/overlapping.safetensors", "overlap or leave a gap"),
        (
            "hostile/gap.safetensors",
            "'b' begins at byte 8 of the body, but the tensors before it end at 4",
        ),
        ("hostile/backwards.safetensors", "overlap or leave a gap"),
        ("hostile/key_twice.safetensors", "'a' is there twice"),
        ("hostile/field_twice.safetensors", "duplicate field"),
        ("hostile/shape_overflow.safetensors", "impossible shape"),
        (
            "hostile/wrong_length.safetensors",
            "F32 [1], 4 bytes, but its place has 8",
        ),
        (
            "hostile/trailing.safetensors",
            "its tensors take 4 bytes, but 8 follow",
        ),
        ("hostile/negative.safetensors", "header is invalid"),
        (
            "hostile/integers.safetensors",
            "no tensors by name at the top; there are none of floating-point numbers",
        ),
        ("hostile/deep.safetensors", "header is invalid"),
        ("hostile/four_bit.safetensors", "tensor 'a' is F4"),
    ]);
}

#[test]
fn other_files_are_named_for_what_they_are() {
    assert_refused(&[
        ("hostile/empty.pth", "it is empty"),
        ("hostile/page.pth", "web page"),
        ("hostile/pointer.pth", "git lfs pull"),
    ]);
}

#[test]
fn tensors_that_no_classifier_has_are_refused_by_their_name() {
    for suffix in ["zip.pth", "legacy.pth"] {
        for (name, part) in [
            ("not_finite", "tensor 'w' of"),
            ("not_finite", "holds NaN at index 2"),
            ("too_wide", "holds 1e300 at index 1"),
            ("kinds", "tensor 'sparse'"),
            ("negated", "negated or conjugated"),
            ("ambiguous", "left, right all hold tensors by name"),
            ("tensor", "holds a tensor and no tensors by name"),
            ("list", "holds a list and no tensors by name"),
        ] {
            let error = refused(&format!("saved/{name}.{suffix}"));
            assert!(error.contains(part), "{error}");
        }
    }
}

/// A file of the older format whose object's pickle is `object`, without storages.
fn legacy(object: &[u8]) -> Vec<u8> {
    let start =
        b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}.";
    [start, b"\x80\x02".as_slice(), object, b".\x80\x02]."].concat()
}

#[test]
fn a_long_text_used_many_times_costs_no_more_than_once() {
    let long = 1_u32 << 20;
    let mut text = [b"X".as_slice(), &long.to_le_bytes()].concat();
    text.resize(text.len() + long as usize, b'k');
    let storage = b"(X\x07\0\0\0storagectorch\nFloatStorage\nh\x00X\x03\0\0\0cpuK\x00tQ";
    let inner = b"}q\x01X\x01\0\0\0wctorch._utils\n_rebuild_qtensor\n)Rs";
    let cases = [
        // The long key before dicts with a tensor, and as the key of storages.
        [
            &text,
            b"q\x00".as_slice(),
            inner,
            b"](",
            &b"h\x00h\x01".repeat(200_000),
            b"e",
        ]
        .concat(),
        [
            &text,
            b"q\x00".as_slice(),
            inner,
            b"}(",
            &b"h\x00h\x01".repeat(200_000),
            b"u",
        ]
        .concat(),
        [&text, b"q\x00](".as_slice(), &storage.repeat(10_000), b"e"].concat(),
    ];
    for object in cases {
        let started = std::time::Instant::now();
        let read = eosin_weights::WeightFile::parse("file", &legacy(&object));
        assert!(read.is_err());
        assert!(
            started.elapsed().as_secs() < 5,
            "{:?}: {read:?}",
            started.elapsed()
        );
    }
}
