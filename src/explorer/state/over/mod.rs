//! What lies over the panes for a while, and what the mouse points at.

pub mod card;
pub mod tour;

/// What the mouse points at that lights up on the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointed {
    /// A class of the legend.
    Class(usize),
    /// The model of a row.
    Model(usize),
}
