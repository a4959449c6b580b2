//! What was sampled independently.

use eosin_core::choice::choices;
use eosin_core::config::GroupBy;

choices! {
    /// What is taken for independent where an interval or a test is made.
    pub enum Unit {
        /// Each patch by itself: nothing is known of what belongs together.
        Patch => "patch",
        /// Slides: patches of one slide count together.
        Slide => "slide",
        /// Patients.
        Patient => "patient",
        /// The groups that a manifest names.
        Group => "group",
    }
}

impl Unit {
    /// The word for `count` of them: `1 patient`, `58 patients`.
    pub fn counted(self, count: u64) -> String {
        let plural = match self {
            Self::Patch => "patches",
            Self::Slide => "slides",
            Self::Patient => "patients",
            Self::Group => "groups",
        };
        format!(
            "{count} {}",
            if count == 1 { self.as_str() } else { plural }
        )
    }
}

impl From<Unit> for GroupBy {
    fn from(unit: Unit) -> Self {
        match unit {
            Unit::Patient => Self::Patient,
            Unit::Slide => Self::Slide,
            Unit::Group => Self::Group,
            Unit::Patch => Self::None,
        }
    }
}

impl From<GroupBy> for Unit {
    fn from(by: GroupBy) -> Self {
        match by {
            GroupBy::Auto | GroupBy::None => Self::Patch,
            GroupBy::Patient => Self::Patient,
            GroupBy::Slide => Self::Slide,
            GroupBy::Group => Self::Group,
        }
    }
}
