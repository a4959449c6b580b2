//! What is taken from whom.

use std::time::Duration;

/// What a server takes at most. The product of the first two is memory; the rest is time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one request.
    pub body_bytes: usize,
    /// Bytes of all requests that are being read or wait.
    pub all_bytes: usize,
    /// Images of one request.
    pub images: usize,
    /// Images that wait to be predicted; whoever comes with more is sent away.
    pub waiting: usize,
    /// Connections that are open at once; others wait to be accepted.
    pub connections: usize,
    /// For the head of a request to arrive, and for a connection to be used again.
    pub head: Duration,
    /// For a request to arrive whole.
    pub body: Duration,
    /// For what was begun to end once the server is told to stop.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 64 << 20,
            all_bytes: 256 << 20,
            images: 256,
            waiting: 512,
            connections: 512,
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            stop: Duration::from_secs(20),
        }
    }
}
