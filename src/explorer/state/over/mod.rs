//! Overlays of the panes, and the item under the mouse.

pub mod card;
pub mod tour;

/// The item under the mouse that is highlighted on the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointed {
    /// A class of the legend.
    Class(usize),
    /// The model of a row.
    Model(usize),
}
