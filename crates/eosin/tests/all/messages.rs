//! What is said of doubtful input, message by message; folders are redacted.

use std::fmt::Write as _;

use crate::scratch::Scratch;

/// A folder `d` of images, with a table or not, and what is asked of it.
struct Case<'a> {
    /// What is doubtful.
    what: &'a str,
    images: &'a [&'a str],
    /// The text of `d/t.csv`; none where it is empty.
    table: &'a str,
    command: &'a str,
}

/// Everything that each case prints.
fn said(cases: &[Case<'_>]) -> String {
    let mut all = String::new();
    for case in cases {
        let scratch = Scratch::new();
        for image in case.images {
            scratch.write_png(&format!("d/{image}"), 32, 32);
        }
        if !case.table.is_empty() {
            scratch.write("d/t.csv", case.table);
        }
        let outcome = scratch.eosin(case.command);
        let text = format!("{}{}", outcome.stderr, outcome.stdout);
        writeln!(all, "# {}", case.what).expect("text");
        all += &shown(&scratch, case.command, outcome.code, &text);
    }
    all
}

/// A command, its exit code and its text without times and folders.
fn shown(scratch: &Scratch, command: &str, code: Option<i32>, text: &str) -> String {
    let code = code.map_or_else(|| "none".to_owned(), |code| code.to_string());
    let text = text.replace(&scratch.path("").display().to_string(), "[DIR]/");
    let lines = text.lines().filter(|line| !line.contains(" s)"));
    let lines: Vec<String> = lines
        .map(|line| format!("  {}\n", line.trim_end()))
        .collect();
    format!("$ eosin {command} -> {code}\n{}\n", lines.concat())
}

const INSPECT: &str = "inspect --data d";

#[test]
fn levels_that_can_be_read_in_more_than_one_way() {
    let case = |what, images| Case {
        what,
        images,
        table: "",
        command: INSPECT,
    };
    insta::assert_snapshot!(said(&[
        case(
            "centre above patient above class",
            &[
                "north/p1/a/1.png",
                "north/p2/b/1.png",
                "south/p3/a/1.png",
                "south/p4/b/1.png",
            ]
        ),
        case(
            "class above digits",
            &["a/1/1.png", "a/2/1.png", "b/1/1.png", "b/3/1.png"]
        ),
        case(
            "images at several levels",
            &["a/1.png", "b/1.png", "b/c/1.png"]
        ),
        case(
            "results of work beside classes",
            &["a/1.png", "b/1.png", "results/figures/1.png"]
        ),
        case(
            "a class that is unknown",
            &["a/1.png", "b/1.png", "unknown/1.png"]
        ),
        case(
            "folds with parts",
            &[
                "fold_0/train/a/1.png",
                "fold_0/val/b/1.png",
                "fold_1/train/a/1.png",
                "fold_1/val/b/1.png",
            ]
        ),
        case("one class", &["a/1.png", "a/2.png"]),
        case("flat", &["1.png", "2.png"]),
        case(
            "parts in other words",
            &[
                "Trainingsdaten/a/1.png",
                "Trainingsdaten/b/1.png",
                "Testdaten/a/2.png",
                "Testdaten/b/2.png",
            ]
        ),
        Case {
            what: "a layout that is not there",
            images: &["a/1.png", "b/1.png"],
            table: "",
            command: "inspect --data d --layout part/class",
        },
    ]));
}

#[test]
fn values_of_tables_that_are_doubtful() {
    let case = |what, table| Case {
        what,
        images: &["1.png", "2.png", "3.png"],
        table,
        command: INSPECT,
    };
    insta::assert_snapshot!(said(&[
        case(
            "labels that differ by case",
            "path,label\n1.png,Benign\n2.png,benign\n3.png,malignant\n"
        ),
        case(
            "labels that differ by number format",
            "path,label\n1.png,1\n2.png,1.0\n3.png,0\n"
        ),
        case(
            "patients that are unknown",
            "path,label,patient\n1.png,a,NA\n2.png,b,P1\n3.png,b,\n"
        ),
        case("no label", "path,label\n1.png,a\n2.png,NaN\n3.png,b\n"),
        case(
            "a file that is nearly there",
            "path,label\n1.png,a\n2.png,b\n33.png,b\n"
        ),
        case("names without an ending", "id,label\n1,a\n2,b\n3,b\n"),
        case("a row twice", "path,label\n1.png,a\n2.png,b\n2.png,a\n"),
        case(
            "a title above the header",
            "my patches,\npath,label\n1.png,a\n2.png,b\n3.png,b\n"
        ),
        case("uneven rows", "path,label\n1.png,a\n2.png\n3.png,b,c\n"),
        case(
            "two columns that may be the label",
            "path,class,diagnosis\n1.png,a,a\n2.png,b,b\n3.png,b,b\n"
        ),
        case(
            "semicolons and Excel's first line",
            "sep=;\npath;label\n1.png;a\n2.png;b\n3.png;b\n"
        ),
        case(
            "one fold only",
            "path,label,fold\n1.png,a,7\n2.png,b,7\n3.png,b,7\n"
        ),
    ]));
}

#[test]
fn folds_that_cannot_be() {
    let images: &[&str] = &["1.png", "2.png", "3.png", "4.png"];
    let case = |what, table, command| Case {
        what,
        images,
        table,
        command,
    };
    let patients = "path,label,patient\n1.png,benign,p1\n2.png,benign,p1\n3.png,malignant,p2\n4.png,malignant,p2\n";
    let named = "path,label,patient,fold\n1.png,benign,p1,0\n2.png,malignant,p1,1\n3.png,benign,p2,0\n4.png,malignant,p2,1\n";
    insta::assert_snapshot!(said(&[
        case(
            "a patient a class",
            patients,
            "split --data d --out f.json --folds 2"
        ),
        case(
            "more folds than patches",
            "path,label\n1.png,benign\n2.png,malignant\n3.png,benign\n4.png,malignant\n",
            "split --data d --out f.json --folds 5"
        ),
        case(
            "folds that divide a patient",
            named,
            "split --data d --out f.json"
        ),
        case(
            "other folds than are named",
            &named.replace("p1", "p3"),
            "split --data d --out f.json --folds 3"
        ),
    ]));
}

/// A run on phantoms, then what each command says in its folder.
fn said_of_a_run(commands: &[&str]) -> String {
    let scratch = Scratch::with_run();
    scratch.write_png("new/a.png", 32, 32);
    scratch.write_png("new/larger.png", 48, 32);
    scratch.write("new/text.png", "no picture");
    scratch.write("new/notes.txt", "no picture");
    scratch.write(
        "twice.csv",
        "key,prob_benign,prob_malignant\na,0.5,0.5\na,0.4,0.6\n",
    );
    scratch.write("sums.csv", "key,prob_benign,prob_malignant\na,0.5,0.6\n");
    scratch.write("labels.csv", "key,label\na,BENIGN\n");
    scratch.write("right.csv", "key,prob_benign,prob_malignant\na,0.5,0.5\n");
    scratch.write("w.safetensors", "{}");
    scratch.write(
        "w.pth",
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    );
    let told = commands.iter().map(|command| {
        let outcome = scratch.eosin(command);
        shown(&scratch, command, outcome.code, &outcome.stderr)
    });
    told.collect()
}

#[test]
fn files_that_are_not_what_they_are_called() {
    insta::assert_snapshot!(said_of_a_run(&[
        "predict run new/text.png",
        "predict run new/larger.png",
        "predict run new/notes.txt",
        "predict run new",
        "predict run nowhere",
        "predict nowhere new/a.png",
        "score twice.csv --labels labels.csv",
        "score sums.csv --labels labels.csv",
        "score right.csv --labels labels.csv",
        "score nowhere.csv",
        "run --data data --folds 3 --weights w.safetensors",
        "run --data data --folds 3 --weights w.pth",
        "run --data data --folds 3 --weights new",
        "run --data data --folds 3 --weights nowhere.pth",
        "export run --out m.pt",
    ]));
}
