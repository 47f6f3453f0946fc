//! The Evaluate pane: how good the forecasts were on questions that were not learned from.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::action::Pane;
use super::layout::Layout;
use super::state::State;
use super::theme::Ink;
use super::view::pane_block;
use super::widgets::{heading, thousands, whisker, wrap};

/// How the forecast is drawn; what came true is the dot.
const FORECAST: &str = "┃";

pub fn draw(frame: &mut Frame, state: &State, area: Rect, layout: &Layout) {
    let remark = "on the val split";
    frame.render_widget(pane_block(state, layout, Pane::Evaluate, remark, area.width), area);
    let inside = Layout::inside(area);
    frame.render_widget(Paragraph::new(lines(state, inside.width.into())), inside);
}

fn lines(state: &State, room: usize) -> Vec<Line<'static>> {
    let (theme, subject) = (&state.theme, &state.subject);
    let (text, muted) = (theme.ink(Ink::Text), theme.ink(Ink::Muted));
    let figure = |name: &str| subject.val.get(name).copied().unwrap_or_default();
    let said = |text: String, style| -> Vec<Line<'static>> {
        wrap(&text, room).into_iter().map(|line| Line::styled(line, style)).collect()
    };
    let mut lines = said(
        format!(
            "accuracy {:.3}   AUC {:.3}   log loss {:.3}   calibration error {:.3}   routing {:.3}",
            figure("accuracy"),
            figure("auc"),
            figure("nll"),
            figure("ece"),
            figure("routing")
        ),
        text,
    );
    let honest = |held: f64| if (0.75..=0.85).contains(&held) { Ink::Good } else { Ink::Warn };
    let mut held = vec![Span::styled("80% intervals held ", muted)];
    held.extend(subject.coverage.iter().filter(|bin| bin.groups > 0).map(|bin| {
        let share = format!("{:.0}% ", 100.0 * bin.covered);
        Span::styled(share, theme.bold(honest(bin.covered)))
    }));
    held.push(Span::styled("low to high", muted));
    lines.push(Line::from(held));
    let key = format!("{FORECAST} forecast  ● came true  and answers");
    lines.push(heading(theme, room, "Reliability", &key));
    let bars = room.saturating_sub(5 + 6 + 8);
    for bin in subject.reliability.iter().filter(|bin| bin.count > 0) {
        // Twice the standard error of the share that came true.
        let error = 2.0 * (bin.observed * (1.0 - bin.observed) / bin.count as f64).sqrt();
        let interval = (bin.observed - error, bin.observed, bin.observed + error);
        let near = (bin.observed - bin.predicted).abs() <= error.max(0.02);
        let ink = if near { Ink::Good } else { Ink::Warn };
        let mut spans = vec![Span::styled(format!("{:>3.0}% ", 100.0 * bin.predicted), text)];
        spans.extend(whisker(theme, bars, interval, ink, &[(bin.predicted, FORECAST)]));
        spans.push(Span::styled(format!(" {:>3.0}% ", 100.0 * bin.observed), theme.bold(ink)));
        spans.push(Span::styled(format!("{:>7} ", thousands(bin.count as u64)), muted));
        lines.push(Line::from(spans));
    }
    lines
}
