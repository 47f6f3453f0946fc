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
    /// The attributes whose probes have ended, in the order in which they did.
    arrived: Vec<usize>,
}

/// The sections that there are of an attribute: the figures, the strip, the errors, the predictions for
/// unknown values, the benchmarks.
pub fn sections(report: &Report) -> [bool; SECTIONS] {
    let strip = report.classes.len() == 2;
    [true, strip, true, !report.unknown().is_empty(), !report.pulls.is_empty()]
}

/// What a probe came to, the most first: the parts of the list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// It beats its controls.
    Found,
    AboveChance,
    NotFound,
    /// It has not ended.
    Open,
    /// There are too few models to probe it.
    Failed,
}

impl ProbeState {
    /// Of so many attributes, none of which is probed yet.
    pub fn new(attributes: usize) -> Self {
        Self { reports: vec![Job::Idle; attributes], ..Self::default() }
    }

    pub fn report(&self, attribute: usize) -> Option<&Report> {
        self.reports.get(attribute)?.done().map(AsRef::as_ref)
    }

    /// The attributes as they are listed: those that beat their controls first, then those above chance,
    /// the others, and those that cannot be probed last. While results arrive, each goes to the end of
    /// its part, so that those already there keep their order; once all have ended, each part is sorted
    /// by its figure.
    pub fn order(&self) -> Vec<usize> {
        let n = self.reports.len();
        let arrival = |a: usize| self.arrived.iter().position(|known| *known == a);
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|&a| (self.part(a), arrival(a).unwrap_or(n + a)));
        order
    }

    /// Once none runs, the best figure of each part comes first.
    fn settle(&mut self) {
        if self.reports.iter().any(Job::is_running) {
            return;
        }
        let mut arrived = std::mem::take(&mut self.arrived);
        arrived.sort_unstable();
        let figure = |a: usize| {
            self.report(a).map_or(f64::NEG_INFINITY, |r| r.main().linear.figures.main().value)
        };
        arrived.sort_by(|a, b| figure(*b).partial_cmp(&figure(*a)).unwrap_or(Ordering::Equal));
        self.arrived = arrived;
    }

    /// Changes what is known; the cursor stays on its attribute when others go past it.
    fn change<T>(&mut self, change: impl FnOnce(&mut Self) -> T) -> T {
        let chosen = self.chosen();
        let done = change(self);
        self.settle();
        if let Some(chosen) = chosen {
            self.choose(chosen);
        }
        done
    }

    fn part(&self, attribute: usize) -> Part {
        match self.reports.get(attribute) {
            Some(Job::Done(report)) if report.beats_controls => Part::Found,
            Some(Job::Done(report)) if report.beats_chance() || report.nearest_beats_chance() => {
                Part::AboveChance
            }
            Some(Job::Done(_)) => Part::NotFound,
            Some(Job::Failed(_)) => Part::Failed,
            Some(Job::Idle | Job::Running | Job::Cancelled) | None => Part::Open,
        }
    }

    /// How many of the probes have ended.
    pub fn ended(&self) -> usize {
        self.reports.iter().filter(|report| matches!(report, Job::Done(_) | Job::Failed(_))).count()
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

    /// Shows another section first: the next of those that the attribute has.
    pub fn turn(&mut self, by: usize) {
        let has = self.chosen().and_then(|a| self.report(a)).map_or([true; SECTIONS], sections);
        for _ in 0..SECTIONS {
            self.section = (self.section + by) % SECTIONS;
            if has[self.section] {
                break;
            }
        }
    }

    /// Stores the result of a probe.
    pub fn take(&mut self, attribute: usize, result: Result<Box<Report>, String>) {
        self.change(|probe| {
            let Some(job) = probe.reports.get_mut(attribute) else { return };
            let waited_for = match result {
                Ok(report) => job.finish(report),
                Err(problem) => job.fail(&problem),
            };
            if waited_for {
                probe.arrived.retain(|known| *known != attribute);
                probe.arrived.push(attribute);
            }
        });
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
        self.change(|probe| probe.reports.iter_mut().for_each(Job::cancel));
    }

    /// Allows stopped probes to be restarted.
    pub fn reset(&mut self) {
        self.reports.iter_mut().filter(|report| report.is_cancelled()).for_each(Job::reset);
    }

    /// Marks all running ones as failed. True if there were any.
    pub fn fail(&mut self, problem: &str) -> bool {
        self.change(|probe| {
            let mut any = false;
            for report in &mut probe.reports {
                any |= report.fail(problem);
            }
            any
        })
    }
}
