//! Tables as people have them.

use std::path::Path;

use eosin_data::{IngestOptions, Manifest, find_images, read_manifest};
use tempfile::{TempDir, tempdir};

use crate::fixtures::write_text;

/// Empty files of these names beside a table.
fn folder(images: &[&str], table: impl AsRef<[u8]>) -> TempDir {
    let dir = tempdir().unwrap();
    for name in images {
        write_text(&dir.path().join(name), "");
    }
    std::fs::write(dir.path().join("t.csv"), table).unwrap();
    dir
}

fn read(dir: &Path) -> Result<Manifest, String> {
    let read = read_manifest(&dir.join("t.csv"), &IngestOptions::default());
    read.map_err(|error| error.to_string().replace(&dir.display().to_string(), "DIR"))
}

fn keys(manifest: &Manifest) -> Vec<&str> {
    manifest
        .patches
        .iter()
        .map(|patch| patch.key.as_str())
        .collect()
}

const IMAGES: [&str; 4] = ["img/a1.png", "img/a2.png", "img/b1.png", "img/b2.png"];

#[test]
fn every_encoding_and_delimiter_says_the_same() {
    let text = "path,label,patient\r\nimg/a1.png,x,M\u{fc}ller\r\nimg/b1.png,y,P2\r\n";
    let utf16 =
        |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(bytes).collect() };
    let latin: Vec<u8> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let tables = [
        text.as_bytes().to_vec(),
        [b"\xef\xbb\xbf", text.replace(',', ";").as_bytes()].concat(),
        text.replace(',', "\t").into_bytes(),
        text.replace(',', "|").into_bytes(),
        format!("sep=,\r\n{text}").into_bytes(),
        text.replace("\r\n", "\r").into_bytes(),
        latin,
        [&[0xff, 0xfe][..], &utf16(u16::to_le_bytes)].concat(),
        [&[0xfe, 0xff][..], &utf16(u16::to_be_bytes)].concat(),
        utf16(u16::to_le_bytes),
    ];
    for table in tables {
        let dir = folder(&IMAGES, &table);
        let manifest = read(dir.path()).unwrap();
        assert_eq!(manifest.class_counts(), [1, 1]);
        assert_eq!(
            manifest.patches[0].patient.as_deref(),
            Some("M\u{fc}ller"),
            "{table:?}"
        );
    }
}

#[test]
fn what_is_not_known_is_no_patient_and_no_class() {
    for word in [
        "NA", "NaN", "nan", "None", "null", "-", "", "n/a", "#N/A", "unknown",
    ] {
        let dir = folder(
            &IMAGES,
            format!("path,label,patient\nimg/a1.png,x,{word}\nimg/b1.png,y,P2\n"),
        );
        assert_eq!(read(dir.path()).unwrap().patches[0].patient, None, "{word}");
        let dir = folder(
            &IMAGES,
            format!("path,label\nimg/a1.png,x\nimg/b1.png,{word}\n"),
        );
        assert!(
            read(dir.path())
                .unwrap_err()
                .contains("line 3 ('img/b1.png') has no label"),
            "{word}"
        );
    }
}

#[test]
fn spellings_of_one_name_are_refused_with_both_and_their_lines() {
    for (one, other) in [
        ("benign", "Benign"),
        ("1", "1.0"),
        ("in situ", "in_situ"),
        ("01", "1"),
        ("pr\u{e4}", "pra\u{308}"),
    ] {
        let table = format!(
            "path,label\nimg/a1.png,{one}\nimg/a2.png,{one}\nimg/b1.png,{other}\nimg/b2.png,z\n"
        );
        let error = read(folder(&IMAGES, table).path()).unwrap_err();
        let part = format!("label '{one}' (line 2) and '{other}' (line 4)");
        assert!(
            error.contains(&part) && error.contains("write each in one way"),
            "{error}"
        );
    }
    let table = "path,label,patient\nimg/a1.png,x,P1\nimg/a2.png,x,p01\nimg/b1.png,y,P2\n";
    let error = read(folder(&IMAGES, table).path()).unwrap_err();
    assert!(
        error.contains("patient 'P1' (line 2) and 'p01' (line 3)"),
        "{error}"
    );
}

