//! Memory that has been used, for use again: fresh memory costs a fault a page.

/// Vectors that nobody needs any more.
#[derive(Debug, Default)]
pub(crate) struct Spare(Vec<Vec<f32>>);

impl Spare {
    /// An empty vector with room for `len` values: the smallest that has it, else a new one.
    pub fn take(&mut self, len: usize) -> Vec<f32> {
        let fits = self
            .0
            .iter()
            .enumerate()
            .filter(|(_, memory)| memory.capacity() >= len);
        let smallest = fits
            .min_by_key(|(_, memory)| memory.capacity())
            .map(|(at, _)| at);
        let mut memory =
            smallest.map_or_else(|| Vec::with_capacity(len), |at| self.0.swap_remove(at));
        memory.clear();
        memory
    }

    /// Takes back what [`take`](Self::take) gave. What is taken and not put back is made anew each
    /// time, and what is put here and never was taken stays for ever.
    pub fn put(&mut self, memory: Vec<f32>) {
        self.0.push(memory);
    }

    /// Vectors that are here.
    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use eosin_core::{BackboneName, Seed};

    use super::*;
    use crate::graph::Workspace;
    use crate::{Backbone, BatchStatistics, StoredNetwork, Tail, Tape};
    use eosin_weights::read_all;

    #[test]
    fn a_training_step_puts_back_all_that_it_takes() {
        for name in [
            BackboneName::EfficientNetB0,
            BackboneName::MobileNetV3Large,
            BackboneName::RexNet100,
            BackboneName::DenseNet121,
            BackboneName::SqueezeNet11,
            BackboneName::Vgg16Bn,
            BackboneName::ResNest14d,
            BackboneName::ConvNextTiny,
            BackboneName::VitSmallPatch16,
        ] {
            let network = StoredNetwork::fresh(Backbone::new(name, 2, 32), Seed(0));
            let tail = Tail {
                cut: 0,
                map: [32, 32, 3],
                dropout: 0.0,
                norms: BatchStatistics::OfBatch,
            };
            let mut tape = Tape::new(&network, &tail).unwrap();
            let state = read_all(network.weights()).unwrap();
            tape.set_weights(|name| &state[name].values, 0);
            let images = vec![0.5; 2 * 32 * 32 * 3];
            let mut parts: Vec<Workspace> = Vec::new();
            let mut counts = Vec::new();
            for _ in 0..3 {
                let logits = tape.forward(&images, 1, None, &mut parts);
                tape.backward(&logits, &mut parts);
                counts.push([0, 1].map(|part| parts[part].spare.count()));
            }
            assert!(counts[0].iter().all(|count| *count > 0));
            assert_eq!(counts, [counts[0]; 3], "{name}");
        }
    }

    #[test]
    fn the_smallest_that_is_large_enough_is_used_again() {
        let mut spare = Spare::default();
        for len in [100, 10, 50] {
            spare.put(Vec::with_capacity(len));
        }
        assert!((50..100).contains(&spare.take(11).capacity()));
        assert!(spare.take(11).capacity() >= 100);
        assert_eq!(spare.count(), 1);
        assert!(spare.take(11).capacity() >= 11);
        assert_eq!(spare.count(), 1);
    }
}
