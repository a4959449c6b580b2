//! The most wrong patches.

use crate::html::{escape, section};
use crate::model::{Report, WrongPatch};
use crate::picture::picture;

/// Wrong predictions held with most confidence, with their images.
pub(crate) fn wrong(report: &Report) -> String {
    if report.most_wrong.is_empty() {
        return section(
            "wrong",
            "Most wrong patches",
            "<p>No prediction was wrong.</p>\n",
        );
    }
    let cards: String = report
        .most_wrong
        .iter()
        .map(|patch| card(patch, &report.classes))
        .collect();
    let maps = if report.most_wrong.iter().any(|patch| patch.map.is_some()) {
        " The second picture shows what speaks for the class predicted in red, and what speaks against it in \
         blue, as the fold that did not see the patch has it."
    } else {
        ""
    };
    let body = format!(
        "<p>Wrong predictions, the most confident first: look for mislabelled patches, artefacts and \
         patterns.{maps}</p>\n<ol class=\"patches\">\n{cards}</ol>\n"
    );
    section("wrong", "Most wrong patches", &body)
}

fn card(patch: &WrongPatch, classes: &[String]) -> String {
    let (key, target) = (escape(&patch.key), escape(&classes[patch.target]));
    let (pred, origin) = (escape(&classes[patch.pred]), escape(&patch.origin));
    let alt = format!("Patch {key}, a {target} taken for {pred}");
    let own = picture(&alt, patch.thumbnail.as_ref());
    let images = match &patch.map {
        Some(map) => {
            let map = picture(&format!("What speaks for {pred} in it"), Some(map));
            format!("<div class=\"pair\">{own}{map}</div>")
        }
        None => own,
    };
    let prob = patch.pred_prob;
    format!(
        "<li>{images}<p class=\"key\" title=\"{key}\">{key}</p>\
         <p>is <b>{target}</b></p><p>taken for <b>{pred}</b> at {prob:.3}</p>\
         <p class=\"note\">{origin}</p></li>\n"
    )
}
