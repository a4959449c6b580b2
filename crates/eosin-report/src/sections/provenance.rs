//! Where the numbers come from: configuration, timings, and what a rerun needs.

use super::head::fact_list;
use crate::html::{Table, escape, section};
use crate::model::Report;
use crate::numbers;

/// The resolved configuration, folded away.
pub(crate) fn configuration(report: &Report) -> String {
    let toml = escape(&report.config_toml);
    let body = format!(
        "<details><summary>The resolved configuration (TOML)</summary>\n\
         <pre tabindex=\"0\"><code>{toml}</code></pre>\n</details>\n"
    );
    section("configuration", "Configuration", &body)
}

/// Wall-clock time by stage, with the total.
pub(crate) fn timings(report: &Report) -> String {
    if report.timings.is_empty() {
        return String::new();
    }
    let mut table = Table::new("Wall-clock time by stage", ["stage", "time", "remark"]);
    for timing in &report.timings {
        let time = numbers::duration(timing.wall_secs);
        table.row(vec![escape(&timing.stage), time, escape(&timing.note)]);
    }
    let total = report.timings.iter().map(|timing| timing.wall_secs).sum();
    table.foot(vec![
        "total".to_owned(),
        numbers::duration(total),
        String::new(),
    ]);
    section("timings", "Timings", &table.finish())
}

/// What a rerun needs, and the command that does it.
pub(crate) fn reproducibility(report: &Report) -> String {
    let body = format!(
        "{}<p>To repeat this run:</p>\n<pre tabindex=\"0\"><code>{}</code></pre>\n",
        fact_list(&report.reproducibility),
        escape(&report.command)
    );
    section("reproducibility", "Reproducibility", &body)
}
