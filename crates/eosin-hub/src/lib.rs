//! Weights by name: `resnet18.a1_in1k` becomes a verified file on this machine.
//!
//! A name is looked for in the user's own folder, then in the cache, and is else fetched from the
//! Hugging Face hub ([`Hub::resolve`]). Which names there are, where their files lie and which
//! SHA-256 they have is the [`Registry`]. A file whose hash nobody knows is fetched only on
//! [`Trust::FirstUse`]; the hash of what arrived is then pinned in a [`Record`] beside it.
//!
//! No file is used before its SHA-256 was computed in this very call. Reading the file is what
//! its loader does next anyway, so the price is the hashing alone: about a gigabyte a second with
//! the processor's SHA instructions, 50 ms for a `ResNet-18`. A cheaper check (length and time)
//! would let through what the hash is there for: a file that somebody or some disk changed.
//!
//! Nothing here reads the environment, except through the function that is given to
//! [`HubSettings::from_vars`].
//!
//! ```
//! use eosin_hub::{Hub, HubSettings, Registry};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let settings = HubSettings { offline: true, ..HubSettings::new(folder.path()) };
//! let hub = Hub::new(settings, Registry::built_in()?)?;
//! let known = hub.registry().of_architecture("resnet18").next();
//! assert_eq!(known.map(|entry| entry.name.as_str()), Some("resnet18.a1_in1k"));
//! // It is not here, and nothing is fetched where that was forbidden.
//! assert!(hub.locate("resnet18.a1_in1k")?.is_none());
//! # Ok(())
//! # }
//! ```

mod cache;
pub mod error;
mod fetch;
mod folder;
mod http;
pub mod hub;
pub mod name;
mod near;
mod part;
pub mod progress;
pub mod proxy;
mod range;
pub mod record;
pub mod registry;
pub mod settings;
pub mod sha256;
mod transfer;
mod trouble;
mod vars;
mod weight_file;

pub use error::{HashesDiffer, HubError, RegistryError};
pub use hub::{Hub, Trust};
pub use name::WeightName;
pub use progress::Progress;
pub use proxy::Proxies;
pub use record::Record;
pub use registry::{Registry, WeightEntry};
pub use settings::{HubSettings, Limits, Token, default_weights_dir};
pub use sha256::Sha256;
pub use weight_file::{Origin, WeightFile};
