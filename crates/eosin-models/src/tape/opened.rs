//! A recording whose batch norms or activations are layers of their own.

use eosin_kernels::{Activation, ConvShape};

use crate::filters::Filters;
use crate::recording::{Op, Origin, Recording, Step};

impl Recording {
    /// The same with every batch norm as a layer of its own.
    pub(super) fn with_open_norms(self) -> Self {
        self.splitting(|step| {
            let (
                Op::Conv {
                    shape,
                    origin,
                    activation,
                    ..
                },
                inputs,
            ) = (&mut step.op, &mut step.inputs)
            else {
                return None;
            };
            origin.weight?;
            let norm = origin.norm.take()?;
            let channels = shape.cout;
            let op = Op::Conv {
                shape: ConvShape::of_each_channel(channels),
                weights: Filters::default(),
                bias: vec![0.0; channels],
                activation: std::mem::replace(activation, Activation::Identity),
                origin: Origin {
                    norm: Some(norm),
                    ..Origin::default()
                },
            };
            Some((op, inputs.split_off(1)))
        })
    }

    /// The same with every activation whose derivative needs its input as a layer of its own.
    pub(super) fn with_open_activations(self) -> Self {
        self.splitting(|step| match &mut step.op {
            Op::Conv { activation, .. } | Op::Scale(activation)
                if eosin_kernels::backward::needs_input(*activation) =>
            {
                let activation = std::mem::replace(activation, Activation::Identity);
                Some((Op::Activate(activation), Vec::new()))
            }
            _ => None,
        })
    }

    /// The same with some steps split: `split` changes a step and gives what comes behind it, and
    /// what that reads besides the step itself.
    fn splitting(self, split: impl Fn(&mut Step) -> Option<(Op, Vec<usize>)>) -> Self {
        let mut steps = Vec::with_capacity(self.steps.len());
        let mut place = Vec::with_capacity(self.steps.len());
        for mut step in self.steps {
            for input in &mut step.inputs {
                *input = place[*input];
            }
            let behind = split(&mut step);
            let shape = step.shape;
            steps.push(step);
            if let Some((op, others)) = behind {
                let inputs = std::iter::once(steps.len() - 1).chain(others).collect();
                steps.push(Step { op, inputs, shape });
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
