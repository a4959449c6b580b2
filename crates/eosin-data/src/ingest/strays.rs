//! What lies in folders of patches and is none: one list for every reader.

use std::io::Read as _;
use std::path::Path;

/// Names, in lower case, that systems and tools leave behind.
const NAMES: &[&str] = &[
    "__macosx",
    "__pycache__",
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "$recycle.bin",
    "recycler",
    "system volume information",
    "lost+found",
    "@eadir",
    "#recycle",
    "#snapshot",
    "node_modules",
    "icon\r",
    ".ds_store",
    ".ipynb_checkpoints",
    ".spotlight-v100",
    ".trashes",
    ".fseventsd",
    ".appledouble",
];

/// Files by which a folder that eosin wrote is known: any of these sets, whole.
const OWN: &[&[&str]] = &[
    &["run.json"],
    &["start.json", "config.toml"],
    &["run.lock", "config.toml"],
    &["ablation.json"],
    &["recipe.json", "records.bin"],
];

/// Endings of files that people keep beside patches; a folder of these alone is no class.
const WORK: &[&str] = &[
    "ipynb",
    "py",
    "pyc",
    "r",
    "rmd",
    "rdata",
    "m",
    "mat",
    "jl",
    "sh",
    "bat",
    "ps1",
    "js",
    "html",
    "css",
    "json",
    "jsonl",
    "toml",
    "yaml",
    "yml",
    "csv",
    "tsv",
    "xls",
    "xlsx",
    "ods",
    "log",
    "pth",
    "pt",
    "ckpt",
    "onnx",
    "safetensors",
    "pkl",
    "bin",
    "db",
    "sqlite",
    "lock",
    "xml",
    "geojson",
    "qpproj",
    "qpdata",
    "out",
    "err",
    "pdf",
    "docx",
    "pptx",
];

/// The keyword that eosin puts into the pictures it writes.
pub const PICTURE_MARK: &str = "Software\0eosin";

/// What an entry is when it is no patch and no folder of patches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stray {
    /// Left behind by a system or tool, and counted.
    LeftBehind,
    /// Hidden by whoever put it there.
    Hidden,
}

/// What `name` says of an entry, if it is a stray.
pub(super) fn stray(name: &str) -> Option<Stray> {
    let small = name.to_lowercase();
    if NAMES.contains(&small.as_str()) || name.starts_with("._") {
        return Some(Stray::LeftBehind);
    }
    name.starts_with('.').then_some(Stray::Hidden)
}

/// Whether eosin wrote the folder that holds entries of these names.
pub(super) fn is_own_folder(has: impl Fn(&str) -> bool) -> bool {
    OWN.iter().any(|set| set.iter().all(|name| has(name)))
}

/// Whether files of this ending are kept beside patches and never are any.
pub(super) fn is_work(ending: &str) -> bool {
    WORK.contains(&ending)
}

/// Whether eosin made the picture, a contact sheet for example.
pub(super) fn is_own_picture(path: &Path) -> bool {
    let mut start = [0; 128];
    let read = std::fs::File::open(path).and_then(|mut file| file.read(&mut start));
    let mark = PICTURE_MARK.as_bytes();
    read.is_ok_and(|n| start[..n].windows(mark.len()).any(|window| window == mark))
}
