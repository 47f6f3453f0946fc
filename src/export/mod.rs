//! What an embedder knows, for other programs: the tables of the explorer's panes, vectors and
//! coordinates, in the forms that spreadsheets, notebooks and viewers of embeddings read.

mod atlas;
mod panes;
mod sheet;
pub(crate) mod tables;
mod vectors;

pub use atlas::atlas;
pub use panes::{Asked, Table, table};
pub use sheet::{Cell, Form, Sheet};
pub use vectors::{Layout, Matrix};
