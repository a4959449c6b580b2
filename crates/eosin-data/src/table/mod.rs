//! Tables as people have them: any delimiter, encoding and line ending that can be told.

mod columns;
mod delimiter;
mod error;
mod header;
mod read;
mod role;
mod row;
mod text;

pub use error::TableError;
pub use read::{Table, is_table_name, parse_number};
pub use role::Role;
pub use row::Row;
pub use text::{Text, read_text};
