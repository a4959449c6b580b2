//! What a server counts, in Prometheus' text form.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// What a server counts.
pub struct Numbers {
    registry: Registry,
    requests: Family<Answered, Counter>,
    images: Counter,
    refused: Counter,
    waiting: Gauge,
    batches: Histogram,
    seconds: Histogram,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: &'static str,
    status: u16,
}

impl Default for Numbers {
    fn default() -> Self {
        let this = Self {
            registry: Registry::default(),
            requests: Family::default(),
            images: Counter::default(),
            refused: Counter::default(),
            waiting: Gauge::default(),
            // 1, 2, 4, ... 256 images; 1 ms to 16 s.
            batches: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
            seconds: Histogram::new(exponential_buckets(0.001, 2.0, 15)),
        };
        this.registered()
    }
}

impl Numbers {
    fn registered(mut self) -> Self {
        let all = &mut self.registry;
        all.register("eosin_requests", "Requests answered", self.requests.clone());
        all.register("eosin_images", "Images predicted", self.images.clone());
        all.register(
            "eosin_refused",
            "Requests sent away since too much waited",
            self.refused.clone(),
        );
        all.register(
            "eosin_waiting_images",
            "Images that wait to be predicted",
            self.waiting.clone(),
        );
        all.register(
            "eosin_batch_images",
            "Images predicted together",
            self.batches.clone(),
        );
        all.register_with_unit(
            "eosin_request",
            "Time that a request took",
            Unit::Seconds,
            self.seconds.clone(),
        );
        self
    }

    /// A request was answered.
    pub fn request(&self, route: &'static str, status: u16, took: Duration) {
        let answered = Answered { route, status };
        self.requests.get_or_create(&answered).inc();
        if status == 503 {
            self.refused.inc();
        }
        self.seconds.observe(took.as_secs_f64());
    }

    /// So many images were predicted together.
    pub fn batch(&self, images: usize) {
        self.images.inc_by(images as u64);
        self.batches.observe(images as f64);
    }

    /// All of it as text; `waiting` is how many images wait.
    pub fn text(&self, waiting: usize) -> String {
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            // Writing into memory does not fail; half of the numbers would be taken for all.
            Err(_) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_told_in_prometheus_words() {
        let numbers = Numbers::default();
        numbers.request("/predict", 200, Duration::from_millis(3));
        numbers.request("/predict", 503, Duration::from_millis(1));
        numbers.batch(5);
        let text = numbers.text(7);
        for line in [
            "eosin_requests_total{route=\"/predict\",status=\"200\"} 1",
            "eosin_images_total 5",
            "eosin_refused_total 1",
            "eosin_waiting_images 7",
            "eosin_batch_images_sum 5.0",
            "eosin_request_seconds_count 2",
            "# EOF",
        ] {
            assert!(text.lines().any(|own| own == line), "{line} in\n{text}");
        }
    }
}
