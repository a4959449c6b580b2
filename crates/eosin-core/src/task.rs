//! What is told apart: the classes, and which of two is the one that binary metrics are about.

/// What a run tells apart, and how a prediction follows from probabilities.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Class names in the order of their indices.
    pub classes: Vec<String>,
    /// The class that binary metrics are about.
    pub positive: usize,
    /// How a class is decided on.
    pub decision: Decision,
}

/// How a class is decided on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Decision {
    /// The most probable class; of equals, the first.
    #[default]
    MostProbable,
    /// Of two classes `class`, where its log odds by the run's own probabilities (before any
    /// calibration) are at least `log_odds`; else the other one.
    AtLeast {
        /// Which class.
        class: usize,
        /// The least log odds.
        log_odds: f64,
    },
}

impl Decision {
    /// The index of the class that these probabilities, one a class, speak for.
    pub fn decide(self, probs: &[f32]) -> usize {
        let better = |best, at| if probs[at] > probs[best] { at } else { best };
        match self {
            Self::MostProbable => (0..probs.len()).fold(0, better),
            Self::AtLeast {
                class,
                log_odds: least,
            } => {
                if log_odds(probs, class) >= least {
                    class
                } else {
                    1 - class
                }
            }
        }
    }
}

/// The log odds of one of two classes, `ln p - ln q`. A probability that single precision writes as 0
/// counts as the smallest above it, so that they stay finite.
pub fn log_odds(probs: &[f32], class: usize) -> f64 {
    let log = |prob: f32| f64::from(prob.max(f32::from_bits(1))).ln();
    log(probs[class]) - log(probs[1 - class])
}

impl Task {
    /// Telling `classes` apart by the most probable one, `positive` being what is looked for.
    pub const fn new(classes: Vec<String>, positive: usize) -> Self {
        Self {
            classes,
            positive,
            decision: Decision::MostProbable,
        }
    }
}

/// The class that binary metrics are about, as a user named it or left it to the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositiveChoice<'a> {
    /// The name given; `None` leaves it to what the names mean.
    pub named: Option<&'a str>,
    /// What a user writes before a name to give one, such as `--set data.positive=`.
    pub written: &'static str,
}

/// Why no class can be taken for the positive one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PositiveError {
    /// The class named does not exist.
    #[error("{written}'{named}' is none of the classes {}", classes.join(", "))]
    Unknown {
        /// The name given.
        named: String,
        /// What it was written behind.
        written: &'static str,
        /// The classes there are.
        classes: Vec<String>,
    },
    /// Nothing in the names of two classes says which is the positive one.
    #[error(
        "which of '{}' and '{}' is the positive class, the one that recall and AUPRC are about? \
         Their names do not say; write '{written}{0}' or '{written}{1}'",
        classes[0],
        classes[1]
    )]
    Ambiguous {
        /// What a name is written behind.
        written: &'static str,
        /// Both classes.
        classes: [String; 2],
    },
    /// There is no class.
    #[error("there are no classes")]
    NoClasses,
}

/// Words that name what is looked for, wherever they stand in a class's name.
const POSITIVE: &[&str] = &[
    "abnormal",
    "adenocarcinoma",
    "cancer",
    "cancerous",
    "carcinoma",
    "disease",
    "diseased",
    "malignancy",
    "malignant",
    "melanoma",
    "metastases",
    "metastasis",
    "metastatic",
    "neoplasm",
    "neoplastic",
    "positive",
    "sarcoma",
    "tumor",
    "tumorous",
    "tumors",
    "tumour",
    "tumourous",
    "tumours",
];

/// Words that take the meaning from a positive word beside them, as in `non-tumour`,
/// `benign_tumor` or `tumour free`.
const NEGATING: &[&str] = &[
    "adjacent", "benign", "free", "healthy", "neg", "negative", "no", "non", "normal", "not",
    "without",
];

/// Words that mean something only beside their opposite, negative first.
const OPPOSITES: &[[&str; 2]] = &[
    ["0", "1"],
    ["false", "true"],
    ["neg", "pos"],
    ["negative", "positive"],
    ["no", "yes"],
];

/// The index of the positive class.
///
/// Of two classes it is the one named, else the only one whose name holds a word such as
/// `malignant`, `tumour` or `positive` that nothing negates, else the `1` of `0` and `1` (likewise
/// `true`, `yes`, `pos`). Nothing else is guessed: what is looked for is no matter of the alphabet.
///
/// Binary metrics of more classes are averages over all of them, and of one there are none; where
/// nothing is named it is the last, on which nothing depends.
///
/// # Errors
/// When the class named does not exist, or two names leave it open.
pub fn positive_class(
    classes: &[String],
    choice: PositiveChoice<'_>,
) -> Result<usize, PositiveError> {
    let written = choice.written;
    if let Some(named) = choice.named {
        let place = classes.iter().position(|class| class == named);
        return place.ok_or_else(|| PositiveError::Unknown {
            named: named.to_owned(),
            written,
            classes: classes.to_vec(),
        });
    }
    match classes {
        [] => Err(PositiveError::NoClasses),
        [one, other] => by_meaning(one, other).ok_or_else(|| PositiveError::Ambiguous {
            written,
            classes: [one.clone(), other.clone()],
        }),
        _ => Ok(classes.len() - 1),
    }
}

