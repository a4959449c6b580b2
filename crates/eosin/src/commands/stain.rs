//! `eosin stain`: patches before and after their stain is made alike.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use eosin_core::config::{DataConfig, ResizeFilter, ResizePolicy, StainMethod};
use eosin_data::{
    IngestOptions, InspectOptions, Manifest, NoLedger, Patches, ResizeSpec, RgbPatch,
    StainNormaliser, find_images, inspect, read_manifest, resize,
};
use eosin_run::{Overwrite, check_out_file, lies_in};
use eosin_store::write_atomic;
use eosin_train::{KeptStain, StainFit, StainFitter, decode_limits};

use crate::args::StainArgs;
use crate::commands::augment::refuse_among_patches;
use crate::output::{note, say, say_json};
use crate::sheet::Sheet;
use crate::terminal::list_all;

/// Side of a patch on the sheet.
const SIDE_PX: usize = 192;
/// Around patches that keep their own stain.
const RED: [u8; 3] = [200, 0, 0];
/// Patches that keep their own stain, listed on the terminal.
const LISTED: usize = 20;

/// Finds what patches are made like, makes them so, and writes a sheet.
///
/// # Errors
/// When patches cannot be read, no stain can be told, or a file cannot be written.
pub fn run(args: &StainArgs, json: bool) -> Result<ExitCode> {
    let preview = match (&args.preview, &args.out) {
        (None, None) => Some(Path::new("stain.png")),
        (preview, _) => preview.as_deref(),
    };
    if let Some(preview) = preview {
        check_out_file(preview, Overwrite::of_flag(args.overwrite))?;
    }
    for data in &args.data {
        if let Some(preview) = preview {
            refuse_among_patches(preview, data)?;
        }
        if let Some(out) = args.out.as_ref().filter(|out| lies_in(out, data)) {
            bail!(
                "--out {} lies among the patches in {}, where they would be taken for more of them; name a \
                 folder elsewhere",
                out.display(),
                data.display()
            );
        }
    }
    if let Some(out) = args.out.as_ref().filter(|out| out.exists()) {
        bail!("{} is there already: name a new folder", out.display());
    }
    let known = known_target(args)?;
    let config = config(args, known.as_ref())?;
    let patches = look(&find(&args.data)?)?;
    let fit = fit(&config, &patches, known)?;
    let normaliser: StainNormaliser = fit.stain.parse()?;
    if let Some(out) = &args.out {
        write_all(&patches, &normaliser, out)?;
    }
    if let Some(preview) = preview {
        sheet(preview, args.patches.into(), &patches, &normaliser, &fit)?;
    }
    tell(preview, args.out.as_deref(), &fit, json)?;
    Ok(ExitCode::SUCCESS)
}

/// What `--target FILE.json` says.
fn known_target(args: &StainArgs) -> Result<Option<StainFit>> {
    let Some(path) = args.target.as_deref().map(Path::new) else {
        return Ok(None);
    };
    if path.extension().is_none_or(|ending| ending != "json") {
        return Ok(None);
    }
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let fit: StainFit = serde_json::from_slice(&text)
        .with_context(|| format!("{} is no stain.json of a run", path.display()))?;
    if let Some(method) = args.method.filter(|method| *method != fit.method) {
        bail!(
            "{} is a target of {}, and '--method {method}' is asked for; leave the method out",
            path.display(),
            fit.method
        );
    }
    Ok(Some(fit))
}

fn config(args: &StainArgs, known: Option<&StainFit>) -> Result<DataConfig> {
    let method = args.method.or(known.map(|fit| fit.method));
    let stain = method.unwrap_or(StainMethod::Macenko);
    if stain == StainMethod::None {
        bail!("'--method none' changes nothing; name a method, such as macenko");
    }
    Ok(DataConfig {
        stain,
        stain_target: args.target.clone().filter(|_| known.is_none()),
        ..DataConfig::default()
    })
}

/// Patches with their parts where they are a set, else images.
fn find(data: &[PathBuf]) -> Result<Manifest> {
    if let [one] = data
        && let Ok(manifest) = read_manifest(one, &IngestOptions::default())
    {
        return Ok(manifest);
    }
    Ok(find_images(data)?.manifest)
}

/// Reads every patch; those that cannot be used are listed.
fn look(manifest: &Manifest) -> Result<Patches> {
    let options = InspectOptions {
        decode: true,
        sizes_may_differ: true,
        ..InspectOptions::default()
    };
    let mut found = inspect(manifest, &options, &NoLedger, &|_, _| ());
    found.inspection.problems.retain(|one| one.kind.is_bad());
    let problems = &found.inspection.problems;
    let bad: BTreeSet<String> = problems.iter().map(|one| one.key.clone()).collect();
    if !bad.is_empty() {
        list_all(problems);
        bail!(
            "{} of {} patches cannot be used (listed above); mend them, or name others",
            bad.len(),
            manifest.patches.len()
        );
    }
    Ok(Patches::new(manifest, found.contents, &bad))
}

