//! Explains the first candidate in one sentence with numbers.

use super::{Answers, Candidate, Lead, Measured, MostProbable, Route, RunnerUp, Unit};
use crate::dataset::Kind;
use crate::embedder::Scope;
use crate::printable::thousands;

/// Fractions of a gap in words.
const SHARES: [(f32, &str); 5] = [
    (0.25, "a quarter"),
    (0.333, "a third"),
    (0.5, "half"),
    (0.667, "two thirds"),
    (0.75, "three quarters"),
];
/// A fraction that counts as none; and as all, measured from 1.
const SLIGHT: f32 = 0.15;

impl Route {
    /// Explains why the first candidate comes first; `name` returns a model's name, `unit` is that of the
    /// router's costs. Empty without candidates.
    #[must_use]
    pub fn sentence(&self, name: &dyn Fn(usize) -> String, unit: Option<Unit>) -> String {
        let Some(first) = self.candidates.first() else { return String::new() };
        // The runner-up may not be among the requested candidates.
        let second = self.why.runner_up.as_ref();
        let called = name(first.model);
        if self.scope == Scope::Out {
            let next = second.map_or_else(String::new, |second| {
                format!("; the runner-up is {}", name(second.model))
            });
            let leads = match self.why.lead {
                Lead::Cost => "comes first for its cost",
                Lead::Cheapest { .. } | Lead::Accuracy | Lead::LowerEnd => {
                    "leads as the strongest overall"
                }
            };
            let known = match first.answers.all {
                0 => "though it has no answers of this kind".into(),
                all => format!("from {} to other questions", answers(all)),
            };
            return format!("Unlike any training question: {called} {leads}, {known}{next}.");
        }
        let rate = format!("its {} is {}", self.rate(), Self::basis(first));
        let rest = match (self.why.lead, second) {
            (_, None) => return format!("{called} is the only candidate: {rate}."),
            (lead @ (Lead::Accuracy | Lead::Cheapest { .. }), Some(second)) => {
                let leads = match lead {
                    Lead::Cheapest { tied: true } => "leads, and no cheaper model is tied with it",
                    Lead::Cheapest { tied: false } => "leads, and no cheaper model is near enough",
                    _ => "leads",
                };
                format!("{called} {leads}: {rate}; {}", self.runner_up(first, second, name))
            }
            (Lead::LowerEnd, Some(second)) => format!(
                "{called} leads by the lower end of its interval ({}): {rate}; the runner-up {} has \
                 {}, but its interval starts at {}",
                percent(first.low),
                name(second.model),
                percent(second.p),
                percent(second.low)
            ),
            (Lead::Cost, Some(_)) => self.cheaper(first, &called, &rate, name, unit),
        };
        let floor = if self.below { "No model reaches the quality floor: " } else { "" };
        format!("{floor}{rest}.")
    }

