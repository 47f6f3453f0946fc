//! The New pane: a model that is placed by its answers.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::count;
use crate::explorer::layout::Layout;
use crate::explorer::pane::Pane;
use crate::explorer::state::State;
use crate::explorer::theme::Ink;
use crate::explorer::ui::frame::pane_block;
use crate::explorer::ui::panes::model::{basis_of, similar};
use crate::explorer::ui::widgets::{
    fit_category, heading, heading_with, pad, paragraph, whisker, widest,
};

pub fn draw(frame: &mut Frame, state: &State, area: Rect, layout: &Layout) {
    let new_model = &state.new_model;
    let remark = match new_model.answered() {
        _ if new_model.placement.is_running() => format!("{} computing", state.spinner()),
        0 => String::new(),
        1 => "1 answer".into(),
        n => format!("{n} answers"),
    };
    frame.render_widget(pane_block(state, layout, Pane::NewModel, &remark, area.width), area);
    let inside = Layout::inside(area);
    let lines = lines(state, inside.width.into());
    let shown: Vec<Line> = lines.into_iter().skip(new_model.scroll).collect();
    frame.render_widget(Paragraph::new(shown), inside);
}

pub fn lines(state: &State, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let (text, muted) = (theme.ink(Ink::Text), theme.ink(Ink::Muted));
    let paragraph = |text: &str, style| paragraph(text, room, style);
    let new_model = &state.new_model;
    let Some(placed) = &new_model.placed else {
        if new_model.placement.is_running() {
            let doing = format!(
                "{} placing it by {} …",
                state.spinner(),
                count(new_model.answered(), "answer")
            );
            return paragraph(&doing, text);
        }
        let mut lines = paragraph("Place a new model from a few of its answers.", text);
        lines.push(Line::default());
        lines.extend(paragraph(
            "n: next most informative question (needs --data) · + correct · - incorrect",
            muted,
        ));
        lines.push(Line::default());
        lines.extend(paragraph(
            "O: load answers from a file, a table of label and prompt or prompt_id",
            muted,
        ));
        return lines;
    };
    let percent = |p: f64| format!("{:.0}%", 100.0 * p);
    let mut lines = vec![Line::from(vec![
        Span::styled("✚ ", theme.bold(Ink::MapRouted)),
        Span::styled(
            format!("stronger than {} of the models", percent(placed.ability.mean)),
            theme.bold(Ink::Text),
        ),
    ])];
    let share = (placed.ability.low, placed.ability.mean, placed.ability.high);
    let mut bar = whisker(theme, room.saturating_sub(14), share, Ink::MapRouted, &[]);
    bar.push(Span::styled(
        format!(" {:>4} –{:>4}", percent(placed.ability.low), percent(placed.ability.high)),
        muted,
    ));
    lines.push(Line::from(bar));
    lines.push(Line::default());
    lines.push(heading(theme, room, "Nearest models", &basis_of(state)));
    lines.extend(similar(state, &placed.neighbors, room));
    lines.push(Line::default());
    if placed.benchmarks.is_empty() {
        lines.extend(paragraph("Start with --data FOLDER to predict benchmarks.", muted));
        return lines;
    }
    let points = format!("±{:.0} points", 100.0 * placed.deviation);
    let known = [
        format!("{points} · ~ no answer yet · n answers"),
        format!("{points} · ~ no answer"),
        points,
    ];
    lines.push(heading_with(theme, room, "Predicted accuracy", &known));
    let names = widest(placed.benchmarks.iter().map(|(name, ..)| name));
    let names = names.clamp(8, room.saturating_sub(11).max(8));
    for (name, answers, estimate) in &placed.benchmarks {
        let parts = (estimate.low, estimate.mean, estimate.high);
        let mut spans =
            vec![Span::styled(format!("{} ", pad(&fit_category(name, names), names)), text)];
        let ink = if *answers > 0 { Ink::Good } else { Ink::Accent };
        spans.extend(whisker(theme, room.saturating_sub(names + 11), parts, ink, &[]));
        // Without answers on the benchmark, nothing of it is observed.
        let sign = if *answers == 0 { "~" } else { "" };
        let accuracy = format!("{sign}{}", percent(estimate.mean));
        spans.push(Span::styled(format!(" {accuracy:>4}"), text));
        spans.push(Span::styled(format!(" {answers:>4}"), muted));
        lines.push(Line::from(spans));
    }
    lines
}
