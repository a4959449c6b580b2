//! `eosin report`: the report of a finished run again, with and without its patches, and printed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::scratch::{JOB, Scratch, TEST_PATCHES};

/// Page one, and the rest.
fn section<'a>(html: &'a str, id: &str) -> &'a str {
    let start = html.split_once(&format!("<section id=\"{id}\">"));
    let rest = start.unwrap_or_else(|| panic!("no section {id}")).1;
    rest.split_once("</section>").expect("an end").0
}

/// Every number of `figures` stands in `html` with all its digits.
#[track_caller]
fn assert_shows(html: &str, figures: &Value, names: &[&str]) {
    for name in names {
        let value = figures[name]
            .as_f64()
            .unwrap_or_else(|| panic!("{name} of {figures}"));
        assert!(
            html.contains(&format!("title=\"{value}\"")),
            "{name} {value} is not in: {html}"
        );
    }
}

#[test]
fn the_report_again_is_the_one_that_the_run_wrote() {
    let scratch = Scratch::with_run();
    let (before, card) = (
        scratch.read("run/report.html"),
        scratch.read("run/model-card.md"),
    );
    fs::remove_file(scratch.path("run/report.html")).unwrap();
    let told = scratch.eosin("report run").done();
    assert!(told.stdout.contains("TRIPOD+AI: ") && told.stdout.contains("left for the author"));
    assert!(before == scratch.read("run/report.html"), "the same bytes");
    assert!(card == scratch.read("run/model-card.md"), "the same bytes");
}

#[test]
fn figures_are_those_of_the_runs_files_to_the_digit() {
    let scratch = Scratch::with_run();
    let html = scratch.text("run/report.html");
    let page = section(&html, "page-one");
    let metrics = scratch.json("run/metrics.json");
    let test = &metrics["test_average"];
    assert_shows(page, test, &["recall", "specificity", "precision", "npv"]);
    assert!(
        page.contains(&format!("<b>{TEST_PATCHES} patches</b> of 2 patients")),
        "{page}"
    );
    assert!(page.contains("Figures are of the test part"));
    assert_shows(section(&html, "metrics"), test, &["auroc", "brier", "mcc"]);
    let decision = scratch.json("run/decision.json");
    let plain = &decision["calibration"][0];
    assert_eq!(plain["kind"], "none");
    let calibration = section(&html, "calibration");
    assert_shows(calibration, &plain["test"], &["ece", "log_loss"]);
    assert_shows(
        calibration,
        &plain["test"]["brier_parts"],
        &["reliability", "resolution"],
    );
    let useful = section(&html, "usefulness");
    let curve = decision["test"]["decision_curve"].as_array().unwrap();
    assert_shows(useful, &curve[19], &["model", "treat_all"]);
    let sizes = section(&html, "sample-size");
    let needs = decision["test"]["sample_size"]["needs"].as_array().unwrap();
    let widths = needs.iter().filter(|need| need["width_here"].is_number());
    widths.for_each(|need| assert_shows(sizes, need, &["width_here"]));
}

#[test]
fn a_threshold_that_was_locked_is_what_page_one_is_about() {
    let scratch = Scratch::with_phantom();
    scratch
        .eosin(&format!(
            "run --data data --out run {JOB} --threshold sensitivity>=.9 --calibrate platt"
        ))
        .done();
    let html = scratch.text("run/report.html");
    let page = section(&html, "page-one");
    let decision = scratch.json("run/decision.json");
    let prob = decision["applied"]["threshold"]["prob"]
        .as_f64()
        .expect("a threshold");
    assert!(
        page.contains(&format!(
            "from a probability of {prob:.4} on, the threshold that was locked"
        )),
        "{page}"
    );
    let rules = decision["thresholds"].as_array().unwrap();
    let locked = rules
        .iter()
        .find(|rule| rule["rule"] == "sensitivity>=0.9")
        .expect("the rule");
    assert_shows(page, &locked["test"], &["sensitivity", "specificity"]);
    let interval = &locked["test_intervals"]["specificity"];
    let low = interval["ci_low"].as_f64().expect("two patients");
    assert!(
        page.contains(&format!("{:.1} % to ", low * 100.0)),
        "{interval}: {page}"
    );
    // These few patches cannot be calibrated so, and the report says why.
    let calibration = section(&html, "calibration");
    assert!(calibration.contains("judge.calibrate platt cannot be fitted"));
}

