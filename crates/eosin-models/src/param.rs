//! The parameters of a network: what they are called and how large they are. Their values are
//! elsewhere, under these names.

/// A tensor that a network has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    name: String,
    shape: Vec<usize>,
    role: Role,
}

/// What becomes of a parameter in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It follows its gradient.
    Trained,
    /// It follows the batches: a batch norm's running statistic.
    Statistic,
}

impl Param {
    /// A trained parameter of this shape, which the network will name.
    pub(crate) fn new<const D: usize>(shape: [usize; D]) -> Self {
        Self {
            name: String::new(),
            shape: shape.to_vec(),
            role: Role::Trained,
        }
    }

    /// A running statistic of so many channels.
    pub(crate) fn statistic(channels: usize) -> Self {
        Self {
            role: Role::Statistic,
            ..Self::new([channels])
        }
    }

    /// timm's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Length of each axis, as PyTorch has them.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// What becomes of it in training.
    pub const fn role(&self) -> Role {
        self.role
    }
}

/// A part of a network that has parameters.
///
/// [`module!`] implements it for structs and enums; the names are then those of the fields, as
/// PyTorch would have them. A list's entries are numbered. Variants of an enum are no part of a
/// name. A field called `at_3` is entry 3 of a list, and a list called `layer_` has the entries
/// `layer1`, `layer2`, ...
pub(crate) trait Module {
    /// Names the parameters and notes them in their order.
    fn name(&mut self, names: &mut Names);
}

/// The dotted path to the part that is being named, and all that have been.
#[derive(Default)]
pub(crate) struct Names {
    path: Vec<String>,
    found: Vec<Param>,
}

impl Names {
    /// Names the parameters of a whole network, and gives them in their order.
    pub fn give(network: &mut dyn Module) -> Vec<Param> {
        let mut names = Self::default();
        network.name(&mut names);
        names.found
    }

    /// Names the parameters of a part of a network that has this path, and gives them.
    pub fn give_under(path: &str, part: &mut dyn Module) -> Vec<Param> {
        let mut names = Self {
            path: vec![path.to_owned()],
            found: Vec::new(),
        };
        part.name(&mut names);
        names.found
    }

    /// Names a part that is called so.
    pub fn enter(&mut self, name: &str, part: &mut dyn Module) {
        let outer = self.path.clone();
        let list = self.path.last().and_then(|last| last.strip_suffix('_'));
        let own = match (list, name.parse::<usize>()) {
            (Some(list), Ok(index)) => {
                let own = format!("{list}{}", index + 1);
                self.path.pop();
                own
            }
            _ => name.strip_prefix("at_").unwrap_or(name).to_owned(),
        };
        self.path.push(own);
        part.name(self);
        self.path = outer;
    }
}

impl Module for Param {
    fn name(&mut self, names: &mut Names) {
        self.name = names.path.join(".");
        names.found.push(self.clone());
    }
}

impl<M: Module> Module for Option<M> {
    fn name(&mut self, names: &mut Names) {
        if let Some(part) = self {
            part.name(names);
        }
    }
}

impl<M: Module> Module for Vec<M> {
    fn name(&mut self, names: &mut Names) {
        for (index, part) in self.iter_mut().enumerate() {
            names.enter(&index.to_string(), part);
        }
    }
}

impl<A: Module, B: Module> Module for (A, B) {
    fn name(&mut self, names: &mut Names) {
        names.enter("0", &mut self.0);
        names.enter("1", &mut self.1);
    }
}

/// Implements [`Module`](crate::param::Module) for a struct, whose fields with parameters are
/// listed before a `;` and the others behind it, or for an enum whose variants are modules. A field
/// that is forgotten does not compile.
macro_rules! module {
    (enum $name:ident { $($variant:ident),+ $(,)? }) => {
        impl $crate::param::Module for $name {
            fn name(&mut self, names: &mut $crate::param::Names) {
                match self {
                    $(Self::$variant(part) => $crate::param::Module::name(part, names),)+
                }
            }
        }
    };
    ($name:ident { $($field:ident),+ $(,)? $(; $($constant:ident),+ $(,)?)? }) => {
        impl $crate::param::Module for $name {
            fn name(&mut self, names: &mut $crate::param::Names) {
                let Self { $($field,)+ $($($constant: _,)+)? } = self;
                $(names.enter(stringify!($field), $field);)+
            }
        }
    };
}
pub(crate) use module;

#[cfg(test)]
mod tests {
    use super::*;

    struct Part {
        weight: Param,
        stride: usize,
    }
    module!(Part { weight; stride });

    enum Either {
        One(Part),
        Many(Vec<Part>),
    }
    module!(
        enum Either {
            One,
            Many,
        }
    );

    struct Whole {
        plain: Part,
        list: Vec<Either>,
        layer_: Vec<(Part, Part)>,
        at_3: Option<Part>,
        absent: Option<Part>,
    }
    module!(Whole {
        plain,
        list,
        layer_,
        at_3,
        absent
    });

    fn part() -> Part {
        Part {
            weight: Param::new([2, 3]),
            stride: 1,
        }
    }

    #[test]
    fn parameters_are_called_as_pytorch_calls_them() {
        let mut whole = Whole {
            plain: part(),
            list: vec![Either::One(part()), Either::Many(vec![part(), part()])],
            layer_: vec![(part(), part()), (part(), part())],
            at_3: Some(part()),
            absent: None,
        };
        let found = Names::give(&mut whole);
        let names: Vec<&str> = found.iter().map(Param::name).collect();
        let expected = [
            "plain.weight",
            "list.0.weight",
            "list.1.0.weight",
            "list.1.1.weight",
            "layer1.0.weight",
            "layer1.1.weight",
            "layer2.0.weight",
            "layer2.1.weight",
            "3.weight",
        ];
        assert_eq!(names, expected);
        assert_eq!(whole.plain.weight, found[0]);
        assert_eq!((found[0].shape(), whole.plain.stride), (&[2, 3][..], 1));
    }
}
