//! A recording whose batch norms or activations are layers of their own.

use eosin_kernels::backward::needs_input;
use eosin_kernels::{Activation, ConvShape};

use crate::filters::Filters;
use crate::layer::Layer;
use crate::origin::Origin;
use crate::recording::{Convolution, Op, Recording, Step};

/// What comes behind a step that has been split.
struct Behind {
    op: Op<Convolution>,
    /// What it reads besides the step.
    others: Vec<usize>,
}

impl Recording {
    /// The same with every batch norm as a layer of its own.
    pub(super) fn with_open_norms(self) -> Self {
        self.splitting(|step| {
            let Op::Conv(conv) = &mut step.op else {
                return None;
            };
            conv.origin.weight.as_ref()?;
            let norm = conv.origin.norm.take()?;
            let channels = conv.shape.cout;
            let op = Op::Conv(Convolution {
                shape: ConvShape::of_each_channel(channels),
                weights: Filters::default(),
                bias: vec![0.0; channels],
                activation: std::mem::replace(&mut conv.activation, Activation::Identity),
                origin: Origin {
                    norm: Some(norm),
                    ..Origin::default()
                },
            });
            let others = step.inputs.split_off(1);
            Some(Behind { op, others })
        })
    }

    /// The same with every activation whose derivative needs its input as a layer of its own.
    pub(super) fn with_open_activations(self) -> Self {
        self.splitting(|step| {
            let activation = step.activation_mut()?;
            needs_input(*activation).then(|| {
                let activation = std::mem::replace(activation, Activation::Identity);
                Behind {
                    op: Op::Layer(Layer::Activate(activation)),
                    others: Vec::new(),
                }
            })
        })
    }

    /// The same with some steps split: `split` changes a step and gives what comes behind it.
    fn splitting(self, split: impl Fn(&mut Step<Convolution>) -> Option<Behind>) -> Self {
        let mut steps = Vec::with_capacity(self.steps.len());
        let mut place = Vec::with_capacity(self.steps.len());
        for mut step in self.steps {
            for input in &mut step.inputs {
                *input = place[*input];
            }
            let behind = split(&mut step);
            let (shape, stage) = (step.shape, step.stage);
            steps.push(step);
            if let Some(Behind { op, others }) = behind {
                let inputs = std::iter::once(steps.len() - 1).chain(others).collect();
                steps.push(Step {
                    op,
                    inputs,
                    shape,
                    stage,
                });
            }
            place.push(steps.len() - 1);
        }
        Self {
            steps,
            output: place[self.output],
            ..self
        }
    }
}

impl Step<Convolution> {
    /// The activation that ends a convolution or a gate.
    fn activation_mut(&mut self) -> Option<&mut Activation> {
        match &mut self.op {
            Op::Conv(conv) => Some(&mut conv.activation),
            Op::Layer(Layer::Scale(activation)) => Some(activation),
            Op::Layer(_) => None,
        }
    }
}
