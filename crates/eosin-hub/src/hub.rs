//! From a name to a verified file.

use ureq::http::Uri;

use crate::cache::Slot;
use crate::error::HubError;
use crate::fetch::fetch;
use crate::folder;
use crate::http::Client;
use crate::name::WeightName;
use crate::progress::Progress;
use crate::record::Record;
use crate::registry::{Registry, WeightEntry};
use crate::settings::HubSettings;
use crate::transfer::Job;
use crate::weight_file::WeightFile;

/// Which files may be fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Those whose hash the registry or an earlier fetch's record has.
    #[default]
    Registered,
    /// Also those whose hash nobody knows; what arrives is pinned for every later fetch.
    FirstUse,
}

/// Finds weights by name.
pub struct Hub {
    settings: HubSettings,
    registry: Registry,
    client: Client,
}

impl Hub {
    /// Checks the settings. Nothing is opened or connected.
    ///
    /// # Errors
    /// When the endpoint is no address of a server.
    pub fn new(settings: HubSettings, registry: Registry) -> Result<Self, HubError> {
        let endpoint = endpoint(&settings.endpoint)?;
        let client = Client::new(&settings, endpoint);
        Ok(Self {
            settings,
            registry,
            client,
        })
    }

    /// The names that are known.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Where is looked.
    pub fn settings(&self) -> &HubSettings {
        &self.settings
    }

    /// The verified file of `name` in the weights folder, else in the cache. `None` when it would
    /// have to be fetched.
    ///
    /// # Errors
    /// When the name is unknown, or a file is there and is not the one that the registry or its
    /// record names: such a file is never passed over in silence.
    pub fn locate(&self, name: &str) -> Result<Option<WeightFile>, HubError> {
        let parsed: WeightName = name.parse()?;
        let entry = self.registry.get(name);
        if let Some(dir) = &self.settings.weights_folder
            && let Some(file) = folder::find(dir, &parsed, entry)?
        {
            return Ok(Some(file));
        }
        let entry = entry.ok_or_else(|| self.registry.unknown(name))?;
        Slot::new(&self.settings.cache_dir, entry).find()
    }

    /// As [`Hub::locate`], and else fetches the file into the cache. Waits while another process
    /// fetches the same name, and goes on where an interrupted fetch ended.
    ///
    /// # Errors
    /// As [`Hub::locate`]; when fetching is off, nobody knows the hash and `trust` does not allow
    /// that, the server refuses or cannot be reached, or what arrives is not what was expected.
    pub fn resolve(
        &self,
        name: &str,
        trust: Trust,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<WeightFile, HubError> {
        if let Some(file) = self.locate(name)? {
            return Ok(file);
        }
        let entry = self.registry.get(name);
        let entry = entry.ok_or_else(|| self.registry.unknown(name))?;
        if self.settings.offline {
            return Err(self.offline(entry));
        }
        self.fetch(entry, trust, progress)
    }

    fn fetch(
        &self,
        entry: &WeightEntry,
        trust: Trust,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<WeightFile, HubError> {
        let slot = Slot::new(&self.settings.cache_dir, entry);
        let lock = slot.lock()?;
        // Another process may have fetched it while this one waited for the lock.
        if let Some(file) = slot.find()? {
            return Ok(file);
        }
        let url = self.url(entry);
        let expected = slot.expected(Record::read(&slot.record())?.as_ref())?;
        if expected.is_none() && trust == Trust::Registered {
            let name = entry.name.to_string();
            return Err(HubError::NoHash { name, url });
        }
        let job = Job {
            client: &self.client,
            name: entry.name.as_str(),
            url: &url,
            expected,
            bytes: entry.bytes,
            most_bytes: self.settings.limits.most_bytes,
            has_token: self.settings.token.is_some(),
        };
        let mut part = slot.part(&url)?;
        let fetched = fetch(&job, &mut part, self.settings.limits, progress);
        let kept = match fetched {
            Ok(()) => slot.keep(part),
            // An empty file helps nobody to go on.
            Err(error) if part.bytes == 0 => part.discard().map_err(HubError::from).and(Err(error)),
            Err(error) => Err(error),
        };
        drop(lock);
        kept
    }

    fn url(&self, entry: &WeightEntry) -> String {
        let endpoint = self.settings.endpoint.trim_end_matches('/');
        let (repository, revision, file) = (&entry.repository, &entry.revision, &entry.file);
        format!("{endpoint}/{repository}/resolve/{revision}/{file}")
    }

    fn offline(&self, entry: &WeightEntry) -> HubError {
        let file = entry.name.file(entry.extension());
        let length = entry
            .bytes
            .map_or_else(String::new, |bytes| format!(" ({bytes} bytes)"));
        let dir = self.settings.weights_folder.as_ref();
        let to_folder = dir.map_or_else(
            || format!("as {file} into a folder that EOSIN_WEIGHTS names"),
            |dir| format!("as {}", dir.join(&file).display()),
        );
        // Only a file that the registry has a hash of may lie in the cache without a record.
        let to_cache = entry.sha256.map_or_else(String::new, |_| {
            let path = Slot::new(&self.settings.cache_dir, entry).file();
            format!(", or as {}", path.display())
        });
        HubError::Offline {
            name: entry.name.to_string(),
            would: format!("would have fetched {}{length}", self.url(entry)),
            by_hand: format!("fetch it elsewhere and put it {to_folder}{to_cache}"),
        }
    }
}

fn endpoint(text: &str) -> Result<Uri, HubError> {
    let uri: Option<Uri> = text.parse().ok();
    uri.filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")))
        .filter(|uri| uri.host().is_some_and(|host| !host.is_empty()))
        // A user or a query would end up in every message.
        .filter(|_| !text.contains(['@', '?', '#']))
        .ok_or_else(|| HubError::Setting {
            setting: "HF_ENDPOINT".to_owned(),
            got: text.rsplit('@').next().unwrap_or_default().to_owned(),
            problem: "expected the address of a hub such as https://huggingface.co".to_owned(),
        })
}
