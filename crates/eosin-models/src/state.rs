//! The tensors of a network by name, out and in.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};
use eosin_core::{Rng, Seed, Stream};
use eosin_weights::{StateDict, StateMismatch, StateTensor};
use rand::RngExt as _;

/// The dotted path of the module being visited, as PyTorch would have it.
///
/// Variants of an enum are no part of it. A field called `at_3` is entry 3 of a list, and a list
/// called `layer_` has the entries `layer1`, `layer2`, ...
#[derive(Default)]
struct Path(Vec<String>);

impl Path {
    fn enter(&mut self, name: &str, container: &str) {
        if !container.starts_with("Enum:") {
            self.0.push(name.to_owned());
        }
    }

    fn exit(&mut self, container: &str) {
        if !container.starts_with("Enum:") {
            self.0.pop();
        }
    }

    fn key(&self) -> String {
        let mut key = String::new();
        for name in &self.0 {
            let numbered = key.strip_suffix('_').zip(name.parse::<usize>().ok());
            if let Some((list, index)) = numbered {
                key = format!("{list}{}", index + 1);
                continue;
            }
            if !key.is_empty() {
                key.push('.');
            }
            key.push_str(name.strip_prefix("at_").unwrap_or(name));
        }
        key
    }
}

struct Reader {
    path: Path,
    dict: StateDict,
}

/// The names of parameters by their ids.
#[derive(Default)]
struct Names {
    path: Path,
    names: BTreeMap<u64, String>,
}

impl ModuleVisitor for Names {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.names.insert(param.id.val(), self.path.key());
    }
}

/// The name of every tensor of `network` by its parameter's id.
pub fn tensor_names<M: Module>(network: &M) -> BTreeMap<u64, String> {
    let mut names = Names::default();
    network.visit(&mut names);
    names.names
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let shape = tensor.dims().to_vec();
        let values = tensor
            .into_data()
            .try_to_vec()
            .expect("weights are held as f32");
        self.dict
            .insert(self.path.key(), StateTensor { shape, values });
    }
}

/// All tensors of `network`, buffers such as `running_mean` included.
pub fn state_dict<M: Module>(network: &M) -> StateDict {
    let mut reader = Reader {
        path: Path::default(),
        dict: StateDict::new(),
    };
    network.visit(&mut reader);
    reader.dict
}

struct GradientReader<'a> {
    path: Path,
    gradients: &'a Gradients,
    dict: StateDict,
}

impl ModuleVisitor for GradientReader<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = param.val().grad(self.gradients) else {
            return;
        };
        let shape = gradient.dims().to_vec();
        let values = gradient
            .into_data()
            .try_to_vec()
            .expect("gradients are held as f32");
        self.dict
            .insert(self.path.key(), StateTensor { shape, values });
    }
}

/// The gradients of `network`'s tensors under their names; those without one are left out.
pub fn gradient_dict<M: Module>(network: &M, gradients: &Gradients) -> StateDict {
    let mut reader = GradientReader {
        path: Path::default(),
        gradients,
        dict: StateDict::new(),
    };
    network.visit(&mut reader);
    reader.dict
}

struct Writer<'a> {
    path: Path,
    dict: &'a StateDict,
    seen: usize,
    mismatch: StateMismatch,
}

impl ModuleMapper for Writer<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let key = self.path.key();
        let Some(tensor) = self.dict.get(&key) else {
            self.mismatch.missing.push(key);
            return param;
        };
        self.seen += 1;
        let expected = param.dims();
        if tensor.shape != expected {
            self.mismatch
                .misshaped
                .push(format!("{key} {:?}, not {expected:?}", tensor.shape));
            return param;
        }
        param.map(|old| {
            let data = TensorData::new(tensor.values.clone(), expected);
            Tensor::from_data(data, &old.device()).set_require_grad(old.is_require_grad())
        })
    }
}

/// `network` with every tensor replaced by the one of the same name.
///
/// # Errors
/// When a tensor is missing, unexpected or of another shape; all are listed.
pub fn load_state<M: Module>(network: M, dict: &StateDict) -> Result<M, StateMismatch> {
    let mut writer = Writer {
        path: Path::default(),
        dict,
        seen: 0,
        mismatch: StateMismatch::default(),
    };
    let network = network.map(&mut writer);
    let mut mismatch = writer.mismatch;
    if writer.seen < dict.len() {
        let names = state_dict(&network);
        mismatch.unexpected = dict
            .keys()
            .filter(|key| !names.contains_key(*key))
            .cloned()
            .collect();
    }
    if mismatch.is_empty() {
        Ok(network)
    } else {
        Err(mismatch)
    }
}

/// `network` with fresh weights from the seed's `init` stream, each tensor from its own draws.
///
/// Convolutions: normal with variance 2 / fan-out (He et al. 2015, arXiv:1502.01852, as timm);
/// fully connected: uniform in ±1/√fan-in; tokens and position embeddings: normal with deviation
/// 0.02; layer scales 1e-5; other scales and running variances one, the rest zero.
///
/// # Panics
/// Never: the fresh tensors have the network's own names and shapes.
pub fn init_state<M: Module>(network: M, seed: Seed) -> M {
    let mut dict = state_dict(&network);
    for (index, (key, tensor)) in dict.iter_mut().enumerate() {
        let mut rng = seed.stream(Stream::Init, &[index as u64]);
        fill(key, tensor, &mut rng);
    }
    load_state(network, &dict).expect("the tensors are the network's own")
}

/// Number of trainable values in `network` (running statistics not counted).
pub fn parameter_count<M: Module>(network: &M) -> usize {
    state_dict(network)
        .iter()
        .filter(|(key, _)| !key.ends_with("running_mean") && !key.ends_with("running_var"))
        .map(|(_, tensor)| tensor.values.len())
        .sum()
}

fn fill(key: &str, tensor: &mut StateTensor, rng: &mut Rng) {
    match tensor.shape.as_slice() {
        [cout, cin, height, width] => {
            // A window over one channel is depthwise: each output has a single filter.
            let filters = if *cin == 1 { 1 } else { *cout };
            let std = (2.0 / (filters * height * width) as f64).sqrt();
            tensor.values.fill_with(|| normal(rng, std));
        }
        [_, inputs] => {
            let bound = 1.0 / (*inputs as f32).sqrt();
            tensor
                .values
                .fill_with(|| bound * (2.0 * rng.random::<f32>() - 1.0));
        }
        [_, _, _] => tensor.values.fill_with(|| normal(rng, 0.02)),
        _ => {
            let one = key.ends_with("running_var") || key.ends_with("weight");
            let rest = if key.ends_with("gamma") { 1e-5 } else { 0.0 };
            tensor.values.fill(if one { 1.0 } else { rest });
        }
    }
}

/// A normal variate by Box and Muller (1958).
#[expect(
    clippy::cast_possible_truncation,
    reason = "weights are kept in single precision"
)]
fn normal(rng: &mut Rng, std: f64) -> f32 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    let angle = std::f64::consts::TAU * rng.random::<f64>();
    (radius * angle.cos() * std) as f32
}
