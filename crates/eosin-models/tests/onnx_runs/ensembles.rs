//! Several networks in one file, against what the definition of each combination gives.

use eosin_models::{
    OnnxBranch, OnnxEnd, OnnxEnsemble, OnnxEnsembleOptions, OnnxHead, OnnxJoin, OnnxRule,
    ensemble_to_onnx,
};

use eosin_weights::LazyTensor as _;

use super::*;

const FOLDS: usize = 2;
const NAMES: [BackboneName; 2] = [BackboneName::EosinMini, BackboneName::SqueezeNet11];

/// A member with a last layer a fold.
struct Member {
    case: Case,
    /// `[folds][classes, width]` and biases.
    heads: OnnxHead,
    views: &'static [D4],
}

/// Numbers that follow from a name.
fn numbers(name: &str, count: usize) -> Vec<f32> {
    let formula = Formula {
        salt: "ensembles",
        gain: 1.0,
    };
    formula.fill(name, &[count])
}

impl Member {
    fn new(name: BackboneName, views: Symmetries) -> Self {
        let case = Case::new(name);
        let width = BackboneSpec::of(name).embedding_width;
        let outputs = FOLDS * CLASSES;
        let weight = numbers(&format!("{name}.weight"), outputs * width);
        Self {
            heads: OnnxHead {
                // As large as makes classes differ.
                weight: weight.iter().map(|value| 4.0 * value).collect(),
                bias: numbers(&format!("{name}.bias"), outputs),
            },
            views: views.members(),
            case,
        }
    }

    fn branch(&self, input: OnnxInput, end: OnnxEnd) -> OnnxBranch {
        OnnxBranch {
            network: self.case.network.clone(),
            input,
            views: self.views,
            end,
            shared: Some(self.case.name.to_string()),
        }
    }

    /// The mean embedding over views of an image of pixels.
    fn embedding(&self, pixels: &[f64]) -> Vec<f64> {
        let (size, spec) = (self.case.size, BackboneSpec::of(self.case.name));
        let graph = self.case.network.embedding(size).unwrap();
        let mut mean = vec![0.0; spec.embedding_width];
        for view in self.views {
            let seen = seen(pixels, size, *view);
            let plane = size * size;
            let scaled = seen.iter().enumerate().map(|(at, value)| {
                let channel = at / plane;
                (narrow(*value) / 255.0 - spec.mean[channel]) / spec.std[channel]
            });
            let image = channels_last(&scaled.collect::<Vec<f32>>(), size);
            let out = graph.run(1, &image, &mut Workspace::default()).to_vec();
            for (sum, value) in mean.iter_mut().zip(out) {
                *sum += f64::from(value) / self.views.len() as f64;
            }
        }
        mean
    }

    /// Log probabilities of each fold, `[folds][classes]`.
    fn log_probs(&self, pixels: &[f64]) -> Vec<Vec<f64>> {
        let logits = layer(&self.heads, &self.embedding(pixels));
        logits.chunks_exact(CLASSES).map(log_softmax).collect()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "pixels are whole numbers")]
const fn narrow(value: f64) -> f32 {
    value as f32
}

fn layer(head: &OnnxHead, x: &[f64]) -> Vec<f64> {
    let rows = head.weight.chunks_exact(x.len()).zip(&head.bias);
    let row = |(row, bias): (&[f32], &f32)| {
        let sum: f64 = row.iter().zip(x).map(|(a, b)| f64::from(*a) * b).sum();
        sum + f64::from(*bias)
    };
    rows.map(row).collect()
}

fn log_softmax(logits: &[f64]) -> Vec<f64> {
    let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
    logits.iter().map(|logit| logit - sum.ln()).collect()
}

fn members() -> Vec<Member> {
    let views = [Symmetries::HFlip, Symmetries::None];
    NAMES
        .into_iter()
        .zip(views)
        .map(|(name, views)| Member::new(name, views))
        .collect()
}

fn pixels(size: usize) -> Vec<f64> {
    let value = |at: usize| ((at * 37 + at / 7 * 11) % 256) as f64;
    (0..3 * size * size).map(value).collect()
}

fn run(ensemble: &OnnxEnsemble, size: usize, pixels: &[f64]) -> Vec<f64> {
    let options = OnnxEnsembleOptions {
        size_px: size,
        stored_as: StoredAs::F32,
    };
    let file = ensemble_to_onnx(ensemble, &options, &BTreeMap::new()).unwrap();
    let mut bytes = Vec::new();
    file.write(&mut bytes).unwrap();
    assert_eq!(bytes.len(), file.bytes());
    // Twice the same image: a batch of two.
    let both = [pixels, pixels].concat();
    let shape = vec![2, 3, size, size];
    let [logits, _] = interpreter::run(&bytes, Tensor::new(shape, both));
    assert_eq!(logits.shape, [2, CLASSES]);
    assert_eq!(logits.values[..CLASSES], logits.values[CLASSES..]);
    logits.values[..CLASSES].to_vec()
}

fn input_of(member: &Member) -> OnnxInput {
    let spec = BackboneSpec::of(member.case.name);
    OnnxInput::Pixels {
        mean: spec.mean,
        std: spec.std,
    }
}

