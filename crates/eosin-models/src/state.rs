//! The tensors of a network by name, out and in.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};
use eosin_weights::{
    LazyTensor, StateDict, StateError, StateMismatch, StateTensor, TensorDict, WeightsError,
    read_all,
};

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

/// Collects what is known of parameters without their values.
#[derive(Default)]
struct Surveyor {
    path: Path,
    /// Id, name and shape.
    found: Vec<(u64, String, Vec<usize>)>,
}

impl ModuleVisitor for Surveyor {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let shape = param.lazy_shape().to_vec();
        self.found.push((param.id.val(), self.path.key(), shape));
    }
}

fn survey<M: Module>(network: &M) -> impl Iterator<Item = (u64, String, Vec<usize>)> {
    let mut surveyor = Surveyor::default();
    network.visit(&mut surveyor);
    surveyor.found.into_iter()
}

/// The name of every tensor of `network` by its parameter's id.
pub fn tensor_names<M: Module>(network: &M) -> BTreeMap<u64, String> {
    survey(network).map(|(id, name, _)| (id, name)).collect()
}

/// Name and shape of every tensor of `network`, in the order of the module. No value is touched.
pub fn tensor_shapes<M: Module>(network: &M) -> Vec<(String, Vec<usize>)> {
    survey(network)
        .map(|(_, name, shape)| (name, shape))
        .collect()
}

/// Shapes of tensors, by name.
pub(crate) type Shapes = BTreeMap<String, Vec<usize>>;

/// A tensor of a network in memory.
#[derive(Debug)]
struct Own<const D: usize> {
    tensor: Tensor<D>,
    shape: Vec<usize>,
}

impl<const D: usize> LazyTensor for Own<D> {
    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn read(&self, rows: Range<usize>) -> Result<Cow<'_, [f32]>, WeightsError> {
        let values = self.tensor.clone().slice([rows]).into_data().try_to_vec();
        Ok(Cow::Owned(values.expect("weights are held as f32")))
    }
}

/// Collects a network's tensors as they are.
#[derive(Default)]
struct Lender {
    path: Path,
    tensors: TensorDict,
}

impl ModuleVisitor for Lender {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val().detach();
        let shape = tensor.dims().to_vec();
        self.tensors
            .insert(self.path.key(), Arc::new(Own { tensor, shape }));
    }
}

/// All tensors of `network`, buffers such as `running_mean` included; values are read from the
/// network when they are wanted.
pub fn lazy_state<M: Module>(network: &M) -> TensorDict {
    let mut lender = Lender::default();
    network.visit(&mut lender);
    lender.tensors
}

/// A copy of all tensors of `network`, buffers such as `running_mean` included.
///
/// # Panics
/// Never: they are in memory.
pub fn state_dict<M: Module>(network: &M) -> StateDict {
    read_all(&lazy_state(network)).expect("tensors in memory can be read")
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

/// Puts tensors into a network that they fit.
struct Writer<'a, T> {
    path: Path,
    dict: &'a BTreeMap<String, T>,
    failure: Option<WeightsError>,
}

impl<T: LazyTensor> ModuleMapper for Writer<'_, T> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let tensor = &self.dict[&self.path.key()];
        match tensor.read_all() {
            Ok(values) => {
                let data = TensorData::new(values.into_owned(), tensor.shape().to_vec());
                param.map(|old| {
                    Tensor::from_data(data, &old.device()).set_require_grad(old.is_require_grad())
                })
            }
            Err(error) => {
                self.failure.get_or_insert(error);
                param
            }
        }
    }
}

/// Whether `dict` holds every tensor of `network` and no other.
///
/// # Errors
/// When a tensor is missing, unexpected or of another shape; all are listed.
pub fn check_state<M: Module, T: LazyTensor>(
    network: &M,
    dict: &BTreeMap<String, T>,
) -> Result<(), StateMismatch> {
    let mut mismatch = StateMismatch::default();
    let shapes = tensor_shapes(network);
    for (key, expected) in &shapes {
        match dict.get(key) {
            None => mismatch.missing.push(key.clone()),
            Some(tensor) if tensor.shape() != expected => {
                let shape = tensor.shape();
                mismatch
                    .misshaped
                    .push(format!("{key} {shape:?}, not {expected:?}"));
            }
            Some(_) => {}
        }
    }
    let names: BTreeSet<&String> = shapes.iter().map(|(name, _)| name).collect();
    let unexpected = dict.keys().filter(|key| !names.contains(key));
    mismatch.unexpected = unexpected.cloned().collect();
    if mismatch.is_empty() {
        Ok(())
    } else {
        Err(mismatch)
    }
}

/// `network` with every tensor replaced by the one of the same name.
///
/// # Errors
/// As [`check_state`], and when a tensor cannot be read.
pub fn load_state<M: Module, T: LazyTensor>(
    network: M,
    dict: &BTreeMap<String, T>,
) -> Result<M, StateError> {
    check_state(&network, dict)?;
    let mut writer = Writer {
        path: Path::default(),
        dict,
        failure: None,
    };
    let network = network.map(&mut writer);
    match writer.failure {
        None => Ok(network),
        Some(error) => Err(error.into()),
    }
}

/// Number of trainable values in `network` (running statistics not counted).
pub fn parameter_count<M: Module>(network: &M) -> usize {
    tensor_shapes(network)
        .iter()
        .filter(|(key, _)| !key.ends_with("running_mean") && !key.ends_with("running_var"))
        .map(|(_, shape)| shape.iter().product::<usize>())
        .sum()
}