    /// What the sentence leaves out about the probabilities: what they are of unless that is correctness, and
    /// if some of the nearest questions are of another kind.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let kind = self.kind();
        let others = self.evidence.iter().filter(|e| e.kind != kind);
        let others: Vec<&str> = others.map(|e| e.category.as_str()).collect();
        let mixed = (!others.is_empty() && self.scope != Scope::Out).then(|| {
            let but = match kind {
                Kind::Correctness => "without a correct answer",
                Kind::Preference | Kind::Judge => "that are judged in another way",
            };
            format!("also like questions {but} ({}): P is not about those", others.join(", "))
        });
        kind.remark().map(Into::into).into_iter().chain(mixed).collect()
    }

    /// The best candidate with answers to questions like the prompt, if the first has none.
    #[must_use]
    pub fn best_measured(&self, name: &dyn Fn(usize) -> String) -> Option<String> {
        let best = self.why.best_measured.as_ref()?;
        let (p, known) = (percent(best.p), answers(best.answers.here));
        let (badge, name) = (best.measured.badge(), name(best.model));
        Some(format!("{badge} Best of those with answers to such questions: {name} {p}, {known}."))
    }

    /// What the probabilities are of, and for which questions.
    fn rate(&self) -> String {
        let kind = self.kind();
        let rate = match kind {
            Kind::Correctness => "predicted accuracy",
            Kind::Preference => "predicted win rate over a reference",
            Kind::Judge => "predicted rate of answers above the median",
        };
        let mut alike = self.evidence.iter().filter(|e| e.kind == kind);
        let Some(most) = alike.next() else { return rate.into() };
        let mut named = most.category.clone();
        if let Some(other) = alike.next().filter(|other| 2.0 * other.share >= most.share) {
            named += &format!(", {}", other.category);
        }
        // The rate counts how hard the prompt is: it is not the mean of the benchmarks.
        let near = if self.scope == Scope::In { "" } else { "nearest: " };
        format!("{rate} on questions as hard as this one ({near}{named})")
    }

    /// A probability with the number of answers behind it.
    fn basis(c: &Candidate) -> String {
        let Answers { here, all } = c.answers;
        let others = thousands(all.saturating_sub(here).into());
        let known = match (c.measured, here) {
            (Measured::Here, here) => format!(" from {}", answers(here)),
            (Measured::Elsewhere, 0) => {
                format!(", from {} to other questions and none to these", answers(all))
            }
            (Measured::Elsewhere, here) => {
                format!(", from {} to these and {others} to others", answers(here))
            }
            (Measured::Hardly, _) if all == 0 => ", though it has no answers of this kind".into(),
            (Measured::Hardly, _) => format!(", from only {} of this kind", answers(all)),
        };
        format!("{}{known}", percent(c.p))
    }

    fn runner_up(
        &self,
        first: &Candidate,
        second: &RunnerUp,
        name: &dyn Fn(usize) -> String,
    ) -> String {
        let (p, other) = (percent(first.p), percent(second.p));
        let runner_up = format!("the runner-up {} has", name(second.model));
        if p == other {
            return format!("{runner_up} {other} too");
        }
        // Where points decide, tenths do.
        let other = match self.why.lead {
            Lead::Cheapest { .. } => {
                format!("{other}, {:.1} points less", 100.0 * (first.p - second.p))
            }
            _ => other,
        };
        let close = if second.tied {
            ", statistically a tie".into()
        } else if second.p > first.low {
            format!(
                ", inside the 80% interval of the first ({} to {})",
                percent(first.low),
                percent(first.high)
            )
        } else {
            String::new()
        };
        format!("{runner_up} {other}{close}; {}", self.gap(second))
    }

    /// How much of the gap to the runner-up is general ability, in logits.
    fn gap(&self, second: &RunnerUp) -> String {
        let ability = self.why.parts.ability - second.parts.ability;
        let share = ability / (self.why.parts.sum() - second.parts.sum()).max(f32::MIN_POSITIVE);
        let nearest = SHARES.iter().min_by(|a, b| {
            let far = |x: &f32| (x - share).abs();
            far(&a.0).total_cmp(&far(&b.0))
        });
        match share {
            s if s < -SLIGHT => {
                "all of the gap is predicted fit to this kind of question: overall the runner-up is stronger"
                    .into()
            }
            s if s < SLIGHT => {
                "the gap comes from predicted fit to this kind of question, not from general ability"
                    .into()
            }
            s if s > 1.0 + SLIGHT => {
                "all of the gap is general ability: the runner-up fits this kind of question better"
                    .into()
            }
            s if s > 1.0 - SLIGHT => "the gap comes from general ability".into(),
            _ => format!("{} of the gap is general ability", nearest.map_or("part", |n| n.1)),
        }
    }

    fn cheaper(
        &self,
        first: &Candidate,
        called: &str,
        rate: &str,
        name: &dyn Fn(usize) -> String,
        unit: Option<Unit>,
    ) -> String {
        let cost = |cost: Option<f64>, at: &str| {
            let cost = unit.zip(cost).map(|(unit, cost)| unit.text(cost));
            cost.map_or_else(|| "of unknown cost".into(), |cost| format!("{at}{cost}"))
        };
        let itself = MostProbable { model: first.model, p: first.p, cost: first.cost };
        let most = self.why.most_probable.unwrap_or(itself);
        let points = 100.0 * (most.p - first.p);
        format!(
            "{called} ({}) comes first for its cost: {rate}; the most accurate, {}, has {} {}, \
             {points:.1} points more",
            cost(first.cost, ""),
            name(most.model),
            percent(most.p),
            cost(most.cost, "at ")
        )
    }
}

fn percent(p: f32) -> String {
    format!("{:.0}%", 100.0 * p)
}

fn answers(n: u32) -> String {
    crate::count(n as usize, "answer")
}
