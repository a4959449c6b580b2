//! Reading variables through a function that the caller gives.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::error::HubError;

/// The environment, or what a test puts in its place.
pub(crate) struct Vars<F>(pub(crate) F);

impl<F: Fn(&str) -> Option<OsString>> Vars<F> {
    /// A variable that is empty counts as unset, as it does for the tools that share it.
    fn os(&self, name: &str) -> Option<OsString> {
        self.0(name).filter(|value| !value.is_empty())
    }

    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.os(name).map(PathBuf::from)
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, HubError> {
        let Some(value) = self.os(name) else {
            return Ok(None);
        };
        match value.into_string() {
            Ok(text) => Ok(Some(text.trim().to_owned())),
            Err(value) => Err(HubError::Setting {
                setting: name.to_owned(),
                got: value.to_string_lossy().into_owned(),
                problem: "it is no UTF-8 text".to_owned(),
            }),
        }
    }

    /// The first of `names` that is set, and its value.
    pub(crate) fn first<'a>(
        &self,
        names: &[&'a str],
    ) -> Result<Option<(&'a str, String)>, HubError> {
        for name in names {
            if let Some(text) = self.text(name)? {
                return Ok(Some((name, text)));
            }
        }
        Ok(None)
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, HubError> {
        let Some(text) = self.text(name)? else {
            return Ok(false);
        };
        match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Ok(true),
            "0" | "false" | "no" | "off" => Ok(false),
            _ => Err(HubError::Setting {
                setting: name.to_owned(),
                got: text,
                problem: "expected 1, true, yes or on, or else 0, false, no or off".to_owned(),
            }),
        }
    }
}
