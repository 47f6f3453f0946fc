//! What the screen would show, without a terminal: as JSON, as text, and the map as a file.

pub mod document;
pub mod map_file;
mod plain;
pub mod record;
mod table;

pub use document::document;
pub use map_file::{Kind, Shown, picture, picture_of_vectors};
pub use plain::plain;
pub use record::selection;
pub use table::table;
