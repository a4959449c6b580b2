//! What is printed, as it stands; folders are redacted.

use crate::scratch::Scratch;

/// Six predictions of which one is wrong.
const PREDICTIONS: &str = "\
key,part,repeat,fold,target,pred,prob_benign,prob_malignant
a,test-average,,,benign,benign,0.9,0.1
b,test-average,,,benign,benign,0.75,0.25
c,test-average,,,benign,malignant,0.375,0.625
d,test-average,,,malignant,malignant,0.25,0.75
e,test-average,,,malignant,malignant,0.125,0.875
f,test-average,,,malignant,malignant,0.05,0.95
";

fn redacted(scratch: &Scratch, text: &str) -> String {
    text.replace(&scratch.path("").display().to_string(), "[DIR]/")
}

#[test]
fn the_help_of_the_program_lists_its_commands() {
    insta::assert_snapshot!(Scratch::new().eosin("--help").done().stdout);
}

#[test]
fn the_help_of_run_lists_every_flag() {
    insta::assert_snapshot!(Scratch::new().eosin("run --help").done().stdout);
}

#[test]
fn an_empty_cache_is_an_empty_table() {
    let scratch = Scratch::new();
    let told = scratch.eosin("cache ls").done();
    insta::assert_snapshot!(redacted(&scratch, &told.stdout));
}

#[test]
fn a_score_is_a_table_of_metrics() {
    let scratch = Scratch::new();
    scratch.write("p.csv", PREDICTIONS);
    insta::assert_snapshot!(scratch.eosin("score p.csv").done().stdout);
}

#[test]
fn the_score_of_decisions_leaves_out_what_needs_probabilities() {
    let scratch = Scratch::new();
    scratch.write("p.txt", "1 0\n2 0\n3 1\n4 1\n5 1\n6 1\n");
    scratch.write("l.txt", "1 0\n2 0\n3 0\n4 1\n5 1\n6 1\n");
    insta::assert_snapshot!(scratch.eosin("score p.txt --labels l.txt").done().stdout);
}

#[test]
fn a_made_set_is_said_and_listed() {
    let scratch = Scratch::with_phantom();
    insta::assert_snapshot!(scratch.eosin("inspect --data data").done().stdout);
}
