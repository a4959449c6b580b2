//! The most wrong patches.

use crate::base64::encode;
use crate::html::{escape, section};
use crate::model::{Report, WrongPatch};

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
    let body = format!(
        "<p>Wrong predictions, the most confident first: look for mislabelled patches, artefacts and \
         patterns.</p>\n<ol class=\"patches\">\n{cards}</ol>\n"
    );
    section("wrong", "Most wrong patches", &body)
}

fn card(patch: &WrongPatch, classes: &[String]) -> String {
    let (key, target) = (escape(&patch.key), escape(&classes[patch.target]));
    let (pred, origin) = (escape(&classes[patch.pred]), escape(&patch.origin));
    let image = match &patch.thumbnail {
        Some(thumbnail) => format!(
            "<img alt=\"Patch {key}, a {target} taken for {pred}\" src=\"data:{};base64,{}\">",
            thumbnail.mime.as_str(),
            encode(&thumbnail.bytes)
        ),
        None => "<div class=\"no-image\">no thumbnail</div>".to_owned(),
    };
    let prob = patch.pred_prob;
    format!(
        "<li>{image}<p class=\"key\" title=\"{key}\">{key}</p>\
         <p>is <b>{target}</b></p><p>taken for <b>{pred}</b> at {prob:.3}</p>\
         <p class=\"note\">{origin}</p></li>\n"
    )
}
