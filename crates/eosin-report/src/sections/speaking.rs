//! Patches that show how the run sees each class.

use crate::base64::encode;
use crate::html::{each, escape, section};
use crate::model::Report;
use crate::speaking::{SpeakingClass, SpeakingPatch};

/// Typical patches of each class and those that the run is least sure of; nothing where none are known.
pub(crate) fn speaking(report: &Report) -> String {
    if report.speaking.is_empty() {
        return String::new();
    }
    let classes = each(&report.speaking, |class| of_class(class, &report.classes));
    let body = format!(
        "<p>How the run sees each class: patches that it gets right as surely as half of those that it gets right, \
         and those nearest to being decided otherwise, right or wrong.</p>\n{classes}"
    );
    section("speaking", "Typical and doubtful patches", &body)
}

fn of_class(class: &SpeakingClass, classes: &[String]) -> String {
    let name = escape(&classes[class.class]);
    let list = |title: &str, patches: &[SpeakingPatch], none: &str| {
        if patches.is_empty() {
            return format!("<p class=\"note\">{title}: {none}</p>\n");
        }
        let cards = each(patches, |patch| card(patch, class.class, classes));
        format!("<p>{title}</p>\n<ol class=\"patches\">\n{cards}</ol>\n")
    };
    let typical = list("Typical", &class.typical, "none is right.");
    let least = list("Least sure", &class.least_sure, "there is none.");
    format!("<h3>{name}</h3>\n{typical}{least}")
}

fn card(patch: &SpeakingPatch, class: usize, classes: &[String]) -> String {
    let (key, target) = (escape(&patch.key), escape(&classes[class]));
    let (pred, origin) = (escape(&classes[patch.pred]), escape(&patch.origin));
    let said = if patch.pred == class {
        "right".to_owned()
    } else {
        format!("taken for <b>{pred}</b>")
    };
    let image = match &patch.thumbnail {
        Some(thumbnail) => format!(
            "<img alt=\"Patch {key}, a {target}\" src=\"data:{};base64,{}\">",
            thumbnail.mime.as_str(),
            encode(&thumbnail.bytes)
        ),
        None => "<div class=\"no-image\">no thumbnail</div>".to_owned(),
    };
    let prob = patch.prob;
    format!(
        "<li>{image}<p class=\"key\" title=\"{key}\">{key}</p>\
         <p>{target} at {prob:.3}, {said}</p><p class=\"note\">{origin}</p></li>\n"
    )
}
