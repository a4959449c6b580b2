//! The direction of dependencies between crates, held to the crate table of `ARCHITECTURE.md`.
//!
//! A crate imports the crates that its row names. Its tests may also use any crate of a row above
//! it. Rows name only crates of rows above them, so nothing can go round in a circle.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// The file that holds the table.
const FILE: &str = "ARCHITECTURE.md";
/// The table's header.
const HEADER: [&str; 3] = ["crate", "holds", "imports"];
/// What stands where a crate imports none.
const NOTHING: &str = "-";

/// Reads every crate's `Cargo.toml` and refuses an import that the table does not allow.
pub fn check(root: &Path) -> Result<()> {
    let text =
        std::fs::read_to_string(root.join(FILE)).with_context(|| format!("cannot read {FILE}"))?;
    let table = parse_table(&text)?;
    let mut crates = Vec::new();
    for entry in std::fs::read_dir(root.join("crates"))? {
        let path = entry?.path().join("Cargo.toml");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        crates.push(Crate::parse(&text).with_context(|| format!("in {}", path.display()))?);
    }
    let wrong = violations(&table, &crates);
    if !wrong.is_empty() {
        bail!(
            "{FILE}'s crate table is not kept:\n  {}",
            wrong.join("\n  ")
        );
    }
    Ok(())
}

/// A row of the table.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    name: String,
    imports: BTreeSet<String>,
}

/// What a crate's `Cargo.toml` asks for of this workspace.
#[derive(Debug, PartialEq, Eq)]
struct Crate {
    name: String,
    imports: BTreeSet<String>,
    in_tests: BTreeSet<String>,
}

impl Crate {
    fn parse(text: &str) -> Result<Self> {
        let manifest: toml::Table = text.parse()?;
        let name = manifest
            .get("package")
            .and_then(|package| package.get("name"));
        let name = name
            .and_then(toml::Value::as_str)
            .context("no package.name")?;
        let of = |kinds: &[&str]| {
            let tables = kinds
                .iter()
                .filter_map(|kind| manifest.get(*kind)?.as_table());
            let names = tables.flat_map(toml::Table::keys);
            names
                .filter(|name| name.starts_with("eosin"))
                .cloned()
                .collect()
        };
        Ok(Self {
            name: name.to_owned(),
            imports: of(&["dependencies", "build-dependencies"]),
            in_tests: of(&["dev-dependencies"]),
        })
    }
}

/// The rows of the crate table, in their order. `core` in the last column is `eosin-core`.
fn parse_table(text: &str) -> Result<Vec<Row>> {
    let mut lines = text
        .lines()
        .skip_while(|line| cells(line) != HEADER)
        .skip(1);
    if lines.next().is_none() {
        bail!("{FILE} has no table | {} |", HEADER.join(" | "));
    }
    let mut rows: Vec<Row> = Vec::new();
    for line in lines.take_while(|line| line.starts_with('|')) {
        let cells = cells(line);
        let [name, _, imports] = cells.as_slice() else {
            bail!("{FILE}: a row of the crate table has not three columns: {line}");
        };
        let imports = imports.split(',').map(str::trim);
        let imports = imports.filter(|import| *import != NOTHING);
        rows.push(Row {
            name: name.trim_matches('`').to_owned(),
            imports: imports.map(|import| format!("eosin-{import}")).collect(),
        });
    }
    Ok(rows)
}

fn cells(line: &str) -> Vec<&str> {
    let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
    inner.split('|').map(str::trim).collect()
}

/// Every way in which the crates, or the table itself, do not keep the table.
fn violations(table: &[Row], crates: &[Crate]) -> Vec<String> {
    let mut wrong = Vec::new();
    let above = |name: &str| -> Option<BTreeSet<&str>> {
        let at = table.iter().position(|row| row.name == name)?;
        Some(table[..at].iter().map(|row| row.name.as_str()).collect())
    };
    for row in table {
        let above = above(&row.name).unwrap_or_default();
        for import in row
            .imports
            .iter()
            .filter(|name| !above.contains(name.as_str()))
        {
            wrong.push(format!(
                "{} names {import}, which no row above it is",
                row.name
            ));
        }
    }
    for one in crates {
        let Some(row) = table.iter().find(|row| row.name == one.name) else {
            wrong.push(format!("{} has no row in the table; add one", one.name));
            continue;
        };
        for import in one.imports.difference(&row.imports) {
            wrong.push(format!(
                "{} must not import {import}: its row does not name it",
                one.name
            ));
        }
        for import in row.imports.difference(&one.imports) {
            wrong.push(format!(
                "{} does not import {import}, which its row names",
                one.name
            ));
        }
        let above = above(&one.name).unwrap_or_default();
        for import in one
            .in_tests
            .iter()
            .filter(|name| !above.contains(name.as_str()))
        {
            wrong.push(format!(
                "{} must not use {import} in its tests: no row above it is {import}",
                one.name
            ));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "text\n\n| crate | holds | imports |\n|---|---|---|\n\
        | `eosin-core` | words | - |\n| `eosin-data` | patches | core |\n\
        | `eosin-train` | loops | core, data |\n\nmore\n";

    fn of(name: &str, imports: &str, in_tests: &str) -> Crate {
        let table = |words: &str| -> String {
            let words = words.split_whitespace();
            let lines = words.map(|word| format!("{word}.workspace = true"));
            lines.collect::<Vec<_>>().join("\n")
        };
        let text = format!(
            "[package]\nname = \"{name}\"\n[dependencies]\nserde.workspace = true\n{}\n\
             [dev-dependencies]\n{}",
            table(imports),
            table(in_tests)
        );
        Crate::parse(&text).expect("a manifest")
    }

    fn wrong(table: &str, one: &Crate) -> Vec<String> {
        let table = parse_table(table).expect("a table");
        violations(&table, std::slice::from_ref(one))
    }

    #[test]
    fn this_workspace_keeps_its_table() {
        check(&crate::root()).expect("the table is kept");
    }

    #[test]
    fn imports_that_the_row_names_are_allowed_and_tests_may_use_any_row_above() {
        let none: [String; 0] = [];
        assert_eq!(
            wrong(TABLE, &of("eosin-data", "eosin-core", "eosin-core")),
            none
        );
        assert_eq!(
            wrong(TABLE, &of("eosin-train", "eosin-core eosin-data", "")),
            none
        );
        assert_eq!(wrong(TABLE, &of("eosin-core", "", "")), none);
    }

    #[test]
    fn an_import_that_the_row_does_not_name_is_refused() {
        let said = wrong(TABLE, &of("eosin-core", "eosin-data", ""));
        assert_eq!(
            said,
            ["eosin-core must not import eosin-data: its row does not name it"]
        );
        let said = wrong(TABLE, &of("eosin-data", "eosin-core", "eosin-train"));
        assert_eq!(
            said,
            ["eosin-data must not use eosin-train in its tests: no row above it is eosin-train"]
        );
    }

    #[test]
    fn a_table_that_says_too_much_or_too_little_is_refused() {
        let said = wrong(TABLE, &of("eosin-data", "", ""));
        assert_eq!(
            said,
            ["eosin-data does not import eosin-core, which its row names"]
        );
        let said = wrong(TABLE, &of("eosin-new", "", ""));
        assert_eq!(said, ["eosin-new has no row in the table; add one"]);
        let upward = TABLE.replace("| words | - |", "| words | train |");
        let said = wrong(&upward, &of("eosin-core", "eosin-train", ""));
        assert_eq!(
            said,
            ["eosin-core names eosin-train, which no row above it is"]
        );
        assert!(parse_table("no table").is_err());
    }
}
