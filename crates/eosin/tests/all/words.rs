//! What the program's texts name: every flag that a message tells a user to give, and every key of
//! the configuration, is one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use eosin_core::Config;

const CRATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Sections of the configuration, without those that are also names of files and folders here.
const SECTIONS: [&str; 8] = [
    "data", "split", "backbone", "augment", "train", "cache", "predict", "judge",
];

/// Words that look like a key and are files.
const FILES: [&str; 6] = ["csv", "json", "lock", "pkl", "png", "toml"];

/// Words that look like a flag and are properties of the report's style.
const PROPERTIES: [&str; 1] = ["tint"];

/// The text literals of a source file, up to its tests, with the line that each begins in.
fn literals(source: &str) -> Vec<(usize, String)> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let (mut found, mut line) = (Vec::new(), 1);
    let mut rest = source.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' => line += 1,
            '/' if rest.peek() == Some(&'/') => {
                while rest.peek().is_some_and(|c| *c != '\n') {
                    rest.next();
                }
            }
            '\'' => {
                // A character, or a lifetime, which has no end.
                let mut ahead = rest.clone();
                match (ahead.next(), ahead.next()) {
                    (Some('\\'), Some(_)) => {
                        rest.by_ref().take(2).for_each(drop);
                        while rest.next().is_some_and(|c| c != '\'') {}
                    }
                    (Some(_), Some('\'')) => rest.by_ref().take(2).for_each(drop),
                    _ => {}
                }
            }
            '"' => {
                let (begin, mut text) = (line, String::new());
                while let Some(c) = rest.next() {
                    match c {
                        '"' => break,
                        '\\' => match rest.next() {
                            Some('\n') => {
                                line += 1;
                                while rest.peek().is_some_and(|c| c.is_whitespace()) {
                                    line += usize::from(rest.next() == Some('\n'));
                                }
                            }
                            _ => text.push(' '),
                        },
                        c => {
                            line += usize::from(c == '\n');
                            text.push(c);
                        }
                    }
                }
                found.push((begin, text));
            }
            _ => {}
        }
    }
    found
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            into.push(path);
        }
    }
}

/// Every text of every crate, with its place.
fn texts() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(CRATES).expect("the crates") {
        sources(&entry.expect("a crate").path().join("src"), &mut files);
    }
    files.sort();
    let mut texts = Vec::new();
    for file in files {
        let source = std::fs::read_to_string(&file).expect("a source file");
        for (line, text) in literals(&source) {
            texts.push((format!("{}:{line}", file.display()), text));
        }
    }
    assert!(texts.len() > 1000, "only {} texts", texts.len());
    texts
}

/// The words after each `mark` in `text` that consist of lower-case letters, digits and `also`.
fn words_after<'a>(text: &'a str, mark: &'a str, also: char) -> impl Iterator<Item = &'a str> {
    text.match_indices(mark).filter_map(move |(at, _)| {
        let before = text[..at].chars().next_back();
        let rest = &text[at + mark.len()..];
        let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == also;
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let inside = before.is_some_and(|c| c.is_alphanumeric() || "-_./".contains(c));
        (!inside && end > 0).then(|| &rest[..end])
    })
}

/// The flags in the help of a command and of all commands below it.
fn flags_of(command: &[String], flags: &mut BTreeSet<String>) {
    let program = env!("CARGO_BIN_EXE_eosin");
    let help = Command::new(program).args(command).arg("--help").output();
    let help = String::from_utf8(help.expect("the help").stdout).expect("UTF-8");
    flags.extend(words_after(&help, "--", '-').map(str::to_owned));
    let commands = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    let lines = commands.lines().take_while(|line| !line.is_empty());
    for name in lines.filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next()) {
        if name != "help" {
            flags_of(&[command, &[name.to_owned()]].concat(), flags);
        }
    }
}

#[test]
fn every_flag_that_a_text_names_exists() {
    let mut flags = BTreeSet::new();
    flags_of(&[], &mut flags);
    assert!(flags.contains("weights-prefix") && flags.contains("backbone"));
    let mut wrong = Vec::new();
    for (place, text) in texts() {
        for flag in words_after(&text, "--", '-') {
            if !flags.contains(flag) && !PROPERTIES.contains(&flag) {
                wrong.push(format!("{place}: --{flag}"));
            }
        }
    }
    assert!(wrong.is_empty(), "no such flag: {wrong:#?}");
}

#[test]
fn every_key_that_a_text_names_exists() {
    let mut wrong = Vec::new();
    for (place, text) in texts() {
        for section in SECTIONS {
            let mark = format!("{section}.");
            for key in words_after(&text, &mark, '_') {
                let parsed = Config::from_toml(&format!("[{section}]\n{key} = 0"));
                let unknown = parsed.is_err_and(|error| error.to_string().contains("unknown key"));
                if unknown && !FILES.contains(&key) {
                    wrong.push(format!("{place}: {section}.{key}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "no such key: {wrong:#?}");
}
