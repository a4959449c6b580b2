//! How patches lie on disk: what each level of folders says.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::choice::UnknownChoice;

crate::choice::choices! {
    /// What the names of one level of folders say.
    pub enum Level {
        /// The class.
        Class => "class",
        /// Train, val or test, in any of the words that are known for them.
        Part => "part",
        /// One of several folds that are to be kept as they are.
        Fold => "fold",
        /// The patient.
        Patient => "patient",
        /// The slide.
        Slide => "slide",
        /// Anything else that may not be on both sides of a split.
        Group => "group",
        /// The organ; not used.
        Organ => "organ",
        /// Something that is not used.
        Any => "any",
    }
}

/// Levels that a layout can name; what lies deeper is not used.
const MOST_LEVELS: usize = 12;

/// What the levels of folders say, from the data folder down, such as `part/class`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FolderLayout {
    levels: [Level; MOST_LEVELS],
    len: usize,
}

impl FolderLayout {
    /// A folder a class.
    pub const CLASS: Self = Self {
        levels: {
            // What lies below the last level is not used.
            let mut levels = [Level::Any; MOST_LEVELS];
            levels[0] = Level::Class;
            levels
        },
        len: 1,
    };

    /// The layout with these levels.
    ///
    /// # Errors
    /// When there are too many, the class is not among them exactly once, or another level is there
    /// twice.
    pub fn new(levels: &[Level]) -> Result<Self, LayoutError> {
        let text = || joined(levels);
        if levels.len() > MOST_LEVELS {
            return Err(LayoutError::TooDeep(text()));
        }
        for &level in Level::ALL {
            let count = levels.iter().filter(|other| **other == level).count();
            match level {
                Level::Class if count != 1 => return Err(LayoutError::NotOneClass(text())),
                Level::Organ | Level::Any => {}
                _ if count > 1 => {
                    return Err(LayoutError::Twice {
                        level,
                        text: text(),
                    });
                }
                _ => {}
            }
        }
        let mut all = [Level::Any; MOST_LEVELS];
        all[..levels.len()].copy_from_slice(levels);
        Ok(Self {
            levels: all,
            len: levels.len(),
        })
    }

    /// The levels, from the data folder down.
    pub fn levels(&self) -> &[Level] {
        &self.levels[..self.len]
    }

    /// How deep this level lies, if it is there.
    pub fn depth_of(&self, level: Level) -> Option<usize> {
        self.levels().iter().position(|other| *other == level)
    }
}

/// Levels as they are written, such as `part/class`.
pub fn joined(levels: &[Level]) -> String {
    let words: Vec<&str> = levels.iter().map(|level| level.as_str()).collect();
    words.join("/")
}

impl fmt::Debug for FolderLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FolderLayout({self})")
    }
}

impl fmt::Display for FolderLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&joined(self.levels()))
    }
}

/// How the patches of an experiment lie on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Layout {
    /// Folders whose names say what the patches below them are.
    Folders(FolderLayout),
    /// A table with `path,label` and any of `patient,slide,group,split`.
    Manifest,
    /// The 2020 datathon's: `train/train_data/<integer>.png` and `train/train_label`.
    Datathon,
}

impl Layout {
    /// One folder a class: `benign/*.png`.
    pub const CLASS_FOLDERS: Self = Self::Folders(FolderLayout::CLASS);
}

/// Why a text names no layout.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// A level is none of the words.
    #[error("layout '{text}': {cause}; or write 'manifest' or 'datathon'")]
    Level {
        /// The layout.
        text: String,
        /// The word that is no level.
        cause: UnknownChoice,
    },
    /// The class must be named once.
    #[error("layout '{0}' must name 'class' exactly once, as in part/class or class/patient")]
    NotOneClass(String),
    /// A level stands twice.
    #[error("layout '{text}' names '{level}' more than once; call a level that is not used 'any'")]
    Twice {
        /// The level.
        level: Level,
        /// The layout.
        text: String,
    },
    /// More levels than anybody has.
    #[error("layout '{0}' has more than {MOST_LEVELS} levels; leave out those below the class")]
    TooDeep(String),
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folders(levels) => levels.fmt(f),
            Self::Manifest => f.pad("manifest"),
            Self::Datathon => f.pad("datathon"),
        }
    }
}

impl FromStr for Layout {
    type Err = LayoutError;

    fn from_str(text: &str) -> Result<Self, LayoutError> {
        match text.trim() {
            "manifest" => Ok(Self::Manifest),
            "datathon" => Ok(Self::Datathon),
            // What these were called before levels had names.
            "class-folders" => Ok(Self::CLASS_FOLDERS),
            "split-class-folders" => "part/class".parse(),
            levels => {
                let words = levels.trim_matches('/').split('/');
                let levels = words.map(|word| {
                    word.trim()
                        .parse::<Level>()
                        .map_err(|cause| LayoutError::Level {
                            text: text.to_owned(),
                            cause,
                        })
                });
                let levels = levels.collect::<Result<Vec<_>, _>>()?;
                FolderLayout::new(&levels).map(Self::Folders)
            }
        }
    }
}

impl TryFrom<String> for Layout {
    type Error = LayoutError;

    fn try_from(text: String) -> Result<Self, LayoutError> {
        text.parse()
    }
}

impl From<Layout> for String {
    fn from(layout: Layout) -> Self {
        layout.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_written_as_they_are_read() {
        for text in [
            "class",
            "part/class",
            "patient/class",
            "any/any/class/slide",
            "manifest",
            "datathon",
        ] {
            let layout: Layout = text.parse().expect("a layout");
            assert_eq!(layout.to_string(), text);
        }
        assert_eq!(
            "split-class-folders".parse::<Layout>(),
            "part/class".parse()
        );
        assert_eq!("class-folders".parse(), Ok(Layout::CLASS_FOLDERS));
    }

    #[test]
    fn what_is_no_layout_is_refused_with_what_is() {
        let error = |text: &str| text.parse::<Layout>().unwrap_err().to_string();
        assert!(
            error("part/klass").contains("did you mean 'class'?"),
            "{}",
            error("part/klass")
        );
        assert!(error("part/klass").contains("'manifest' or 'datathon'"));
        assert!(error("part/group").contains("'class' exactly once"));
        assert!(error("class/class").contains("'class' exactly once"));
        assert!(error("part/part/class").contains("'part' more than once"));
        assert!(
            error(&["any"; 12].join("/").replacen("any", "class/any", 1)).contains("12 levels")
        );
        assert!(error("").contains("'' is unknown; choose one of class"));
    }
}
