//! All models along the score of a probe, one row per class.

use ratatui::text::{Line, Span};

use crate::analysis::probe::{Prediction, Report};
use crate::explorer::state::State;
use crate::explorer::theme::Ink;
use crate::explorer::ui::widgets::{heading_with, pad, widest};

/// Maximum distance from a click to a model, in cells.
const REACH: usize = 2;

/// The positions of the models.
pub struct Strip<'a> {
    report: &'a Report,
    /// The rows with models: their titles, and their side. The last one may be for unknown values.
    rows: Vec<(String, Option<usize>)>,
    /// The row of each model.
    sides: Vec<Option<usize>>,
    range: (f64, f64),
    names: usize,
    across: usize,
}

impl<'a> Strip<'a> {
    /// `None` for more classes than two.
    pub fn of(report: &'a Report, room: usize) -> Option<Self> {
        if report.classes.len() != 2 {
            return None;
        }
        let mut classes: Vec<String> = report.classes.keys().cloned().collect();
        if report.kind == "number" {
            // BTreeMap sorts `>` before `≤`.
            classes.reverse();
        }
        let sides: Vec<Option<usize>> =
            report.predictions.iter().map(|p| side(report, &classes, p)).collect();
        let scores = report.predictions.iter().map(|p| p.score);
        let range = scores.fold((f64::MAX, f64::MIN), |(low, high), s| (low.min(s), high.max(s)));
        let known = classes.into_iter().enumerate().map(|(i, name)| (name, Some(i)));
        let mut rows: Vec<(String, Option<usize>)> =
            known.chain([("unknown".to_owned(), None)]).collect();
        rows.retain(|(_, side)| sides.contains(side));
        let names = widest(rows.iter().map(|(name, _)| name)).clamp(7, (room / 3).max(12));
        let across = room.saturating_sub(names + 1).max(2);
        Some(Self { report, rows, sides, range, names, across })
    }

    fn cell(&self, score: f64) -> usize {
        let (low, high) = self.range;
        let share = if high > low { (score - low) / (high - low) } else { 0.5 };
        ((share * self.across as f64) as usize).min(self.across - 1)
    }

    /// The models of a row, with their cells.
    fn models(&self, side: Option<usize>) -> impl Iterator<Item = (usize, usize)> + '_ {
        let all = self.report.predictions.iter().zip(&self.sides).enumerate();
        let of_row = all.filter(move |(_, (_, own))| **own == side);
        of_row.map(|(m, (prediction, _))| (m, self.cell(prediction.score)))
    }

    /// A heading and the rows.
    pub fn lines(&self, state: &State, room: usize) -> Vec<Line<'static>> {
        let (theme, report) = (&state.theme, self.report);
        let scale = match report.kind {
            "number" if report.log => "predicted, logarithmic",
            "number" => "predicted, low → high",
            "flag" => "no → yes",
            _ => "low → high",
        };
        let remarks = [format!("{scale} · click selects"), scale.into()];
        let mut lines = vec![heading_with(theme, room, "Models by probe score", &remarks)];
        let (low, high) = self.range;
        let middle = (report.kind != "number" && low < 0.0 && high > 0.0).then(|| self.cell(0.0));
        for (name, side) in &self.rows {
            let mut counts = vec![0_usize; self.across];
            let mut chosen = None;
            for (m, cell) in self.models(*side) {
                counts[cell] += 1;
                if m == state.selected {
                    chosen = Some(cell);
                }
            }
            let name = format!("{} ", pad(name, self.names));
            let mut spans = vec![Span::styled(name, theme.ink(Ink::Muted))];
            let ink = [Ink::BarFill, Ink::Good, Ink::Muted][side.unwrap_or(2).min(2)];
            spans.extend((0..self.across).map(|x| match counts[x] {
                _ if chosen == Some(x) => Span::styled("◉", theme.bold(Ink::MapSelected)),
                0 if middle == Some(x) => Span::styled("┊", theme.ink(Ink::BarMark)),
                0 => Span::styled("·", theme.ink(Ink::BarTrack)),
                1 => Span::styled("∙", theme.ink(ink)),
                2..=3 => Span::styled("•", theme.ink(ink)),
                _ => Span::styled("●", theme.bold(ink)),
            }));
            lines.push(Line::from(spans));
        }
        lines
    }

    /// The model at a cell of a line, the heading being line 0; where several are, the one after the
    /// `selected` one.
    pub fn model_at(&self, line: usize, x: usize, selected: usize) -> Option<usize> {
        let (_, side) = self.rows.get(line.checked_sub(1)?)?;
        let x = x.checked_sub(self.names + 1)?;
        let far = |cell: usize| cell.abs_diff(x);
        let nearest = self.models(*side).map(|(_, cell)| far(cell)).min()?;
        let here = self.models(*side).filter(|(_, cell)| far(*cell) == nearest);
        let here: Vec<usize> = here.filter(|_| nearest <= REACH).map(|(m, _)| m).collect();
        let after = here.iter().position(|m| *m == selected).map_or(0, |at| at + 1);
        here.get(after).or(here.first()).copied()
    }
}

/// The row of a model; none if its value is unknown.
fn side(report: &Report, rows: &[String], prediction: &Prediction) -> Option<usize> {
    let truth = prediction.truth.as_ref()?;
    if report.kind != "number" {
        return rows.iter().position(|row| row == truth);
    }
    let median: f64 = rows.first()?.trim_start_matches(['≤', ' ']).parse().ok()?;
    Some(usize::from(truth.parse::<f64>().ok()? > median))
}
