//! What a name says: its words, and which of the known words they are.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use eosin_core::Split;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::vocabulary as known;

/// Lower case without accents, in one Unicode form: `Entraînement` and `entrainement` are alike.
pub(super) fn plain(text: &str) -> String {
    let bare: String = text.nfkd().filter(|c| !is_combining_mark(*c)).collect();
    bare.to_lowercase().nfkc().collect()
}

/// The plain words of a name: what stands between signs, humps and numbers.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous: Option<char> = None;
    for letter in name.nfc() {
        let joins = previous.is_some_and(|before| {
            before.is_alphanumeric()
                && before.is_numeric() == letter.is_numeric()
                && !(before.is_lowercase() && letter.is_uppercase())
        });
        // A mark that stands by itself belongs to the letter before it.
        if is_combining_mark(letter) {
            continue;
        }
        if letter.is_alphanumeric() {
            match words.last_mut() {
                Some(word) if joins => word.push(letter),
                _ => words.push(letter.into()),
            }
        }
        previous = Some(letter);
    }
    words.iter().map(|word| plain(word)).collect()
}

pub(super) fn is_number(word: &str) -> bool {
    !word.is_empty() && word.chars().all(char::is_numeric)
}

/// A list of words in plain form.
pub(super) struct WordSet(LazyLock<BTreeSet<String>>);

macro_rules! word_set {
    ($name:ident, $list:expr) => {
        pub(super) static $name: WordSet = WordSet(LazyLock::new(|| {
            $list
                .iter()
                .flat_map(|line| line.split_whitespace())
                .map(plain)
                .collect()
        }));
    };
}

word_set!(TRAIN, known::TRAIN);
word_set!(VAL, known::VAL);
word_set!(TEST, known::TEST);
word_set!(NEUTRAL, known::NEUTRAL);
word_set!(FOLD, known::FOLD);
word_set!(PATIENT, known::PATIENT);
word_set!(SLIDE, known::SLIDE);
word_set!(GROUP, known::GROUP);
word_set!(GRADE, known::GRADE);
word_set!(CLASS, known::CLASS);
word_set!(CLASS_ROOTS, known::CLASS_ROOTS);
word_set!(ORGAN, known::ORGAN);
word_set!(UNKNOWN, known::UNKNOWN);
word_set!(ANNOTATION, known::ANNOTATION);
word_set!(LABELLING, known::LABELLING);
word_set!(GLUED_ENDS, known::GLUED_ENDS);
word_set!(WORK, known::WORK);

impl WordSet {
    pub(super) fn has(&self, word: &str) -> bool {
        self.0.contains(word)
    }

    fn begins(&self, word: &str) -> bool {
        self.0.iter().any(|root| word.starts_with(root.as_str()))
    }

    fn within(&self, word: &str) -> bool {
        self.0.iter().any(|root| word.contains(root.as_str()))
    }
}

/// Public sets whose folders are parts.
const KNOWN_SETS: [(&str, Split); 2] = [
    ("NCT-CRC-HE-100K", Split::Train),
    ("CRC-VAL-HE-7K", Split::Test),
];

/// Whether a name says only that there are pictures, or something drawn on them.
pub(super) fn is_about_files(name: &str) -> bool {
    let words = words(name);
    let says_nothing = |word: &String| NEUTRAL.has(word) || ANNOTATION.has(word);
    !words.is_empty() && words.iter().all(says_nothing)
}

/// Whether a name is that of what is drawn on pictures: `masks`, `label_images`.
pub(super) fn is_annotation(name: &str) -> bool {
    is_about_files(name) && words(name).iter().any(|word| ANNOTATION.has(word))
}

/// A file's stem without the word at its end that says what is drawn there: `a` of `a_mask` and of
/// `a_mask_1`.
pub(super) fn without_annotation(stem: &str) -> Option<&str> {
    const SIGNS: [char; 4] = ['_', '-', '.', ' '];
    let (before, last) = stem.rsplit_once(SIGNS)?;
    let (before, last) = if is_number(last) {
        before.rsplit_once(SIGNS)?
    } else {
        (before, last)
    };
    ANNOTATION.has(&plain(last)).then_some(before)
}

/// Whether a name says that work has left something there, such as `results` or `figures_2`.
pub(super) fn is_of_work(name: &str) -> bool {
    let words = words(name);
    let mut telling = words.iter().filter(|word| !is_number(word)).peekable();
    telling.peek().is_some() && telling.all(|word| WORK.has(word))
}

/// The part that a name stands for, such as `Train`, `val_set`, `Testdaten` or `训练集`.
pub(crate) fn part_named(name: &str) -> Option<Split> {
    let upper = name.to_ascii_uppercase();
    if let Some((_, split)) = KNOWN_SETS.iter().find(|(set, _)| upper.starts_with(set)) {
        return Some(*split);
    }
    let words = words(name);
    let telling: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| !is_number(word) && !NEUTRAL.has(word))
        .collect();
    part_of_word(&telling.concat())
}

fn part_of_word(word: &str) -> Option<Split> {
    for (words, split) in [
        (&TRAIN, Split::Train),
        (&VAL, Split::Val),
        (&TEST, Split::Test),
    ] {
        if words.has(word) {
            return Some(split);
        }
    }
    // `trainset`, `Trainingsdaten`.
    let shorter = |end: &String| {
        word.strip_suffix(end.as_str())
            .filter(|rest| !rest.is_empty())
    };
    let mut ends = GLUED_ENDS.0.iter().rev();
    let shorter = ends.find_map(shorter)?;
    part_of_word(shorter)
}

