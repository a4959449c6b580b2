//! Tables as people have them: any delimiter, encoding and line ending that can be told.

mod columns;
mod delimiter;
mod error;
mod header;
mod read;
mod text;

pub use columns::Role;
pub use error::TableError;
pub use read::{Row, Table, is_table_name, parse_number};
pub use text::{Text, read_text};
