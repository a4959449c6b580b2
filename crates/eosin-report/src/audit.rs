//! The page of an audit.

use crate::html::{Table, each, escape, section};
use crate::model::Thumbnail;
use crate::page::{Frame, framed};
use crate::picture::picture;

/// What the page of an audit shows.
#[derive(Clone, Debug, Default)]
pub struct AuditReport {
    /// What was audited.
    pub title: String,
    /// Version of eosin.
    pub eosin_version: String,
    /// A line of numbers.
    pub summary: String,
    /// What else is to be known, a sentence each.
    pub notes: Vec<String>,
    /// Pairs that are shown, with a sentence about those that are not.
    pub pairs: Vec<PairCard>,
    /// That sentence.
    pub more_pairs: String,
    /// Labels that a model contradicts, with a sentence about them.
    pub labels: Vec<LabelCard>,
    /// That sentence; empty where no run was given.
    pub about_labels: String,
    /// What facts of files and plain statistics say of the class.
    pub probes: Vec<ProbeRow>,
    /// A sentence about them.
    pub about_probes: String,
}

/// Two patches that show the same.
#[derive(Clone, Debug)]
pub struct PairCard {
    /// Their keys.
    pub keys: [String; 2],
    /// What they are, in a few words.
    pub what: String,
    /// How one lies on the other.
    pub how: String,
    /// What they are across; empty where nothing is.
    pub across: String,
    /// The pictures, the second turned as the first is.
    pub thumbnails: [Option<Thumbnail>; 2],
}

/// A patch whose label a model contradicts.
#[derive(Clone, Debug)]
pub struct LabelCard {
    /// Its key.
    pub key: String,
    /// Its label.
    pub given: String,
    /// What the model says.
    pub suggested: String,
    /// Probability of the label less that of the likeliest other class.
    pub margin: f64,
    /// The picture.
    pub thumbnail: Option<Thumbnail>,
}

/// What one fact says of the class.
#[derive(Clone, Debug)]
pub struct ProbeRow {
    /// The fact.
    pub name: String,
    /// What a head on it reaches, with its interval; a reason where it has none.
    pub auroc: String,
    /// Whether that is near what a model reaches.
    pub warning: bool,
}

/// The page as one self-contained HTML file.
pub fn render_audit(report: &AuditReport) -> String {
    let sections = [
        overview(report),
        pairs(report),
        labels(report),
        probes(report),
    ];
    framed(
        &Frame {
            title: &format!("Audit of {}", report.title),
            note: "What makes scores too good: copies, overlaps, wrong labels, shortcuts",
            eosin_version: &report.eosin_version,
        },
        &sections,
    )
}

fn overview(report: &AuditReport) -> String {
    let notes = each(&report.notes, |text| format!("<li>{}</li>\n", escape(text)));
    let notes = if notes.is_empty() {
        String::new()
    } else {
        format!("<ul class=\"warnings\">\n{notes}</ul>\n")
    };
    section(
        "overview",
        "Overview",
        &format!("<p class=\"lead\">{}</p>\n{notes}", escape(&report.summary)),
    )
}

fn pairs(report: &AuditReport) -> String {
    let body = if report.pairs.is_empty() {
        "<p class=\"good\">No two patches were found to show the same tissue.</p>\n".to_owned()
    } else {
        let cards = each(&report.pairs, pair_card);
        format!(
            "<p>{}</p>\n<ol class=\"patches\">\n{cards}</ol>\n",
            escape(&report.more_pairs)
        )
    };
    section("pairs", "Pairs", &body)
}

pub(crate) fn pair_card(card: &PairCard) -> String {
    let pictures = each(
        card.keys.iter().zip(&card.thumbnails),
        |(key, thumbnail)| {
            let key = escape(key);
            let picture = picture(&format!("Patch {key}"), thumbnail.as_ref());
            format!("{picture}<p class=\"key\" title=\"{key}\">{key}</p>")
        },
    );
    let across = if card.across.is_empty() {
        String::new()
    } else {
        format!("<p>across <b>{}</b></p>", escape(&card.across))
    };
    format!(
        "<li>{pictures}<p><b>{}</b></p>{across}<p class=\"note\">{}</p></li>\n",
        escape(&card.what),
        escape(&card.how)
    )
}

fn labels(report: &AuditReport) -> String {
    if report.about_labels.is_empty() {
        return section(
            "labels",
            "Labels",
            "<p>No run was given, so nothing is said of labels: 'eosin audit --run RUN'.</p>\n",
        );
    }
    let card = |card: &LabelCard| {
        let (key, given, suggested) = (
            escape(&card.key),
            escape(&card.given),
            escape(&card.suggested),
        );
        let picture = picture(
            &format!("Patch {key}, labelled {given}"),
            card.thumbnail.as_ref(),
        );
        format!(
            "<li>{picture}<p class=\"key\" title=\"{key}\">{key}</p><p>labelled <b>{given}</b></p>\
             <p>looks like <b>{suggested}</b></p><p class=\"note\">margin {:.3}</p></li>\n",
            card.margin
        )
    };
    let cards = each(&report.labels, card);
    let body = format!(
        "<p>{}</p>\n<ol class=\"patches\">\n{cards}</ol>\n",
        escape(&report.about_labels)
    );
    section("labels", "Labels", &body)
}

fn probes(report: &AuditReport) -> String {
    if report.probes.is_empty() {
        let body = format!("<p>{}</p>\n", escape(&report.about_probes));
        return section("shortcuts", "Shortcuts", &body);
    }
    let mut table = Table::new(
        "Each fact alone, as a head in the same folds",
        ["Fact", "AUROC (95 % interval)", ""],
    );
    for row in &report.probes {
        let warning = if row.warning { "near the model" } else { "" };
        table.row(vec![
            escape(&row.name),
            escape(&row.auroc),
            warning.to_owned(),
        ]);
    }
    let body = format!(
        "<p>{}</p>\n{}",
        escape(&report.about_probes),
        table.finish()
    );
    section("shortcuts", "Shortcuts", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_cannot_leave_their_places() {
        let evil = "<script>\"x\"".to_owned();
        let report = AuditReport {
            title: evil.clone(),
            pairs: vec![PairCard {
                keys: [evil.clone(), evil.clone()],
                what: evil.clone(),
                how: evil.clone(),
                across: evil.clone(),
                thumbnails: [None, None],
            }],
            labels: vec![LabelCard {
                key: evil.clone(),
                given: evil.clone(),
                suggested: evil.clone(),
                margin: -0.5,
                thumbnail: None,
            }],
            about_labels: evil.clone(),
            notes: vec![evil],
            ..AuditReport::default()
        };
        let html = render_audit(&report);
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("&lt;script&gt;&quot;x&quot;"));
    }
}
