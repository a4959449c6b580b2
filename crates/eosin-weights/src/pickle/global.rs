//! The functions and classes that a pickle of weights may ask for. None of them is run: each name
//! stands for something that this crate does on its own, or for plain data to pass over.

use super::error::PickleError;
use crate::dtype::Dtype;
use crate::shown::shown;

/// A function or class of the allow-list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Global {
    /// A dict of any kind.
    Dict,
    /// `torch.Size`: a tuple.
    Size,
    /// The class of a storage; `None` when it is untyped.
    Storage(Option<Dtype>),
    /// A dtype, such as `torch.float32`.
    Dtype(Dtype),
    /// `torch.Tensor` or a subclass without behaviour of its own.
    TensorClass,
    /// `torch._utils._rebuild_tensor`, `_v2` or `_v3`.
    RebuildTensor,
    /// `torch._utils._rebuild_parameter` or `_with_state`.
    RebuildParameter,
    /// `torch._tensor._rebuild_from_type_v2`.
    RebuildFromType,
    /// Makes a tensor of a kind that weights of classifiers never are.
    OtherTensor(&'static str),
    /// Makes plain data that no weights need.
    Opaque,
    /// Anything else, such as a class of the training program: what it makes is passed over.
    Foreign,
}

/// What it means that weights are nowhere but in an object of a class that is not known.
pub(crate) const MODULE_ADVICE: &str = "it holds a whole Python object, not weights alone; where its code is at hand, save it again with `torch.save(model.state_dict(), ...)`";
const ATTACK_ADVICE: &str =
    "no weights need that and it may be an attack; do not load this file in Python";

/// Modules through which a pickle runs code.
const ATTACK_MODULES: [&str; 20] = [
    "os",
    "posix",
    "nt",
    "sys",
    "subprocess",
    "commands",
    "pty",
    "shutil",
    "socket",
    "builtins",
    "__builtin__",
    "importlib",
    "runpy",
    "code",
    "ctypes",
    "marshal",
    "webbrowser",
    "operator",
    "pickle",
    "asyncio",
];

impl Global {
    /// The global that Python imports as `name` from `module`.
    ///
    /// # Errors
    /// When a pickle would run code through it.
    pub(super) fn find(module: &str, name: &str) -> Result<Self, PickleError> {
        let known = match module {
            "torch" | "torch.cuda" => torch_member(name),
            "torch._utils" => rebuild_function(name),
            "torch.storage" if name == "UntypedStorage" => Some(Self::Storage(None)),
            "torch._tensor" if name == "_rebuild_from_type_v2" => Some(Self::RebuildFromType),
            "torch.nn.parameter" if matches!(name, "Parameter" | "Buffer") => {
                Some(Self::TensorClass)
            }
            "torch.serialization" if name == "_get_layout" => Some(Self::Opaque),
            "collections" => match name {
                "OrderedDict" => Some(Self::Dict),
                "defaultdict" | "Counter" | "deque" => Some(Self::Opaque),
                _ => None,
            },
            _ => is_plain_data(module, name).then_some(Self::Opaque),
        };
        let top = module.split('.').next().unwrap_or(module);
        match known {
            Some(known) => Ok(known),
            None if ATTACK_MODULES.contains(&top) => Err(PickleError::Global {
                global: shown(&format!("{module}.{name}")),
                advice: ATTACK_ADVICE,
            }),
            None => Ok(Self::Foreign),
        }
    }
}

fn torch_member(name: &str) -> Option<Global> {
    Some(match name {
        "Size" => Global::Size,
        "Tensor" => Global::TensorClass,
        "device"
        | "strided"
        | "sparse_coo"
        | "per_tensor_affine"
        | "per_channel_affine"
        | "per_tensor_symmetric"
        | "per_channel_symmetric"
        | "per_channel_affine_float_qparams" => Global::Opaque,
        _ => match name.strip_suffix("Storage") {
            Some(kind) => Global::Storage(Some(storage_dtype(kind)?)),
            None => Global::Dtype(dtype(name)?),
        },
    })
}

fn rebuild_function(name: &str) -> Option<Global> {
    Some(match name {
        "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3" => Global::RebuildTensor,
        "_rebuild_parameter" | "_rebuild_parameter_with_state" => Global::RebuildParameter,
        "_rebuild_qtensor" => Global::OtherTensor("quantised"),
        "_rebuild_sparse_tensor" | "_rebuild_sparse_csr_tensor" => Global::OtherTensor("sparse"),
        "_rebuild_nested_tensor" => Global::OtherTensor("nested"),
        "_rebuild_meta_tensor_no_storage" => Global::OtherTensor("a meta tensor without values"),
        "_rebuild_wrapper_subclass" => Global::OtherTensor("of a subclass of its own"),
        "_rebuild_device_tensor_from_cpu_tensor" | "_rebuild_device_tensor_from_numpy" => {
            Global::OtherTensor("from another kind of device")
        }
        _ => return None,
    })
}

