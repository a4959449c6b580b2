//! Reading and writing weight files through the public interface.

mod common;
mod formats;
mod properties;
mod refusals;
mod stored;
