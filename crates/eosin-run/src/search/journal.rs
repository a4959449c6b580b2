//! A study as Optuna's journal, which its dashboard opens.

use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use eosin_search::{Domain, Goal, Parameter, Scale};
use eosin_store::write_atomic;
use serde_json::{Map, Value, json};

use super::outcome::Outcome;
use super::record::StudyRecord;
use super::study::look;
use super::trials::{Begun, Ended, Trials};

/// Who wrote the journal, as Optuna wants to know.
const WORKER: &str = "eosin";
/// What Optuna calls what happened.
const CREATE_STUDY: u8 = 0;
const CREATE_TRIAL: u8 = 4;
/// And how a trial stands.
const COMPLETE: u8 = 1;
const PRUNED: u8 = 2;
const FAILED: u8 = 3;
const WAITING: u8 = 4;

/// Writes the study in `dir` as a journal of Optuna 5 (`JournalFileBackend`): `optuna-dashboard FILE`
/// shows it. Trials have the numbers that they have here; those that have not ended yet wait.
///
/// # Errors
/// When there is no study, a line of it is damaged, or the file cannot be written.
pub fn export_journal(dir: &Path, out: &Path) -> Result<()> {
    let study = look(dir)?;
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let direction = match study.record.goal {
        Goal::Minimise => 1,
        Goal::Maximise => 2,
    };
    let mut lines = vec![json!({
        "op_code": CREATE_STUDY, "worker_id": WORKER, "study_name": name, "directions": [direction],
    })];
    lines.extend(trials(&study.record, &study.trials)?);
    let mut text = String::new();
    for line in lines {
        text.push_str(&serde_json::to_string(&line)?);
        text.push('\n');
    }
    Ok(write_atomic(out, text.as_bytes())?)
}

fn trials(record: &StudyRecord, trials: &Trials) -> Result<Vec<Value>> {
    let begun: SystemTime = humantime::parse_rfc3339(&record.created)?;
    let mut lines = Vec::new();
    for counted in trials.counted() {
        // Optuna counts trials by their lines.
        while (lines.len() as u64) < counted.made.trial {
            lines.push(json!({
                "op_code": CREATE_TRIAL, "worker_id": WORKER, "study_id": 0, "state": WAITING,
                "value": null, "values": null, "datetime_start": null, "datetime_complete": null,
                "distributions": {}, "params": {}, "user_attrs": {}, "system_attrs": {},
                "intermediate_values": {},
            }));
        }
        lines.push(trial(record, counted.begun, counted.ended, begun));
    }
    Ok(lines)
}

fn trial(record: &StudyRecord, begun: &Begun, ended: &Ended, created: SystemTime) -> Value {
    let (mut params, mut distributions) = (Map::new(), Map::new());
    for (key, value) in &begun.assignment {
        let Some(parameter) = record.space.parameter(key) else {
            continue;
        };
        params.insert(key.clone(), json!(parameter.domain.place(value)));
        let distribution = distribution(parameter).to_string();
        distributions.insert(key.clone(), Value::String(distribution));
    }
    let (state, notes) = match &ended.outcome {
        Outcome::Complete(score) => (COMPLETE, json!({ "folds": score.folds })),
        Outcome::Pruned { why, .. } => (PRUNED, json!({ "why": why })),
        Outcome::Failed { problem } => (FAILED, json!({ "problem": problem })),
    };
    let time = |at: SystemTime| {
        let text = humantime::format_rfc3339_micros(at).to_string();
        text.replace('Z', "+00:00")
    };
    let took = Duration::try_from_secs_f64(ended.secs).unwrap_or_default();
    json!({
        "op_code": CREATE_TRIAL, "worker_id": WORKER, "study_id": 0, "state": state,
        "value": ended.outcome.value(), "values": null, "datetime_start": time(created),
        "datetime_complete": time(created + took), "distributions": distributions,
        "params": params, "user_attrs": notes, "system_attrs": {}, "intermediate_values": {},
    })
}

/// The values of a key, as Optuna describes them.
fn distribution(parameter: &Parameter) -> Value {
    match &parameter.domain {
        Domain::Choice { values } => json!({
            "name": "CategoricalDistribution", "attributes": { "choices": values },
        }),
        Domain::Integer {
            low,
            high,
            step,
            scale,
        } => json!({
            "name": "IntDistribution",
            "attributes": { "log": *scale == Scale::Log, "step": step, "low": low, "high": high },
        }),
        Domain::Float {
            low, high, scale, ..
        } => json!({
            "name": "FloatDistribution",
            "attributes": { "step": null, "low": low, "high": high, "log": *scale == Scale::Log },
        }),
    }
}
