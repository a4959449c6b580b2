//! What cannot be used is refused with the thing, the value and the fix, and an exit code of 2.

mod disk;
mod images;
mod sets;
mod settings;
