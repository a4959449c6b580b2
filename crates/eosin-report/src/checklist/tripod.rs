//! TRIPOD+AI: 27 items with their sub-items.

use super::answers as model;
use super::data_answers as data;
use super::result_answers as result;
use super::{Checklist, Item};

/// Collins et al., BMJ 2024;385:e078378.
pub(super) const TRIPOD_AI: Checklist = Checklist {
    name: "TRIPOD+AI",
    source: "Collins et al., BMJ 2024; 385: e078378",
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

const ITEMS: [Item; 52] = [
    item!(
        "1",
        "Title",
        "the study as one that develops or evaluates a model, for whom, of what outcome",
        data::author
    ),
    item!(
        "2",
        "Abstract",
        "a summary by TRIPOD+AI for abstracts",
        data::author
    ),
    item!(
        "3a",
        "Introduction",
        "the setting in health care, the reason for the model, models that exist",
        data::author
    ),
    item!(
        "3b",
        "Introduction",
        "for whom the model is, what it is to do in care, and its users",
        model::intended_use
    ),
    item!(
        "3c",
        "Introduction",
        "inequalities in health between groups that are known",
        data::author
    ),
    item!(
        "4",
        "Introduction",
        "whether a model is developed, validated or both",
        model::objectives
    ),
    item!(
        "5a",
        "Data",
        "sources of the data of development and evaluation, why these, whom they represent",
        data::sources
    ),
    item!("5b", "Data", "dates of the data", data::author),
    item!(
        "6a",
        "Participants",
        "setting, number and place of centres",
        data::author
    ),
    item!("6b", "Participants", "who was eligible", data::eligibility),
    item!(
        "6c",
        "Participants",
        "treatments that were received, and how they were handled",
        data::author
    ),
    item!(
        "7",
        "Data",
        "preparation and checks of the data, alike for all groups",
        data::preparation
    ),
    item!(
        "8a",
        "Outcome",
        "what is predicted, how and when it was assessed, alike for all groups",
        data::outcome
    ),
    item!(
        "8b",
        "Outcome",
        "who assessed it, where that takes judgement",
        data::author
    ),
    item!("8c", "Outcome", "what assessors did not know", data::author),
    item!(
        "9a",
        "Predictors",
        "which were chosen at first, and any selection before modelling",
        model::predictors
    ),
    item!(
        "9b",
        "Predictors",
        "what they are, how and when they were measured",
        model::predictors_measured
    ),
    item!(
        "9c",
        "Predictors",
        "who assessed them, where that takes judgement",
        model::predictors_subjective
    ),
    item!(
        "10",
        "Sample size",
        "how the size came about and whether it suffices",
        model::sample_size
    ),
    item!(
        "11",
        "Missing data",
        "how they were handled, and what was left out",
        data::missing
    ),
    item!(
        "12a",
        "Methods",
        "how data were used for development and evaluation",
        model::used_data
    ),
    item!(
        "12b",
        "Methods",
        "how predictors enter: scaling, transformation",
        model::handled_predictors
    ),
    item!(
        "12c",
        "Methods",
        "the kind of model, all steps of building it, tuning, internal validation",
        model::model
    ),
    item!(
        "12d",
        "Methods",
        "how differences between clusters were handled",
        model::clusters
    ),
    item!(
        "12e",
        "Methods",
        "measures and plots: discrimination, calibration, clinical utility",
        model::measures
    ),
    item!(
        "12f",
        "Methods",
        "updating of the model after evaluation",
        model::updating
    ),
    item!(
        "12g",
        "Methods",
        "how predictions were calculated for evaluation",
        model::calculated
    ),
    item!(
        "13",
        "Class imbalance",
        "what was done about it, and recalibration after it",
        model::imbalance
    ),
    item!(
        "14",
        "Fairness",
        "what was done for it, and why",
        model::fairness
    ),
    item!(
        "15",
        "Output",
        "what the model gives, and how classes and thresholds follow",
        model::output
    ),
    item!(
        "16",
        "Methods",
        "differences between the data of development and evaluation",
        model::differences
    ),
    item!("17", "Ethics", "approval and consent", data::author),
    item!(
        "18a",
        "Open science",
        "funding and the role of funders",
        data::author
    ),
    item!("18b", "Open science", "conflicts of interest", data::author),
    item!("18c", "Open science", "where the protocol is", data::author),
    item!("18d", "Open science", "registration", data::author),
    item!(
        "18e",
        "Open science",
        "whether data can be had",
        data::author
    ),
    item!(
        "18f",
        "Open science",
        "whether code can be had",
        model::code
    ),
    item!(
        "19",
        "Involvement",
        "of patients and the public",
        data::author
    ),
    item!(
        "20a",
        "Results",
        "the flow of participants, with and without the outcome",
        data::flow
    ),
    item!(
        "20b",
        "Results",
        "their characteristics, by source",
        data::characteristics
    ),
    item!(
        "20c",
        "Results",
        "evaluation data beside those of development",
        result::compared
    ),
    item!(
        "21",
        "Results",
        "participants and outcomes in each analysis",
        result::analysed
    ),
    item!(
        "22",
        "Results",
        "the model in full, so that others can predict with it",
        model::specification
    ),
    item!(
        "23a",
        "Results",
        "performance with intervals, in key subgroups, too",
        result::performance_and_subgroups
    ),
    item!(
        "23b",
        "Results",
        "how performance differs between clusters",
        result::heterogeneity
    ),
    item!("24", "Results", "of updating", result::updated),
    item!(
        "25",
        "Discussion",
        "what the results mean, fairness included",
        data::author
    ),
    item!(
        "26",
        "Discussion",
        "limits and what they do to results",
        result::limitations
    ),
    item!(
        "27a",
        "Usability",
        "how bad or missing input is recognised and handled",
        model::bad_input
    ),
    item!(
        "27b",
        "Usability",
        "what users have to do, and what they must know",
        model::users
    ),
    item!("27c", "Usability", "next steps of research", data::author),
];
