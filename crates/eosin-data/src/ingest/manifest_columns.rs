//! Which columns of a table of patches are read, by what it is read for.

use std::collections::BTreeMap;

use crate::table::{Role, Row, Table, TableError};

/// What the patches of a table are wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To train on and to judge: each has a label, unless it is of the test part.
    Training,
    /// To be predicted: nothing counts but what they are called and where they are.
    Prediction,
}

impl Purpose {
    /// The columns that are read.
    pub(super) const fn roles(self) -> &'static [Role] {
        match self {
            Self::Training => &Role::ALL,
            Self::Prediction => &[Role::Key, Role::Path],
        }
    }
}

/// Where each column that is read is.
pub(super) struct Columns {
    at: BTreeMap<Role, usize>,
    /// What the table is read for.
    pub purpose: Purpose,
}

impl Columns {
    pub(super) fn find(table: &Table, purpose: Purpose) -> Result<Self, TableError> {
        let mut at = BTreeMap::new();
        for role in purpose.roles() {
            at.extend(table.find(*role)?.map(|column| (*role, column)));
        }
        if !at.contains_key(&Role::Path)
            && let Some(key) = at.get(&Role::Key).copied()
        {
            at.insert(Role::Path, key);
        }
        if !at.contains_key(&Role::Path) {
            table.require(Role::Path)?;
        }
        if purpose == Purpose::Training && !at.contains_key(&Role::Label) {
            table.require(Role::Label)?;
        }
        Ok(Self { at, purpose })
    }

    /// Where the keys are.
    pub(super) fn key(&self) -> Option<usize> {
        let key = self.at.get(&Role::Key).or(self.at.get(&Role::Path));
        key.copied()
    }

    /// What a cell says, when it is known.
    pub(super) fn known<'a>(&self, row: &'a Row, role: Role) -> Option<&'a str> {
        row.known(*self.at.get(&role)?)
    }

    /// What stands in a cell.
    pub(super) fn cell<'a>(&self, row: &'a Row, role: Role) -> Option<&'a str> {
        row.cell(*self.at.get(&role)?)
    }
}
