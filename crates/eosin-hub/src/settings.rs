//! Where to look for weights, and how patiently to fetch them.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::HubError;
use crate::proxy::Proxies;
use crate::vars::Vars;

/// The Hugging Face hub.
pub const DEFAULT_ENDPOINT: &str = "https://huggingface.co";

/// Everything that decides where weights are looked for and how they are fetched.
#[derive(Clone, Debug)]
pub struct HubSettings {
    /// The user's own folder of weights, looked in first.
    pub weights_folder: Option<PathBuf>,
    /// Where fetched weights are kept.
    pub cache_dir: PathBuf,
    /// The hub or a mirror of it, such as [`DEFAULT_ENDPOINT`].
    pub endpoint: String,
    /// For repositories that ask who you are. Sent to the endpoint only.
    pub token: Option<Token>,
    /// Never fetch.
    pub offline: bool,
    /// Through which proxy to fetch.
    pub proxies: Proxies,
    /// How long and how much.
    pub limits: Limits,
}

/// How long to wait, how often to try, how much to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For resolving the name and connecting, a proxy and TLS included.
    pub connect_timeout: Duration,
    /// The longest time without a byte.
    pub stall_timeout: Duration,
    /// The attempts in a row that may bring nothing new.
    pub attempts: u32,
    /// The wait after the first failed attempt; doubled after each further one.
    pub first_wait: Duration,
    /// The longest wait between attempts, also when the server asks for more.
    pub longest_wait: Duration,
    /// The most to take where the length is not known from the registry or a record.
    pub most_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(20),
            stall_timeout: Duration::from_secs(30),
            attempts: 5,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_mins(1),
            most_bytes: 4 << 30,
        }
    }
}

/// A secret that stands for a user of the hub. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Checks that `text` can be sent in a header.
    ///
    /// # Errors
    /// When it holds anything but visible ASCII letters.
    pub fn new(text: &str) -> Result<Self, HubError> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(text.to_owned()));
        }
        Err(HubError::Setting {
            setting: "HF_TOKEN".to_owned(),
            got: "(hidden)".to_owned(),
            problem: "a token is letters and digits such as 'hf_...', without spaces".to_owned(),
        })
    }

    pub(crate) fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

impl HubSettings {
    /// The default settings, with `cache_dir` for fetched weights.
    pub fn new(cache_dir: impl Into<PathBuf>) -> Self {
        Self {
            weights_folder: None,
            cache_dir: cache_dir.into(),
            endpoint: DEFAULT_ENDPOINT.to_owned(),
            token: None,
            offline: false,
            proxies: Proxies::default(),
            limits: Limits::default(),
        }
    }

    /// The settings that the variables ask for: `EOSIN_WEIGHTS`, those of
    /// [`default_weights_dir`], `HF_ENDPOINT`, `HF_TOKEN`, `EOSIN_OFFLINE` and `HF_HUB_OFFLINE`,
    /// and those of [`Proxies::from_vars`].
    ///
    /// `var` is `|name| std::env::var_os(name)` in a program.
    ///
    /// # Errors
    /// Names the variable that cannot be used.
    pub fn from_vars(var: impl Fn(&str) -> Option<OsString>) -> Result<Self, HubError> {
        let proxies = Proxies::from_vars(&var)?;
        let mut settings = Self::new(default_weights_dir(&var)?);
        let vars = Vars(var);
        settings.proxies = proxies;
        settings.weights_folder = vars.path("EOSIN_WEIGHTS");
        settings.offline = vars.flag("EOSIN_OFFLINE")? || vars.flag("HF_HUB_OFFLINE")?;
        if let Some(endpoint) = vars.text("HF_ENDPOINT")? {
            settings.endpoint = endpoint;
        }
        let token = vars.text("HF_TOKEN")?;
        settings.token = token.as_deref().map(Token::new).transpose()?;
        Ok(settings)
    }
}

/// Where fetched weights are kept by default: `EOSIN_CACHE/weights`, else
/// `XDG_CACHE_HOME/eosin/weights`, else `~/.cache/eosin/weights`.
///
/// # Errors
/// When the user has no home either.
pub fn default_weights_dir(var: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, HubError> {
    let vars = Vars(var);
    // The XDG specification wants relative paths ignored.
    let xdg = || {
        vars.path("XDG_CACHE_HOME")
            .filter(|path| path.is_absolute())
    };
    vars.path("EOSIN_CACHE")
        .or_else(|| xdg().map(|path| path.join("eosin")))
        .or_else(|| vars.path("HOME").map(|path| path.join(".cache/eosin")))
        .map(|path| path.join("weights"))
        .ok_or(HubError::NoFolder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars(set: &[(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
        let set: Vec<(String, OsString)> = set
            .iter()
            .map(|(name, value)| ((*name).to_owned(), OsString::from(value)))
            .collect();
        move |name| {
            set.iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
        }
    }

    #[test]
    fn the_cache_lies_beside_the_embeddings() {
        let dir = |set: &[(&str, &str)]| default_weights_dir(vars(set)).unwrap();
        let home = ("HOME", "/home/a");
        assert_eq!(dir(&[home]), PathBuf::from("/home/a/.cache/eosin/weights"));
        assert_eq!(
            dir(&[home, ("XDG_CACHE_HOME", "/x")]),
            PathBuf::from("/x/eosin/weights")
        );
        assert_eq!(
            dir(&[home, ("EOSIN_CACHE", "/e")]),
            PathBuf::from("/e/weights")
        );
        assert!(default_weights_dir(vars(&[])).is_err());
    }

    #[test]
    fn variables_are_read_as_the_hubs_own_tools_read_them() {
        let settings = HubSettings::from_vars(vars(&[
            ("HOME", "/home/a"),
            ("HF_ENDPOINT", "https://mirror.example"),
            ("HF_TOKEN", "hf_secret"),
            ("HF_HUB_OFFLINE", "1"),
            ("EOSIN_WEIGHTS", "/w"),
        ]))
        .unwrap();
        assert_eq!(settings.endpoint, "https://mirror.example");
        assert!(settings.offline);
        assert_eq!(settings.weights_folder, Some(PathBuf::from("/w")));
        assert!(!format!("{settings:?}").contains("secret"));
    }

    #[test]
    fn a_flag_that_is_neither_on_nor_off_is_refused() {
        let error = HubSettings::from_vars(vars(&[("HOME", "/h"), ("EOSIN_OFFLINE", "maybe")]));
        let error = error.unwrap_err().to_string();
        assert!(
            error.starts_with("EOSIN_OFFLINE is 'maybe': expected 1"),
            "{error}"
        );
    }

    #[test]
    fn a_token_with_a_line_break_is_refused_and_not_shown() {
        let error = Token::new("hf_x\r\nHost: evil").unwrap_err().to_string();
        assert!(
            error.contains("HF_TOKEN") && !error.contains("evil"),
            "{error}"
        );
    }
}
