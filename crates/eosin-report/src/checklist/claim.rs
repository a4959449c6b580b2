//! CLAIM 2024: 44 items.

use super::answers as model;
use super::data_answers as data;
use super::result_answers as result;
use super::{Checklist, Item};

/// Tejani et al., Radiology: Artificial Intelligence 2024;6(4):e240300.
pub(super) const CLAIM: Checklist = Checklist {
    name: "CLAIM 2024",
    source: "Tejani et al., Radiology: Artificial Intelligence 2024; 6 (4): e240300",
    items: &ITEMS,
};

macro_rules! item {
    ($number:literal, $part:literal, $asks:literal, $answer:path) => {
        Item {
            number: $number,
            part: $part,
            asks: $asks,
            answer: $answer,
        }
    };
}

const ITEMS: [Item; 44] = [
    item!(
        "1",
        "Title",
        "the study as one of AI, and the kind of AI",
        data::author
    ),
    item!("2", "Abstract", "a structured summary", data::author),
    item!(
        "3",
        "Introduction",
        "background, intended use and clinical role",
        model::intended_use
    ),
    item!(
        "4",
        "Introduction",
        "aims, objectives, hypotheses",
        data::author
    ),
    item!("5", "Design", "prospective or retrospective", data::author),
    item!(
        "6",
        "Design",
        "the goal, such as making a model or showing that it can be done",
        model::objectives
    ),
    item!("7", "Data", "sources", data::sources),
    item!(
        "8",
        "Data",
        "what was included and excluded",
        data::eligibility
    ),
    item!("9", "Data", "preprocessing", data::preprocessing),
    item!("10", "Data", "selection of parts of images", data::subsets),
    item!("11", "Data", "how names were removed", data::author),
    item!("12", "Data", "how missing data were handled", data::missing),
    item!("13", "Data", "how images were acquired", data::author),
    item!("14", "Reference", "how it was defined", data::author),
    item!("15", "Reference", "why it was chosen", data::author),
    item!(
        "16",
        "Reference",
        "who annotated, and how qualified",
        data::author
    ),
    item!(
        "17",
        "Reference",
        "how the test set was annotated",
        data::author
    ),
    item!(
        "18",
        "Reference",
        "agreement within and between annotators, and checks of annotations",
        data::label_agreement
    ),
    item!(
        "19",
        "Partitions",
        "how data were assigned",
        data::partition
    ),
    item!(
        "20",
        "Partitions",
        "the level at which they are disjoint",
        data::disjoint
    ),
    item!(
        "21",
        "Testing data",
        "the intended size, and how it was determined",
        model::sample_size
    ),
    item!("22", "Model", "a full description", model::architecture),
    item!("23", "Model", "software and versions", model::software),
    item!(
        "24",
        "Model",
        "initial values of parameters",
        model::initial_weights
    ),
    item!(
        "25",
        "Training",
        "how it was trained: augmentation, parameters",
        model::training
    ),
    item!(
        "26",
        "Training",
        "how the final model was chosen",
        model::selection
    ),
    item!(
        "27",
        "Training",
        "ensembling, where there is any",
        model::combination
    ),
    item!("28", "Evaluation", "metrics", model::measures),
    item!(
        "29",
        "Evaluation",
        "significance and uncertainty",
        model::uncertainty
    ),
    item!(
        "30",
        "Evaluation",
        "robustness and sensitivity",
        result::robustness
    ),
    item!(
        "31",
        "Evaluation",
        "explanations of answers",
        result::explained
    ),
    item!("32", "Evaluation", "on internal data", result::internal),
    item!("33", "Evaluation", "on external data", result::external),
    item!("34", "Evaluation", "registration of a trial", data::author),
    item!(
        "35",
        "Results",
        "how many were included and excluded, as a diagram",
        data::flow
    ),
    item!(
        "36",
        "Results",
        "characteristics of cases in each part",
        data::characteristics
    ),
    item!(
        "37",
        "Results",
        "metrics with their uncertainty",
        result::metrics
    ),
    item!(
        "38",
        "Results",
        "diagnostic performance and its precision",
        result::performance
    ),
    item!(
        "39",
        "Results",
        "analysis of what went wrong",
        result::failures
    ),
    item!("40", "Discussion", "limits", result::limitations),
    item!(
        "41",
        "Discussion",
        "what it means for practice",
        data::author
    ),
    item!(
        "42",
        "Other",
        "the protocol, or further technical details",
        result::details
    ),
    item!(
        "43",
        "Other",
        "whether software, model and data can be had",
        model::code
    ),
    item!(
        "44",
        "Other",
        "funding and the role of funders",
        data::author
    ),
];
