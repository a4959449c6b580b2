//! The formula that `goldens/make_goldens.py` fills networks and images with.

#![expect(
    clippy::cast_possible_truncation,
    reason = "the formula is in single precision"
)]

/// The formula for one network.
pub struct Formula<'a> {
    /// Put before every name.
    pub salt: &'a str,
    /// Variance of the weights, times their fan-in.
    pub gain: f64,
}

fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// `u_i` of the formula.
pub fn unit(key: &str, len: usize) -> Vec<f32> {
    let hash = fnv1a(key);
    (0..len as u64)
        .map(|i| {
            let mut z = hash.wrapping_add(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^= z >> 31;
            (z >> 40) as f32 / 16_777_216.0
        })
        .collect()
}

impl Formula<'_> {
    /// The values of the tensor called `key`.
    pub fn fill(&self, key: &str, shape: &[usize]) -> Vec<f32> {
        let u = unit(&format!("{}{key}", self.salt), shape.iter().product());
        let fan_in: usize = shape[1..].iter().product();
        let scale = (self.gain / fan_in as f64).sqrt() as f32;
        let value = |u: f32| {
            let v = 2.0 * u - 1.0;
            if key.ends_with("running_var") {
                0.5 + u
            } else if key.ends_with("running_mean") || key.ends_with("bias") {
                0.1 * v
            } else if shape.len() == 1 {
                0.8 + 0.4 * u
            } else {
                v * scale
            }
        };
        u.into_iter().map(value).collect()
    }

    /// Two images, `[2, 3, size, size]`.
    pub fn images(&self, size: usize) -> Vec<f32> {
        let u = unit(&format!("{}input", self.salt), 2 * 3 * size * size);
        u.into_iter().map(|u| 2.0 * u - 1.0).collect()
    }
}

/// `[n, 3, size, size]` as `[n, size, size, 3]`.
pub fn channels_last(planar: &[f32], size: usize) -> Vec<f32> {
    let pixels = size * size;
    planar
        .chunks_exact(3 * pixels)
        .flat_map(|image| {
            (0..pixels)
                .flat_map(move |pixel| [0, 1, 2].map(|channel| image[channel * pixels + pixel]))
        })
        .collect()
}