#[test]
fn without_its_patches_a_run_has_a_report_without_pictures_that_says_so() {
    let scratch = Scratch::with_run();
    let before = scratch.text("run/report.html");
    fs::rename(scratch.path("data"), scratch.path("moved")).unwrap();
    scratch.eosin("report run").done().says(&[
        "note: the report has no pictures",
        "no longer in",
        "--data DIR",
    ]);
    let after = scratch.text("run/report.html");
    assert!(before.contains("<img ") && !after.contains("<img "));
    assert!(section(&after, "warnings").contains("This report has no pictures"));
    for id in [
        "metrics",
        "calibration",
        "folds",
        "usefulness",
        "sample-size",
    ] {
        assert_eq!(section(&before, id), section(&after, id), "{id}");
    }
    scratch.eosin("report run --data moved").done();
    let again = scratch.text("run/report.html");
    assert!(again.contains("<img ") && !again.contains("has no pictures"));
}

#[test]
fn other_patches_are_refused_where_they_are_named_and_told_where_they_are_found() {
    let scratch = Scratch::with_run();
    scratch
        .eosin(
            "phantom --out other --patients 3 --test-patients 1 --slides 1 --patches 3 --size 32",
        )
        .done();
    scratch
        .eosin("report run --data other")
        .refused(&["other", "are not those of the run"]);
    scratch
        .eosin("report run --data nowhere")
        .refused(&["no longer in nowhere"]);
    let key = &scratch.keys()[0];
    scratch.write_png(&format!("data/{key}"), 32, 32);
    scratch
        .eosin("report run")
        .done()
        .says(&["no pictures", "are not those of the run"]);
}

#[test]
fn what_only_a_person_knows_is_taken_and_a_prevalence_that_is_none_refused() {
    let scratch = Scratch::with_run();
    let page = |words: &str| {
        let told = scratch
            .eosin(&format!("report run --out r.html --overwrite {words}"))
            .done();
        assert!(told.stdout.contains("r.html"));
        section(&scratch.text("r.html"), "page-one").to_owned()
    };
    assert!(page("").contains("Left for the author"));
    let told = page("--intended-use screening --prevalence 0.02");
    assert!(
        told.contains("<p>screening</p>") && told.contains("At a prevalence of 2.0 %"),
        "{told}"
    );
    assert!(scratch.text("r.md").contains("screening"));
    for share in ["0", "1", "-0.1", "1.5", "NaN"] {
        scratch
            .eosin(&format!("report run --prevalence={share}"))
            .refused(&["--prevalence", "between 0 and 1"]);
    }
    scratch
        .eosin("report run --out r.html")
        .refused(&["r.html is there already", "--overwrite"]);
    scratch
        .eosin("report run --out no/r.html")
        .refused(&["the folder no does not exist"]);
}

#[test]
fn what_is_no_finished_run_is_refused() {
    let scratch = Scratch::with_run();
    scratch.eosin("report data").refused(&["data"]);
    scratch.eosin("report nowhere").refused(&["nowhere"]);
    fs::remove_file(scratch.path("run/run.json")).unwrap();
    scratch
        .eosin("report run")
        .refused(&["run is not finished", "--resume run"]);
}

#[test]
fn a_run_of_one_fold_without_groups_or_test_says_what_it_cannot_tell() {
    let scratch = Scratch::with_class_folders();
    let options = "--set split.holdout=0.3 --threshold f1";
    scratch
        .eosin(&format!("run --data data --out run {options}"))
        .done();
    let told = scratch.eosin("report run").done();
    assert!(told.stdout.contains("CLAIM 2024"));
    let html = scratch.text("run/report.html");
    let page = section(&html, "page-one");
    for said in [
        "there is no test part",
        "is not known",
        "No test can",
        "another laboratory",
    ] {
        let found = page.to_lowercase().contains(&said.to_lowercase());
        assert!(found, "'{said}' is not in: {page}");
    }
    assert!(
        page.contains("that the threshold was chosen on, which flatters them"),
        "{page}"
    );
    assert!(!html.contains("NaN") && !html.contains(">inf"));
}