#[test]
fn names_are_matched_by_ending_case_separator_and_form_and_keys_are_the_tables() {
    for (a, b) in [
        ("a1", "b1"),
        ("D:\\study\\img\\a1.png", "D:\\study\\img\\b1.png"),
        ("IMG\\A1.PNG", "IMG\\B1.PNG"),
        ("/elsewhere/img/a1.png", "/elsewhere/img/b1.png"),
        ("a1.tif", "b1.tif"),
        ("../x/img/a1.png", "../x/img/b1.png"),
    ] {
        let dir = folder(&IMAGES, format!("id,label\n{a},x\n{b},y\n"));
        let manifest = read(dir.path()).unwrap();
        let mut expected = [a, b];
        expected.sort_unstable();
        assert_eq!(keys(&manifest), expected);
        let notes = manifest.notes.join("\n");
        assert!(notes.contains("column 'id' is read as 'path'"), "{notes}");
        assert!(notes.contains("2 of 2 names were found by"), "{notes}");
        let mut written = Vec::new();
        manifest.write_csv(&mut written).unwrap();
        std::fs::write(dir.path().join("t.csv"), written).unwrap();
        assert_eq!(keys(&read(dir.path()).unwrap()), expected, "read again");
    }
    let absolute = folder(&IMAGES, "");
    let at = absolute.path().join("img").display().to_string();
    std::fs::write(
        absolute.path().join("t.csv"),
        format!("path,label\n{at}/a1.png,x\n{at}/b1.png,y\n"),
    )
    .unwrap();
    assert_eq!(
        keys(&read(absolute.path()).unwrap())[0],
        format!("{at}/a1.png")
    );
}

#[test]
fn names_that_fit_no_image_or_several_are_refused() {
    let error =
        read(folder(&IMAGES, "path,label\nimg/a01.png,x\nimg/b1.png,y\n").path()).unwrap_err();
    assert!(
        error.starts_with("1 name has no image in ") && error.contains("t.csv: img/a01.png"),
        "{error}"
    );
    assert!(
        error.contains("the nearest to 'img/a01.png' in the folder is 'img/a1.png'"),
        "{error}"
    );
    let error = read(folder(&["p/1.png", "q/1.png"], "path,label\n1.png,x\n").path()).unwrap_err();
    assert!(
        error.contains("line 2 ('1.png') fits 2 images: p/1.png, q/1.png"),
        "{error}"
    );
    let error = read(folder(&IMAGES, "path,label\nimg/a1.png,x\na1,y\n").path()).unwrap_err();
    assert!(
        error.contains("line 2 ('img/a1.png') and line 3 ('a1') name one image"),
        "{error}"
    );
}

#[test]
fn a_header_below_a_title_is_pointed_at() {
    for (table, line) in [
        (
            "Study of patches;;\n;;\npath;label;patient\nimg/a1.png;x;P1\n",
            3,
        ),
        (
            "# made by a script\npath,label\nimg/a1.png,x\nimg/b1.png,y\n",
            2,
        ),
    ] {
        let error = read(folder(&IMAGES, table).path()).unwrap_err();
        let fix = format!("line {line} looks like the header: remove what stands above it");
        assert!(error.ends_with(&fix), "{error}");
    }
    let error = read(folder(&IMAGES, "img/a1.png,x\nimg/b1.png,y\n").path()).unwrap_err();
    assert!(
        error.ends_with("call the one to use 'path', in the first line"),
        "{error}"
    );
}

#[test]
fn rows_of_another_length_are_refused_by_line_unless_only_empty_cells_are_too_many() {
    let same = "path;label\nimg/a1.png;x;\nimg/b1.png;y;;\n;;;\n";
    let manifest = read(folder(&IMAGES, same).path()).unwrap();
    assert_eq!(manifest.class_counts(), [1, 1]);
    let error = read(folder(&IMAGES, "path,label\nimg/a1.png,x,P1\nimg/b1.png\n").path());
    assert_eq!(
        error.unwrap_err(),
        "DIR/t.csv has 2 rows with more or fewer cells, where the header has 2: line 2 has 3, line 3 \
         has 1; give each row a cell for each column"
    );
}

#[test]
fn what_is_no_table_is_named() {
    let error = read(folder(&IMAGES, b"PK\x03\x04").path()).unwrap_err();
    assert!(
        error.contains("Excel workbook") && error.contains("save it as CSV"),
        "{error}"
    );
    let json = r#"[{"path": "img/a1.png", "label": "x"}]"#;
    let error = read(folder(&IMAGES, json).path()).unwrap_err();
    assert!(
        error.contains("is JSON, not a table") && error.contains("save it as CSV"),
        "{error}"
    );
    let error = read(folder(&IMAGES, "path,label\n").path()).unwrap_err();
    assert!(error.contains("has no rows"), "{error}");
}