/// Which of two names is that of what is looked for, when they say so.
fn by_meaning(one: &str, other: &str) -> Option<usize> {
    let (one, other) = (words(one), words(other));
    match (is_positive(&one), is_positive(&other)) {
        (true, false) => Some(0),
        (false, true) => Some(1),
        _ => by_opposites(&one, &other),
    }
}

/// Lower-case words of a name: what stands between blanks and signs.
fn words(name: &str) -> Vec<String> {
    let name = name.to_lowercase();
    name.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn is_positive(words: &[String]) -> bool {
    let any_of = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    any_of(POSITIVE) && !any_of(NEGATING)
}

/// For names that differ in one word, which is the opposite of the other's.
fn by_opposites(one: &[String], other: &[String]) -> Option<usize> {
    if one.len() != other.len() {
        return None;
    }
    let mut differing = one.iter().zip(other).filter(|(a, b)| a != b);
    let (a, b) = differing.next()?;
    if differing.next().is_some() {
        return None;
    }
    let (a, b) = (a.as_str(), b.as_str());
    OPPOSITES
        .iter()
        .find_map(|[negative, positive]| match (a, b) {
            _ if (a, b) == (*negative, *positive) => Some(1),
            _ if (a, b) == (*positive, *negative) => Some(0),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(classes: &[&str], named: Option<&str>) -> Result<usize, PositiveError> {
        let classes: Vec<String> = classes.iter().map(|class| (*class).to_owned()).collect();
        let written = "--set data.positive=";
        positive_class(&classes, PositiveChoice { named, written })
    }

    #[test]
    fn of_equally_probable_classes_the_first_is_decided_on() {
        let decide = |probs: &[f32]| Decision::MostProbable.decide(probs);
        assert_eq!(decide(&[0.2, 0.5, 0.3]), 1);
        assert_eq!(decide(&[0.4, 0.2, 0.4]), 0);
        assert_eq!(decide(&[0.5, 0.5]), 0);
    }

    #[test]
    fn a_threshold_is_reached_at_its_own_value_and_told_apart_where_probabilities_are_all_but_one()
    {
        let half = Decision::AtLeast {
            class: 1,
            log_odds: 0.0,
        };
        assert_eq!(half.decide(&[0.5, 0.5]), 1);
        assert_eq!(half.decide(&[0.6, 0.4]), 0);
        let high = Decision::AtLeast {
            class: 0,
            log_odds: 20.0,
        };
        // Both are 1 in single precision.
        assert_eq!(high.decide(&[1.0, 1e-9]), 0);
        assert_eq!(high.decide(&[1.0, 1e-8]), 1);
        assert!(log_odds(&[0.0, 1.0], 1).is_finite());
    }

    #[test]
    fn words_that_say_it_are_understood_wherever_they_stand() {
        for (negative, positive) in [
            ("benign", "malignant"),
            ("normal", "cancer"),
            ("Normal", "TUMOUR"),
            ("non-tumor", "tumor"),
            ("benign_tumour", "malignant_tumour"),
            ("normal", "abnormal"),
            ("healthy tissue", "lymph node/metastasis"),
            ("tumor_negative", "tumor_positive"),
            ("tumour-free", "tumour"),
            ("0", "1"),
            ("class_0", "class_1"),
            ("false", "true"),
            ("no", "yes"),
            ("her2 neg", "her2 pos"),
        ] {
            assert_eq!(of(&[negative, positive], None), Ok(1), "{positive}");
            assert_eq!(of(&[positive, negative], None), Ok(0), "{positive}");
        }
    }

    #[test]
    fn names_that_leave_it_open_are_refused_with_both_fixes() {
        for classes in [
            ["adenosis", "fibroadenoma"],
            ["adenocarcinoma", "squamous carcinoma"],
            ["grade_1", "grade_2"],
            ["1", "2"],
            ["stage 1", "tissue 0"],
            ["nontumor", "tumors and adjacent"],
            ["premalignant", "other"],
        ] {
            let error = of(&classes, None).unwrap_err().to_string();
            for class in classes {
                let fix = format!("'--set data.positive={class}'");
                assert!(error.contains(&fix), "{error}");
            }
        }
    }

    #[test]
    fn a_name_given_holds_whatever_the_words_say() {
        assert_eq!(of(&["benign", "malignant"], Some("benign")), Ok(0));
        assert_eq!(of(&["a", "b", "c"], Some("b")), Ok(1));
        let error = of(&["a", "b"], Some("c")).unwrap_err().to_string();
        assert_eq!(error, "--set data.positive='c' is none of the classes a, b");
    }

    #[test]
    fn more_classes_need_no_positive_one() {
        assert_eq!(of(&["a", "b", "c"], None), Ok(2));
        assert_eq!(of(&[], None), Err(PositiveError::NoClasses));
    }
}
