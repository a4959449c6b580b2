//! `eosin models`: what there is to choose from, and where a network can be cut.

use std::process::ExitCode;

use anyhow::{Result, bail};
use eosin_core::BackboneName;
use eosin_models::{Backbone, BackboneSpec, Recording};
use serde::Serialize;

use crate::args::ModelsArgs;
use crate::output::{bytes, say, say_json, say_table};

/// Lists all backbones, or the stages of one.
///
/// # Errors
/// When the size asked for is none that the backbone takes.
pub fn run(args: &ModelsArgs, json: bool) -> Result<ExitCode> {
    match args.name {
        None => list(json)?,
        Some(name) => describe(name, args.size, json)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A backbone in JSON.
#[derive(Serialize)]
struct Model {
    name: BackboneName,
    size_px: usize,
    embedding_width: usize,
    parameters: usize,
    bytes: usize,
    multiply_adds: u64,
    mean: [f32; 3],
    std: [f32; 3],
    min_size_px: usize,
    size_step_px: usize,
}

impl From<BackboneSpec> for Model {
    fn from(spec: BackboneSpec) -> Self {
        Self {
            name: spec.name,
            size_px: spec.native_size_px,
            embedding_width: spec.embedding_width,
            parameters: spec.parameters,
            bytes: spec.parameters * size_of::<f32>(),
            multiply_adds: spec.mega_multiply_adds * 1_000_000,
            mean: spec.mean,
            std: spec.std,
            min_size_px: spec.min_size_px,
            size_step_px: spec.size_step_px,
        }
    }
}

fn millions(count: f64) -> String {
    format!("{:.2}", count / 1e6)
}

fn list(json: bool) -> Result<()> {
    let models = BackboneName::ALL.iter().map(|name| BackboneSpec::of(*name));
    let models: Vec<Model> = models.map(Model::from).collect();
    if json {
        return say_json(&serde_json::json!({ "models": models }));
    }
    let row = |model: &Model| {
        vec![
            model.name.to_string(),
            model.size_px.to_string(),
            model.embedding_width.to_string(),
            millions(model.parameters as f64),
            bytes(model.bytes as u64),
            format!("{:.2}", model.multiply_adds as f64 / 1e9),
        ]
    };
    let header = [
        "backbone",
        "size px",
        "embedding",
        "parameters M",
        "weights",
        "multiply-adds G",
    ];
    say_table(&header, models.iter().map(row).collect());
    say("without classifier; 'eosin models NAME' shows the stages of one");
    Ok(())
}

/// One stage of a backbone.
#[derive(Serialize)]
struct Stage {
    name: &'static str,
    /// Height, width and channels behind the stage.
    output: [usize; 3],
    /// Of this stage alone.
    multiply_adds: u64,
    /// Of one cached feature map behind the stage.
    map_bytes: usize,
}

fn describe(name: BackboneName, size: Option<usize>, json: bool) -> Result<()> {
    let spec = BackboneSpec::of(name);
    let size = size.unwrap_or(spec.native_size_px);
    if size < spec.min_size_px || !size.is_multiple_of(spec.size_step_px) {
        bail!(
            "{name} takes sides from {} px in steps of {} px, not {size}",
            spec.min_size_px,
            spec.size_step_px
        );
    }
    let network = Backbone::new(name, 2, size);
    let stages = stages(&network, size);
    let total = Recording::embedding_shape(&network, size).multiply_adds();
    if json {
        let model = Model::from(spec);
        return say_json(&serde_json::json!({
            "model": model, "size_px": size, "multiply_adds": total, "stages": stages,
        }));
    }
    let row = |(index, stage): (usize, &Stage)| {
        let [height, width, channels] = stage.output;
        vec![
            format!("{index} {}", stage.name),
            format!("{height}x{width}x{channels}"),
            millions(stage.multiply_adds as f64),
            bytes(stage.map_bytes as u64),
        ]
    };
    let numbered = stages.iter().enumerate().map(row).collect();
    say_table(
        &["stage", "output", "multiply-adds M", "map in f32"],
        numbered,
    );
    let [mean, std] = [spec.mean, spec.std].map(|values| values.map(|v| v.to_string()).join(", "));
    let classifier = network.classifier().weight.shape();
    let parameters = network.parameter_count() - classifier[0] * (classifier[1] + 1);
    for line in [
        format!(
            "input      {size}x{size} px; from {} px in steps of {}",
            spec.min_size_px, spec.size_step_px
        ),
        format!("scaling    mean {mean}; std {std} (of 0..1 values)"),
        format!("embedding  {} values", spec.embedding_width),
        format!(
            "weights    {parameters} parameters, {}",
            bytes(4 * parameters as u64)
        ),
        format!(
            "cost       {} million multiply-adds an image",
            millions(total as f64)
        ),
        format!("classifier tensors '{}*'", spec.classifier),
    ] {
        say(&line);
    }
    Ok(())
}

fn stages(network: &Backbone, size: usize) -> Vec<Stage> {
    let mut before = 0;
    let stage = |(index, name): (usize, &&'static str)| {
        let recording = Recording::prefix_shape(network, index + 1, size);
        let output = recording.output_shape();
        let multiply_adds = recording.multiply_adds() - before;
        before = recording.multiply_adds();
        Stage {
            name,
            output,
            multiply_adds,
            map_bytes: output.iter().product::<usize>() * size_of::<f32>(),
        }
    };
    network.stages().iter().enumerate().map(stage).collect()
}
