//! eosin
fn main() {}