#[test]
fn an_ensembles_report_says_what_its_choice_owes_to_luck() {
    let scratch = Scratch::with_run();
    scratch
        .eosin(&format!("run --data data --out two {JOB} --head lda"))
        .done();
    scratch.eosin("ensemble run two --out both").done();
    scratch.eosin("report both").done();
    let html = scratch.text("both/report.html");
    let found = scratch.json("both/ensemble.json");
    let selection = section(&html, "selection");
    assert_shows(selection, &found["search"], &["naive", "optimism"]);
    assert!(section(&html, "checklists").contains("An ensemble by "));
}

#[test]
fn without_a_browser_a_pdf_is_refused_with_what_to_install() {
    let scratch = Scratch::with_run();
    let told = scratch.eosin_under(
        "export PATH=/nonexistent EOSIN_BROWSER=",
        "report run --pdf",
    );
    told.refused(&[
        "Chromium or Chrome",
        "apt install chromium",
        "prints from any browser",
    ]);
    let told = scratch.eosin_under("export EOSIN_BROWSER=no-such-browser", "report run --pdf");
    told.refused(&["EOSIN_BROWSER names 'no-such-browser'"]);
    // One that prints nothing.
    let told = scratch.eosin_under("export EOSIN_BROWSER=/bin/true", "report run --pdf");
    told.refused(&["/bin/true printed nothing"]);
    assert!(!scratch.path("run/report.pdf").exists());
}

#[test]
fn what_a_browser_prints_lies_beside_the_report() {
    let scratch = Scratch::with_run();
    let script = "#!/bin/sh\nfor word; do case $word in *print-to-pdf=*) printf '%%PDF-1.4' > \"${word#*=}\";; \
                  file://*) echo \"$word\" > asked;; esac; done\n";
    scratch.write("print.sh", script);
    fs::set_permissions(scratch.path("print.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let told = scratch
        .eosin_under("export EOSIN_BROWSER=./print.sh", "report run --pdf")
        .done();
    assert!(told.stdout.contains("report.pdf"));
    assert_eq!(scratch.read("run/report.pdf"), b"%PDF-1.4");
    assert!(
        scratch
            .text("asked")
            .trim_end()
            .ends_with("/run/report.html")
    );
}

/// Slow: with a browser and its Python only.
#[test]
fn chromium_shows_reports_without_fault_on_desks_on_phones_and_on_paper() {
    let Some(python) = eosin_testing::python() else {
        return;
    };
    let Some(browser) = std::env::var_os("EOSIN_BROWSER") else {
        return eosin_testing::skip("chromium", "EOSIN_BROWSER names no Chromium");
    };
    let scratch = Scratch::with_run();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/report_in_chromium.py");
    let mut command = Command::new(python);
    command.arg(script).arg(scratch.path("run/report.html"));
    command.env("EOSIN_BROWSER", browser);
    if let Some(axe) = std::env::var_os("EOSIN_AXE") {
        command.arg("--axe").arg(axe);
    } else {
        eosin_testing::skip(
            "axe",
            "EOSIN_AXE names no axe.min.js: WCAG beyond contrast is not looked at",
        );
    }
    let told = command.output().expect("Python starts");
    assert!(
        told.status.success(),
        "{}{}",
        String::from_utf8_lossy(&told.stdout),
        String::from_utf8_lossy(&told.stderr)
    );
    scratch.eosin("report run --pdf").done();
    assert!(scratch.read("run/report.pdf").starts_with(b"%PDF-"));
}

#[test]
fn what_an_author_has_said_is_said_again() {
    let scratch = Scratch::with_run();
    scratch
        .eosin("report run --intended-use second-look --prevalence 0.05")
        .done();
    scratch.write("run/report.pdf", b"an older one");
    scratch.eosin("report run").done();
    let asked = scratch.json("run/report.json");
    assert_eq!(
        asked,
        serde_json::json!({ "intended_use": "second-look", "prevalence": 0.05 })
    );
    let html = scratch.text("run/report.html");
    assert!(
        html.contains("second-look") && !html.contains("Left for the author: &#39;eosin report")
    );
    assert!(!scratch.path("run/report.pdf").exists());
    scratch.eosin("report run --prevalence 0.2").done();
    let asked = scratch.json("run/report.json");
    assert_eq!(
        (asked["intended_use"].as_str(), asked["prevalence"].as_f64()),
        (Some("second-look"), Some(0.2))
    );
}
