//! The state of the Probe pane.

use std::cmp::Ordering;

use super::job::{Job, Phase};
use crate::analysis::probe::Report;

/// Sections of the details, each of which can be shown first.
pub const SECTIONS: usize = 5;

#[derive(Default)]
pub struct ProbeState {
    /// One job per attribute; they run one after the other.
    pub reports: Vec<Job<Box<Report>>>,
    /// An index into [`ProbeState::order`].
    pub cursor: usize,
    /// The section that is shown first.
    pub section: usize,
}

impl ProbeState {
    pub fn report(&self, attribute: usize) -> Option<&Report> {
        self.reports.get(attribute)?.done().map(AsRef::as_ref)
    }

    /// The attributes in list order: once all probes have ended, the decodable ones first, then those above
    /// chance, each part by its metric, and failed ones last. Before that in the order of the data, so that
    /// no row moves while results arrive.
    pub fn order(&self) -> Vec<usize> {
        if self.reports.iter().any(Job::is_running) {
            return (0..self.reports.len()).collect();
        }
        let rank = |a: &usize| {
            self.report(*a)
                .map(|r| (r.beats_controls, r.beats_chance(), r.main().linear.figures.main().value))
        };
        let mut order: Vec<usize> = (0..self.reports.len()).collect();
        order.sort_by(|a, b| rank(b).partial_cmp(&rank(a)).unwrap_or(Ordering::Equal));
        order
    }

    /// The attribute under the cursor.
    pub fn chosen(&self) -> Option<usize> {
        self.order().get(self.cursor).copied()
    }

    /// Puts the cursor on an attribute.
    pub fn choose(&mut self, attribute: usize) {
        let at = self.order().iter().position(|a| *a == attribute);
        self.cursor = at.unwrap_or_default();
    }

    /// Shows another section first.
    pub fn turn(&mut self, by: usize) {
        self.section = (self.section + by) % SECTIONS;
    }

    /// Stores the result of a probe.
    pub fn take(&mut self, attribute: usize, result: Result<Box<Report>, String>) {
        // The cursor stays on its attribute when the last result sorts the list.
        let chosen = self.chosen().filter(|_| self.cursor > 0);
        if let Some(job) = self.reports.get_mut(attribute) {
            match result {
                Ok(report) => job.finish(report),
                Err(problem) => job.fail(&problem),
            };
        }
        if let Some(chosen) = chosen {
            self.choose(chosen);
        }
    }

    /// The status of all probes. A failed one is final: its attribute cannot be probed.
    pub fn phase(&self) -> Phase {
        if self.reports.iter().any(Job::is_running) {
            Job::Running
        } else if self.reports.iter().any(Job::is_cancelled) {
            Job::Cancelled
        } else if self.reports.iter().all(Job::is_idle) {
            Job::Idle
        } else {
            Job::Done(())
        }
    }

    /// The attributes that were not probed yet, which are started now.
    pub fn start_idle(&mut self) -> Vec<usize> {
        let each = self.reports.iter_mut().enumerate();
        each.filter_map(|(a, report)| report.start_once().then_some(a)).collect()
    }

    /// The attributes whose probes run.
    pub fn running(&self) -> Vec<usize> {
        (0..self.reports.len()).filter(|a| self.reports[*a].is_running()).collect()
    }

    pub fn cancel(&mut self) {
        self.reports.iter_mut().for_each(Job::cancel);
    }

    /// Allows stopped probes to be restarted.
    pub fn reset(&mut self) {
        self.reports.iter_mut().filter(|report| report.is_cancelled()).for_each(Job::reset);
    }

    /// Marks all running ones as failed. True if there were any.
    pub fn fail(&mut self, problem: &str) -> bool {
        let mut any = false;
        for report in &mut self.reports {
            any |= report.fail(problem);
        }
        any
    }
}