#[test]
fn images_without_class_folders_have_their_labels_in_a_table_beside_them() {
    let dir = folder(
        &["train/0a.tif", "train/0b.tif", "test/0c.tif"],
        "id,label\n0a,0\n0b,1\n",
    );
    write_text(
        &dir.path().join("sample_submission.csv"),
        "id,label\n0c,0\n",
    );
    let manifest = read_manifest(dir.path(), &IngestOptions::default()).unwrap();
    assert_eq!(keys(&manifest), ["0a", "0b"]);
    assert!(
        manifest
            .notes
            .iter()
            .any(|note| note.contains("labels are those of"))
    );
    write_text(&dir.path().join("more.csv"), "id,label\n0a,0\n0b,1\n");
    let error = read_manifest(dir.path(), &IngestOptions::default())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("several tables") && error.contains("more.csv"),
        "{error}"
    );
}

#[test]
fn parts_in_tables_may_be_called_otherwise() {
    let table =
        "path,label,subset\nimg/a1.png,x,Training\nimg/b1.png,y,training\nimg/b2.png,y,Testing\n";
    let manifest = read(folder(&IMAGES, table).path()).unwrap();
    assert_eq!(manifest.training_pool().len(), 2);
}

#[test]
fn what_is_predicted_is_found_by_tables_as_training_finds_it() {
    let predicted = |dir: &tempfile::TempDir, name: &str| {
        let found = find_images(&[dir.path().join(name)]).map_err(|error| error.to_string())?;
        let found = found.manifest;
        let files = found.patches.iter().map(|patch| {
            let file = patch.source.file().unwrap().file_name().unwrap();
            (patch.key.clone(), file.to_string_lossy().into_owned())
        });
        Ok::<_, String>((files.collect::<Vec<_>>(), found.notes.join("\n")))
    };
    let pair = |key: &str, file: &str| (key.to_owned(), file.to_owned());
    // No labels, in no order of names, in an old encoding.
    let table = "Pfad;Befund\nIMG\\B2.PNG;unverd\u{e4}chtig\na1;?\n";
    let latin: Vec<u8> = table
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let dir = folder(&IMAGES, latin);
    let (found, notes) = predicted(&dir, "t.csv").unwrap();
    assert_eq!(found, [pair("IMG\\B2.PNG", "b2.png"), pair("a1", "a1.png")]);
    assert!(notes.contains("2 images are those of"), "{notes}");
    assert!(notes.contains("read as windows-1252"), "{notes}");
    // A manifest stands for its folder; parts and labels count for nothing.
    let manifest = "key,path,label,split\none,img/a1.png,,who\ntwo,img/b1.png,NA,\n";
    write_text(&dir.path().join("manifest.csv"), manifest);
    let (found, notes) = predicted(&dir, "").unwrap();
    assert_eq!(found, [pair("one", "a1.png"), pair("two", "b1.png")]);
    assert!(
        notes.contains("2 columns are not used: label, split"),
        "{notes}"
    );
    std::fs::remove_file(dir.path().join("manifest.csv")).unwrap();
    // Class folders need no table; images that lie loose take theirs.
    std::fs::remove_file(dir.path().join("t.csv")).unwrap();
    write_text(&dir.path().join("img/labels.csv"), "id,label\na1,0\na2,1\n");
    let (found, notes) = predicted(&dir, "img").unwrap();
    assert_eq!(found, [pair("a1", "a1.png"), pair("a2", "a2.png")]);
    assert!(
        notes.contains("2 images in the folder are not used"),
        "{notes}"
    );
    write_text(&dir.path().join("img/more.csv"), "id,label\na1,0\n");
    // Which of several is right does not matter where no label is wanted.
    let (found, notes) = predicted(&dir, "img").unwrap();
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(
        notes.contains("img/more.csv hold labels, and none of them is used"),
        "{notes}"
    );
    write_text(&dir.path().join("t.csv"), "path\nimg/a1.png\nimg/a1.png\n");
    let error = predicted(&dir, "t.csv").unwrap_err();
    assert!(
        error.contains("1 key occurs more than once: img/a1.png"),
        "{error}"
    );
    write_text(&dir.path().join("notes.txt"), "taken on Monday\n");
    let notes = predicted(&dir, "notes.txt").unwrap().0;
    assert_eq!(notes[0].1, "notes.txt", "an image, and a bad one");
    write_text(&dir.path().join("list.txt"), "image\nimg/a1.png\n");
    let (found, _) = predicted(&dir, "list.txt").unwrap();
    assert_eq!(found, [pair("img/a1.png", "a1.png")]);
    write_text(
        &dir.path().join("t.csv"),
        "path\nimg/a1.png\nimg/gone.png\n",
    );
    let error = predicted(&dir, "t.csv").unwrap_err();
    assert!(
        error.contains("t.csv: img/gone.png; correct the name"),
        "{error}"
    );
}
