//! The frames of a watched training: each is rotated to match the one before.

use ndarray::s;

use crate::analysis::projection::Projection;
use crate::embedder::Event as Progress;
use crate::explorer::event::{TrainingEvent, TrainingFrame};

/// Components of the map during a training.
pub const LIVE_COMPONENTS: usize = 3;

/// Converts an event of the training to one of the explorer.
pub fn shown(event: Progress, before: &mut Option<Projection>) -> Option<TrainingEvent> {
    match event {
        Progress::Encoding { done, questions } => Some(TrainingEvent::Encoding(done, questions)),
        Progress::Epoch(epoch) => {
            let projection = follow(
                Projection::pca(epoch.vectors.slice(s![.., 1..]), LIVE_COMPONENTS).ok()?,
                before.as_ref(),
            );
            *before = Some(projection.clone());
            Some(TrainingEvent::Epoch(Box::new(TrainingFrame { epoch, projection })))
        }
    }
}

pub fn follow(projection: Projection, before: Option<&Projection>) -> Projection {
    match before {
        Some(before) => projection.aligned_to(before),
        None => projection,
    }
}
