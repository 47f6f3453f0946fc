//! Exports for other programs: the tables of the explorer's panes, vectors and coordinates, in the formats of
//! spreadsheets, notebooks and embedding viewers.

mod atlas;
mod panes;
mod sheet;
pub(crate) mod tables;
mod vectors;

pub use atlas::atlas;
pub use panes::{Request, Table, table};
pub use sheet::{Cell, Form, Sheet};
pub use vectors::{Layout, Matrix};
