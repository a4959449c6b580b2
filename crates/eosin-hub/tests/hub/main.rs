//! Fetching against a server on the loopback device that misbehaves as real ones do.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod child;
mod fetch;
mod find;
mod fixture;
mod proxy;
mod redirect;
mod refuse;
mod registry;
mod resume;
mod retry;
mod server;