/// The definition of a rule, for one fold.
fn combined(rule: &OnnxRule, fold: usize, logs: &[&[f64]]) -> Vec<f64> {
    let weight = |weights: &[Vec<f32>], member: usize| f64::from(weights[member][fold]);
    let members = logs.len() as f64;
    (0..CLASSES)
        .map(|class| {
            let each = logs.iter().enumerate();
            match rule {
                OnnxRule::LogProbs { weights, bias } => {
                    let sum: f64 = each.map(|(m, logs)| weight(weights, m) * logs[class]).sum();
                    sum + f64::from(bias[fold * CLASSES + class])
                }
                OnnxRule::Probs(weights) => {
                    let sum: f64 = each
                        .map(|(m, logs)| weight(weights, m) * logs[class].exp())
                        .sum();
                    sum.ln()
                }
                OnnxRule::Squares => {
                    let sum: f64 = logs.iter().map(|logs| (2.0 * logs[class]).exp()).sum();
                    (sum / members).sqrt().ln()
                }
                OnnxRule::Votes => {
                    let votes = logs.iter().map(|logs| {
                        let is_it = (0..CLASSES).all(|other| logs[other] <= logs[class]);
                        1e-3 * logs[class].exp() + if is_it { 1.0 - 1e-3 } else { 0.0 }
                    });
                    ((votes.sum::<f64>() + 0.5) / (members + 0.5 * CLASSES as f64)).ln()
                }
            }
        })
        .collect()
}

#[test]
fn members_are_combined_as_each_rule_is_defined() {
    let members = members();
    let size = members[0].case.size.max(members[1].case.size);
    assert_eq!([members[0].case.size, members[1].case.size], [size; 2]);
    let pixels = pixels(size);
    let said: Vec<Vec<Vec<f64>>> = members.iter().map(|one| one.log_probs(&pixels)).collect();
    let weights = vec![vec![0.3, 0.8], vec![0.7, 0.2]];
    let rules = [
        OnnxRule::LogProbs {
            weights: vec![vec![1.2, -0.4], vec![0.5, 0.9]],
            bias: numbers("bias", FOLDS * CLASSES),
        },
        OnnxRule::Probs(weights),
        OnnxRule::Squares,
        OnnxRule::Votes,
    ];
    for rule in rules {
        let branch =
            |one: &Member| vec![one.branch(input_of(one), OnnxEnd::Heads(one.heads.clone()))];
        let ensemble = OnnxEnsemble {
            members: members.iter().map(branch).collect(),
            join: OnnxJoin::Combined(rule.clone()),
            folds: FOLDS,
            classes: CLASSES,
        };
        let found = run(&ensemble, size, &pixels);
        let mut expected = vec![0.0; CLASSES];
        for fold in 0..FOLDS {
            let logs: Vec<&[f64]> = said.iter().map(|member| &*member[fold]).collect();
            for (sum, value) in expected.iter_mut().zip(combined(&rule, fold, &logs)) {
                *sum += value / FOLDS as f64;
            }
        }
        for (found, expected) in found.iter().zip(&expected) {
            assert!(
                (found - expected).abs() < 1e-4,
                "{rule:?}: {found} {expected}"
            );
        }
    }
}

#[test]
fn one_layer_stands_on_all_embeddings_and_a_network_that_two_share_is_there_once() {
    let members = members();
    let (size, pixels) = (members[0].case.size, pixels(members[0].case.size));
    let all: Vec<f64> = members
        .iter()
        .flat_map(|one| one.embedding(&pixels))
        .collect();
    let twice = [all.clone(), members[0].embedding(&pixels)].concat();
    let bytes = |places: &[usize], embedding: &[f64]| {
        let head = OnnxHead {
            weight: numbers("all.weight", CLASSES * embedding.len()),
            bias: numbers("all.bias", CLASSES),
        };
        let branch = |at: &usize| {
            let one = &members[*at];
            vec![one.branch(input_of(one), OnnxEnd::Embedding)]
        };
        let ensemble = OnnxEnsemble {
            members: places.iter().map(branch).collect(),
            join: OnnxJoin::Head(head.clone()),
            folds: FOLDS,
            classes: CLASSES,
        };
        let found = run(&ensemble, size, &pixels);
        for (found, expected) in found.iter().zip(layer(&head, embedding)) {
            assert!((found - expected).abs() < 1e-4, "{found} {expected}");
        }
        let options = OnnxEnsembleOptions {
            size_px: size,
            stored_as: StoredAs::F16,
        };
        let file = ensemble_to_onnx(&ensemble, &options, &BTreeMap::new()).unwrap();
        file.bytes()
    };
    let (both, again) = (bytes(&[0, 1], &all), bytes(&[0, 1, 0], &twice));
    assert!(again < both + 20_000, "{both} {again}");
}

#[test]
fn folds_that_are_networks_of_their_own_go_side_by_side() {
    let members = members();
    let (size, pixels) = (members[0].case.size, pixels(members[0].case.size));
    // The first member has the same network in both folds, the second its two last layers.
    let own = members[0].branch(input_of(&members[0]), OnnxEnd::Logits);
    let ensemble = OnnxEnsemble {
        members: vec![
            vec![own.clone(), own],
            vec![members[1].branch(
                input_of(&members[1]),
                OnnxEnd::Heads(members[1].heads.clone()),
            )],
        ],
        join: OnnxJoin::Combined(OnnxRule::LogProbs {
            weights: vec![vec![1.0; FOLDS], vec![0.0; FOLDS]],
            bias: vec![0.0; FOLDS * CLASSES],
        }),
        folds: FOLDS,
        classes: CLASSES,
    };
    let found = run(&ensemble, size, &pixels);
    let embedding = members[0].embedding(&pixels);
    let classifier = |leaf: &str| {
        let name = format!("{}{leaf}", BackboneSpec::of(NAMES[0]).classifier);
        members[0].case.network.weights()[&name]
            .read_all()
            .unwrap()
            .into_owned()
    };
    let head = OnnxHead {
        weight: classifier("weight"),
        bias: classifier("bias"),
    };
    for (found, expected) in found.iter().zip(log_softmax(&layer(&head, &embedding))) {
        assert!((found - expected).abs() < 1e-4, "{found} {expected}");
    }
}