/// The dtype of `torch.<kind>Storage`.
fn storage_dtype(kind: &str) -> Option<Dtype> {
    dtype(match kind {
        "Float" => "float32",
        "Half" => "float16",
        "BFloat16" => "bfloat16",
        "Double" => "float64",
        "Long" => "int64",
        "Int" => "int32",
        "Short" => "int16",
        "Char" => "int8",
        "Byte" => "uint8",
        "Bool" => "bool",
        "ComplexFloat" => "complex64",
        "ComplexDouble" => "complex128",
        "QInt8" => "qint8",
        "QUInt8" => "quint8",
        "QInt32" => "qint32",
        _ => return None,
    })
}

/// The dtype that PyTorch calls `torch.<name>`.
fn dtype(name: &str) -> Option<Dtype> {
    Some(match name {
        "float32" | "float" => Dtype::F32,
        "float16" | "half" => Dtype::F16,
        "bfloat16" => Dtype::Bf16,
        "float64" | "double" => Dtype::F64,
        "int64" | "long" => Dtype::Integer("I64", 8),
        "int32" | "int" => Dtype::Integer("I32", 4),
        "int16" | "short" => Dtype::Integer("I16", 2),
        "int8" => Dtype::Integer("I8", 1),
        "uint8" => Dtype::Integer("U8", 1),
        "uint16" => Dtype::Integer("U16", 2),
        "uint32" => Dtype::Integer("U32", 4),
        "uint64" => Dtype::Integer("U64", 8),
        "bool" => Dtype::Integer("BOOL", 1),
        "complex64" => Dtype::Other("C64", 8),
        "complex128" => Dtype::Other("C128", 16),
        "float8_e4m3fn" => Dtype::Other("F8_E4M3", 1),
        "float8_e5m2" => Dtype::Other("F8_E5M2", 1),
        "float8_e4m3fnuz" => Dtype::Other("F8_E4M3FNUZ", 1),
        "float8_e5m2fnuz" => Dtype::Other("F8_E5M2FNUZ", 1),
        "qint8" => Dtype::Other("quantised (qint8)", 1),
        "quint8" => Dtype::Other("quantised (quint8)", 1),
        "qint32" => Dtype::Other("quantised (qint32)", 4),
        _ => return None,
    })
}

/// Whether checkpoints keep settings and counters as this: read as data, never made.
fn is_plain_data(module: &str, name: &str) -> bool {
    match module {
        "argparse" => name == "Namespace",
        "types" => name == "SimpleNamespace",
        "_codecs" => name == "encode",
        "copyreg" | "copy_reg" => name == "_reconstructor",
        "builtins" | "__builtin__" => is_plain_builtin(name),
        "numpy" => matches!(name, "dtype" | "ndarray") || is_numpy_scalar(name),
        "numpy.core.multiarray" | "numpy._core.multiarray" => {
            matches!(name, "scalar" | "_reconstruct")
        }
        "numpy.core.numeric" | "numpy._core.numeric" => name == "_frombuffer",
        "numpy.dtypes" => name.ends_with("DType"),
        "pathlib" | "pathlib._local" => name.ends_with("Path"),
        "datetime" => matches!(
            name,
            "datetime" | "date" | "time" | "timedelta" | "timezone"
        ),
        "pytorch_lightning.utilities.parsing"
        | "lightning.pytorch.utilities.parsing"
        | "lightning_fabric.utilities.data"
        | "lightning.fabric.utilities.data" => name == "AttributeDict",
        _ => false,
    }
}

fn is_plain_builtin(name: &str) -> bool {
    matches!(
        name,
        "set"
            | "frozenset"
            | "bytearray"
            | "complex"
            | "list"
            | "dict"
            | "object"
            | "slice"
            | "range"
            | "xrange"
            | "int"
            | "float"
            | "str"
            | "bool"
            | "bytes"
            | "long"
    )
}

fn is_numpy_scalar(name: &str) -> bool {
    matches!(
        name,
        "float16"
            | "float32"
            | "float64"
            | "int8"
            | "int16"
            | "int32"
            | "int64"
            | "uint8"
            | "uint16"
            | "uint32"
            | "uint64"
            | "bool_"
            | "str_"
            | "bool"
    )
}