/// Whether a name is that of a fold: `fold_0`, `CV3`, `split-2`.
pub(super) fn is_fold(name: &str) -> bool {
    let words = words(name);
    let [rest @ .., number] = words.as_slice() else {
        return false;
    };
    let numbered = is_number(number) || number.chars().count() == 1;
    let telling: Vec<&String> = rest.iter().filter(|word| *word != "k").collect();
    numbered && matches!(telling.as_slice(), [word] if FOLD.has(word))
}

/// Whether a name is a magnification: `40X`, `x200`, `0.5mpp`.
pub(super) fn is_magnification(name: &str) -> bool {
    let words = words(name);
    let is_unit = |word: &String| matches!(word.as_str(), "x" | "mpp" | "mag" | "magnification");
    let (units, numbers): (Vec<&String>, Vec<&String>) =
        words.iter().partition(|word| is_unit(word));
    !units.is_empty() && !numbers.is_empty() && numbers.iter().all(|word| is_number(word))
}

/// Whether a name holds a word for a class, such as `tumour`, `benign` or `SCC`.
pub(super) fn is_class_like(name: &str) -> bool {
    words(name)
        .iter()
        .any(|word| CLASS.has(word) || CLASS_ROOTS.begins(word) || CLASS_ROOTS.within(word))
}

/// Whether a name holds the name of an organ.
pub(super) fn is_organ(name: &str) -> bool {
    words(name).iter().any(|word| ORGAN.has(word))
}

/// What stands for a value that is not known: nothing, `NA`, `nan`, `-`.
pub(crate) fn is_unknown(value: &str) -> bool {
    let bare = plain(value.trim());
    let bare = bare.trim_matches(|c: char| c.is_whitespace() || "<>()[]{}".contains(c));
    bare.chars().all(is_filler) || UNKNOWN.has(&bare.replace(' ', ""))
}

/// Blanks, dashes and punctuation, which say nothing by themselves; symbols such as `+`, a tick or a
/// picture do.
fn is_filler(letter: char) -> bool {
    let is_sign = letter.is_ascii_punctuation() && letter != '+';
    let is_general = matches!(
        letter,
        '\u{2000}'..='\u{206f}' | '\u{2212}' | '\u{feff}' | '\u{ad}'
    );
    let is_own = matches!(
        letter,
        '¿' | '¡' | '·' | '«' | '»' | '、' | '。' | '・' | 'ー'
    );
    is_sign || is_general || is_own || letter.is_whitespace() || letter.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_into_words_at_signs_humps_and_numbers() {
        assert_eq!(words("SOB_B_A-14"), ["sob", "b", "a", "14"]);
        assert_eq!(words("TrainSet2"), ["train", "set", "2"]);
        assert_eq!(words("Entraînement"), ["entrainement"]);
        assert_eq!(words("entrai\u{302}nement"), ["entrainement"]);
    }

    #[test]
    fn parts_are_known_in_many_words() {
        for (name, split) in [
            ("Train", Split::Train),
            ("TRAINING_SET", Split::Train),
            ("01_train", Split::Train),
            ("trainset", Split::Train),
            ("Trainingsdaten", Split::Train),
            ("entraînement", Split::Train),
            ("训练集", Split::Train),
            ("обучающая выборка", Split::Train),
            ("Valid", Split::Val),
            ("validación", Split::Val),
            ("Validierung", Split::Val),
            ("検証データ", Split::Val),
            ("Testing", Split::Test),
            ("hold-out", Split::Test),
            ("test_images", Split::Test),
            ("Testdaten", Split::Test),
            ("テスト", Split::Test),
        ] {
            assert_eq!(part_named(name), Some(split), "{name}");
        }
        for name in [
            "benign",
            "invalid",
            "trainable",
            "attested",
            "set",
            "data",
            "0",
            "",
        ] {
            assert_eq!(part_named(name), None, "{name}");
        }
    }

    #[test]
    fn folds_and_magnifications_are_known_by_their_numbers() {
        assert!(
            ["fold_0", "Fold-05", "cv3", "split_1", "k-fold 2"]
                .iter()
                .all(|name| is_fold(name))
        );
        assert!(
            !["fold", "benign_1", "0", "manifold_1"]
                .iter()
                .any(|name| is_fold(name))
        );
        assert!(
            ["40X", "x200", "0.5mpp", "10 x"]
                .iter()
                .all(|name| is_magnification(name))
        );
        assert!(
            !["x", "40", "xenon 4"]
                .iter()
                .any(|name| is_magnification(name))
        );
    }

    #[test]
    fn what_is_not_known_is_no_value() {
        for value in [
            "",
            " ",
            "NA",
            "n/a",
            "N.A.",
            "NaN",
            "None",
            "null",
            "-",
            "--",
            "?",
            "<NA>",
            "#N/A",
            "unknown",
            "unbekannt",
        ] {
            assert!(is_unknown(value), "'{value}'");
        }
        for value in ["–", "—", "…", "‐ ", "¿", "_", "...", "*"] {
            assert!(is_unknown(value), "'{value}'");
        }
        for value in [
            "0", "n", "no", "+", "normal", "NAS", "nano", "P1", "🎉", "❤️", "✓", "✗", "±", "→",
            "癌", "-🎉",
        ] {
            assert!(!is_unknown(value), "'{value}'");
        }
    }
}