fn fit(config: &DataConfig, patches: &Patches, known: Option<StainFit>) -> Result<StainFit> {
    let manifest = patches.manifest();
    let (pool, test) = (manifest.training_pool(), manifest.test_part());
    let fitter = StainFitter {
        config,
        patches,
        pool: &pool,
        test: &test,
    };
    let Some(known) = known else {
        fitter.refuse()?;
        let fit = fitter.fit(&|| Ok(()))?;
        return fit.context("a method makes patches alike");
    };
    let normaliser: StainNormaliser = known.stain.parse()?;
    let mut unchanged = Vec::new();
    for place in 0..manifest.patches.len() {
        if let Err(why) = normaliser.apply(&mut decoded(patches, place)?) {
            unchanged.push(KeptStain {
                key: manifest.patches[place].key.clone(),
                split: manifest.patches[place].split,
                why,
            });
        }
    }
    Ok(StainFit {
        patches: manifest.patches.len(),
        unchanged,
        ..known
    })
}

fn decoded(patches: &Patches, place: usize) -> Result<RgbPatch> {
    let limits = decode_limits(DataConfig::default().max_side_px);
    Ok(patches.decoded(place, &limits)?)
}

/// Every patch as PNG below `out`.
fn write_all(patches: &Patches, normaliser: &StainNormaliser, out: &Path) -> Result<()> {
    let mut paths: BTreeMap<PathBuf, &str> = BTreeMap::new();
    let mut all = Vec::new();
    for patch in &patches.manifest().patches {
        let path = out.join(below(&patch.key)).with_extension("png");
        if let Some(other) = paths.insert(path.clone(), &patch.key) {
            bail!(
                "{other} and {} would both be written to {}: rename one of them",
                patch.key,
                path.display()
            );
        }
        all.push(path);
    }
    for (place, path) in all.iter().enumerate() {
        let mut pixels = decoded(patches, place)?;
        // Those that keep their own stain are written, too: they are said.
        normaliser.apply(&mut pixels).ok();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        write_atomic(path, &png_of(&pixels)?)?;
    }
    Ok(())
}

/// A key as a path that leads nowhere else.
fn below(key: &str) -> PathBuf {
    let parts = Path::new(key).components();
    parts
        .filter(|part| matches!(part, std::path::Component::Normal(_)))
        .collect()
}

fn png_of(patch: &RgbPatch) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let sides = [patch.width_px, patch.height_px].map(u32::try_from);
    let [width, height] = sides;
    let mut encoder = png::Encoder::new(&mut bytes, width?, height?);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&patch.pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// A line a patch: before, after.
fn sheet(
    path: &Path,
    count: usize,
    patches: &Patches,
    normaliser: &StainNormaliser,
    fit: &StainFit,
) -> Result<()> {
    let kept: BTreeSet<&str> = fit.unchanged.iter().map(|one| one.key.as_str()).collect();
    let places = shown(patches.manifest(), &kept, count);
    let mut sheet = Sheet::new(SIDE_PX, 2, places.len());
    for (line, place) in places.into_iter().enumerate() {
        let key = &patches.manifest().patches[place].key;
        let mut patch = decoded(patches, place)?;
        sheet.place(line, 0, &small(key, patch.clone())?);
        if normaliser.apply(&mut patch).is_err() {
            sheet.frame(line, 1, RED);
        }
        sheet.place(line, 1, &small(key, patch)?);
    }
    sheet
        .write(path)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Some that keep their own stain, the others from the whole set, not its beginning.
fn shown(manifest: &Manifest, kept: &BTreeSet<&str>, count: usize) -> Vec<usize> {
    let is_kept = |place: &usize| kept.contains(manifest.patches[*place].key.as_str());
    let (own, changed): (Vec<usize>, Vec<usize>) = (0..manifest.patches.len()).partition(is_kept);
    let mut places: Vec<usize> = own.into_iter().take(count / 2).collect();
    let rest = count - places.len();
    let step = (changed.len() / rest.max(1)).max(1);
    places.extend(changed.into_iter().step_by(step).take(rest));
    places
}

fn small(key: &str, patch: RgbPatch) -> Result<Vec<u8>> {
    let spec = ResizeSpec {
        size_px: SIDE_PX,
        filter: ResizeFilter::Area,
        policy: ResizePolicy::Pad,
    };
    let small = resize(patch, spec).with_context(|| format!("cannot show {key}"))?;
    Ok(small.pixels)
}

fn tell(preview: Option<&Path>, out: Option<&Path>, fit: &StainFit, json: bool) -> Result<()> {
    if json {
        return say_json(&serde_json::json!({
            "sheet": preview, "out": out, "fit": fit,
        }));
    }
    for kept in fit.unchanged.iter().take(LISTED) {
        note(&format!("keeps its own stain: {}: {}", kept.key, kept.why));
    }
    if fit.unchanged.len() > LISTED {
        note(&format!(
            "and {} more; '--json' lists all",
            fit.unchanged.len() - LISTED
        ));
    }
    match preview {
        Some(preview) => say(&format!("{}: {}", preview.display(), fit.said())),
        None => say(&fit.said()),
    }
    if let Some(out) = out {
        say(&format!("{}: {} patches", out.display(), fit.patches));
    }
    Ok(())
}
