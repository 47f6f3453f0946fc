//! The card that describes a group of the legend.

use crate::analysis::clusters::Card;
use crate::explorer::state::job::Job;

pub struct CardState {
    /// The group, as a class of the legend.
    pub class: usize,
    /// The class that was focused before.
    pub before: Option<usize>,
    /// Version of the request; older results are dropped.
    pub version: u64,
    pub describing: Job<()>,
    /// The description. It stays while the same group is described again.
    pub card: Option<Box<Card>>,
    /// The prototype under the cursor.
    pub at: usize,
}

impl CardState {
    pub fn new(class: usize, before: Option<usize>, version: u64) -> Self {
        Self { class, before, version, describing: Job::Idle, card: None, at: 0 }
    }

    /// The model under the cursor.
    pub fn under_cursor(&self) -> Option<usize> {
        self.card.as_ref()?.prototypes.get(self.at).map(|near| near.at)
    }
}
