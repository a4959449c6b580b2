//! The columns of a table, by their roles.

use super::header::{header_below, misplaced_header};
use super::role::{OTHERS, Role, joined};
use super::{Table, TableError};
use crate::listed::listed;

/// Where the column of a role is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub at: usize,
    /// Whether it bears another name.
    pub renamed: bool,
}

impl Table {
    /// The column of this role, by its proper name or else another.
    ///
    /// # Errors
    /// When several columns may be it.
    pub fn find(&self, role: Role) -> Result<Option<usize>, TableError> {
        Ok(self.find_named(role)?.map(|found| found.at))
    }

    pub(super) fn find_named(&self, role: Role) -> Result<Option<Found>, TableError> {
        let header: Vec<String> = self.header.iter().map(|name| joined(name)).collect();
        let named = |word: &str| {
            let is = |at: &usize| header[*at] == word;
            (0..header.len()).filter(is).collect::<Vec<usize>>()
        };
        let ambiguous = |columns: Vec<usize>| TableError::AmbiguousColumn {
            path: self.path.clone(),
            column: role.name(),
            found: columns.iter().map(|at| self.header[*at].clone()).collect(),
        };
        match named(role.name()).as_slice() {
            [] => {}
            [at] => {
                return Ok(Some(Found {
                    at: *at,
                    renamed: false,
                }));
            }
            several => return Err(ambiguous(several.to_vec())),
        }
        let others: Vec<usize> = OTHERS[&role].iter().flat_map(|word| named(word)).collect();
        match others.as_slice() {
            [] => Ok(None),
            // A wrong path names no files, which is refused; a wrong site divides a table, which says its name.
            [at, ..] if others.len() == 1 || matches!(role, Role::Path | Role::Site) => {
                Ok(Some(Found {
                    at: *at,
                    renamed: true,
                }))
            }
            _ => Err(ambiguous(others)),
        }
    }

    /// As [`find`](Self::find), of a column that must be there.
    ///
    /// # Errors
    /// When it is not, or several may be it.
    pub fn require(&self, role: Role) -> Result<usize, TableError> {
        let header = || self.header.iter().map(String::as_str);
        self.find(role)?.ok_or_else(|| TableError::MissingColumn {
            path: self.path.clone(),
            column: role.name(),
            found: listed(&header().filter(|name| !name.is_empty()).collect::<Vec<_>>()),
            fix: self.fix_of_header(role),
        })
    }

    fn fix_of_header(&self, role: Role) -> String {
        if let Some(line) = misplaced_header(&self.header, &self.rows) {
            return header_below(line);
        }
        if role == Role::Label
            && let Some(columns) = self.one_of_several()
        {
            return format!(
                "of the columns {} one is 1 in each row: write its name into a column 'label'",
                listed(&columns)
            );
        }
        let names = self.header.iter().map(String::as_str);
        match eosin_core::choice::nearest(role.name(), names) {
            Some(near) => format!("rename '{near}' to '{}'", role.name()),
            None => format!("call the one to use '{}', in the first line", role.name()),
        }
    }

    /// The columns of zeros and ones, when each row has just one 1 among them.
    fn one_of_several(&self) -> Option<Vec<&str>> {
        let value = |row: &super::Row, at: usize| super::parse_number(row.cells.get(at)?);
        let is_flag = |at: &usize| {
            let mut values = self.rows.iter().map(|row| value(row, *at));
            values.all(|value| matches!(value, Some(0.0 | 1.0)))
        };
        let flags: Vec<usize> = (0..self.header.len()).filter(is_flag).collect();
        let ones = |row: &super::Row| {
            let ones = flags.iter().filter(|at| value(row, **at) == Some(1.0));
            ones.count()
        };
        let is_one_hot = flags.len() > 1 && self.rows.iter().all(|row| ones(row) == 1);
        is_one_hot.then(|| flags.iter().map(|at| self.header[*at].as_str()).collect())
    }

    /// Says which columns are read under other names, and which are not read at all.
    pub(crate) fn column_notes(&self, roles: &[Role]) -> Result<Vec<String>, TableError> {
        let (mut notes, mut used) = (Vec::new(), Vec::new());
        for role in roles {
            if let Some(found) = self.find_named(*role)? {
                used.push(found.at);
                if found.renamed {
                    let name = &self.header[found.at];
                    notes.push(format!("column '{name}' is read as '{}'", role.name()));
                }
            }
        }
        let unused = (0..self.header.len()).filter(|at| !used.contains(at));
        let unused: Vec<&str> = unused
            .map(|at| self.header[at].as_str())
            .filter(|name| !name.is_empty())
            .collect();
        if !unused.is_empty() {
            let columns = crate::listed::counted(unused.len(), "column is", "columns are");
            notes.push(format!("{columns} not used: {}", listed(&unused)));
        }
        Ok(notes)
    }
}
