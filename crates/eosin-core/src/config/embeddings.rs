//! What a run on embeddings that were made elsewhere has no use for.

use super::check::require;
use super::{BackboneConfig, Config, ConfigError, NormaliseMode, Precision, TrainMode, Weights};

impl BackboneConfig {
    /// Keys that are about a network or what it is fed, which embeddings of one's own take the place
    /// of.
    pub const OF_NETWORKS: [&'static str; 7] = [
        "name",
        "weights",
        "weights_key",
        "weights_prefix",
        "normalise",
        "statistics",
        "precision",
    ];
}

impl Config {
    /// With `backbone.embeddings` there is no network: what needs one is refused, not ignored.
    pub(super) fn check_embeddings(&self) -> Result<(), ConfigError> {
        let backbone = &self.backbone;
        if backbone.embeddings.is_none() {
            return Ok(());
        }
        let mode = self.train.mode;
        let ok = matches!(mode, TrainMode::Probe | TrainMode::Head);
        let expected = "probe or head with backbone.embeddings: there is no network to train; or \
                        name a '--backbone' instead";
        require(ok, "train.mode", mode, expected)?;
        let default = BackboneConfig::default();
        let expected = "left out with backbone.embeddings, which take the place of a network";
        let name = backbone.name;
        require(name == default.name, "backbone.name", name, expected)?;
        let weights = &backbone.weights;
        let ok = *weights == Weights::Embedded;
        require(ok, "backbone.weights", weights, expected)?;
        for (key, word) in [
            ("backbone.weights_key", &backbone.weights_key),
            ("backbone.weights_prefix", &backbone.weights_prefix),
        ] {
            let word = word.as_deref();
            require(word.is_none(), key, word.unwrap_or_default(), expected)?;
        }
        let normalise = backbone.normalise;
        let ok = normalise == NormaliseMode::Backbone;
        require(ok, "backbone.normalise", normalise, expected)?;
        let precision = backbone.precision;
        let ok = precision == Precision::F32;
        require(ok, "backbone.precision", precision, expected)?;
        let sizes = &self.augment.sizes_px;
        let expected =
            "left out with backbone.embeddings: there is no network to run at other sizes";
        let ok = sizes.is_empty();
        require(ok, "augment.sizes_px", format!("{sizes:?}"), expected)?;
        let expected = "what changes no pixels with backbone.embeddings: there are none to change; \
                        give embeddings of several views instead";
        let ok = !self.augment.changes_pixels();
        require(ok, "augment", "a change of pixels", expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_a_network_is_refused_beside_embeddings() {
        let own = "[backbone]\nembeddings = 'e.npy'\n";
        assert!(Config::from_toml(own).is_ok());
        for (text, part) in [
            (
                "[train]\nmode = 'last-block'",
                "train.mode is last-block; it must be probe or head",
            ),
            ("[augment]\nhue = 0.1", "augment is a change of pixels"),
        ] {
            let error = Config::from_toml(&format!("{own}{text}")).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
        for line in [
            "name = 'resnet18'",
            "weights = 'random'",
            "weights_key = 'k'",
            "normalise = 'unit'",
            "precision = 'int8'",
        ] {
            let error = Config::from_toml(&format!("{own}{line}")).unwrap_err();
            assert!(error.to_string().contains("it must be left out"), "{error}");
        }
    }

    #[test]
    fn the_keys_of_networks_are_keys() {
        for key in BackboneConfig::OF_NETWORKS {
            let text = format!("[backbone]\n{key} = 0");
            let error = Config::from_toml(&text).unwrap_err().to_string();
            assert!(!error.contains("unknown key"), "{error}");
        }
    }
}
