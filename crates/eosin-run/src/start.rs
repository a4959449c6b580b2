//! What a job's folds start from.

use std::path::Path;

use anyhow::Result;
use eosin_core::Cut;
use eosin_core::config::Weights;
use eosin_data::matching::Rule;
use eosin_train::{
    EmbeddingFile, OwnEmbeddings, PreparedBackbone, SoupRuns, StartingPoint, check_views, is_soup,
};

use crate::event::{WatchRun, note};
use crate::job::Job;
use crate::members::{open_members, soup_backbone};
use crate::named_weights::find;

impl Job {
    /// What the configuration asks the folds to start from: a network, embeddings that were made
    /// elsewhere, or other runs.
    ///
    /// # Errors
    /// When weights cannot be used or the patches are too small for the network; when embeddings
    /// cannot be read or are not those of the patches.
    pub fn start(&self, watch: &dyn WatchRun) -> Result<StartingPoint> {
        if !self.config.ensemble.is_none() {
            let members = open_members(&self.config, self.manifest())?;
            if is_soup(members.method) {
                let backbone = soup_backbone(&members)?;
                let soup = SoupRuns { backbone, members };
                return Ok(StartingPoint::Soup(soup.into()));
            }
            return Ok(StartingPoint::Members(members));
        }
        match &self.config.backbone.embeddings {
            Some(path) => Ok(StartingPoint::Embeddings(self.own_embeddings(path, watch)?)),
            None => Ok(self.backbone(watch)?.into()),
        }
    }

    /// The embeddings in a file, of the patches.
    fn own_embeddings(&self, path: &Path, watch: &dyn WatchRun) -> Result<OwnEmbeddings> {
        let own = OwnEmbeddings::of(EmbeddingFile::open(path)?, self.manifest())?;
        let record = own.record();
        check_views(path, record.views, &self.config)?;
        note(
            watch,
            &format!(
                "embeddings: {} view(s) of {} values of each patch, from {}; no network is run, and \
                 colours and scaling are not checked",
                record.views,
                record.width,
                path.display()
            ),
        )?;
        if own.rule != Rule::EQUAL {
            note(
                watch,
                &format!("note: patches and embeddings are matched by {}", own.rule),
            )?;
        }
        if own.left_out() > 0 {
            let text = format!(
                "note: {} rows of the embeddings are of no patch here, and left out",
                own.left_out()
            );
            note(watch, &text)?;
        }
        if !own.unused().is_empty() {
            let text = format!(
                "note: {} beside the embeddings is not looked at: labels, parts, folds and patients are \
                 those of the data",
                own.unused().join(", ")
            );
            note(watch, &text)?;
        }
        let foreign = own.foreign_labels(&self.manifest().classes);
        if foreign > 0 {
            let text = format!(
                "note: the labels that stand beside {foreign} of the embeddings name no class of the \
                 data, and are not looked at"
            );
            note(watch, &text)?;
        }
        Ok(own)
    }

    /// The network that the configuration asks for.
    fn backbone(&self, watch: &dyn WatchRun) -> Result<PreparedBackbone> {
        let (config, classes) = (&self.config, self.manifest().classes.len());
        let named = find(&config.backbone, &self.hub, watch)?;
        let backbone = PreparedBackbone::new(
            &config.backbone,
            named.as_ref(),
            (classes, self.size_px),
            config.seed,
        )?;
        // Asking for more stages than there are is refused before anything is written.
        let cut = backbone.cut(&config.train)?;
        for other_px in &config.augment.sizes_px {
            backbone.refuse_other_size(self.size_px, *other_px)?;
        }
        for text in &backbone.notes {
            note(watch, &format!("weights: {text}"))?;
        }
        if config.backbone.weights == Weights::Random && cut != Cut::Pixels {
            let text = format!(
                "warning: the weights are random, and mode {} keeps them as they are: embeddings of an \
                 untrained network are a baseline at most; give '--weights FILE' or a name, or train \
                 the whole network with '--mode full'",
                config.train.mode
            );
            note(watch, &text)?;
        }
        Ok(backbone)
    }
}
