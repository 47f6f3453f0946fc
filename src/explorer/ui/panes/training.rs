//! The Training pane: the progress of a watched training.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout as Split, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Paragraph, Sparkline};

use crate::explorer::layout::Layout;
use crate::explorer::state::State;
use crate::explorer::state::training::Training;
use crate::explorer::theme::Ink;
use crate::explorer::ui::widgets::{bar, fit, heading, paragraph, thousands};

/// A pane with fewer lines counts as low.
const LOW: u16 = 16;

pub fn draw(frame: &mut Frame, state: &State, area: Rect) {
    let theme = &state.theme;
    let Some(training) = &state.training else { return };
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.ink(Ink::BorderFocus))
        .title(Line::styled(" Training ", theme.bold(Ink::Accent)));
    frame.render_widget(block, area);
    let inside = Layout::inside(area);
    let losses = [
        ("train loss", &training.train, Ink::BarFill),
        ("val loss", &training.val, Ink::MapRouted),
    ];
    // In a low pane, the losses are next to the text, else below it.
    let [note, first, second] = if inside.height < LOW {
        Split::horizontal([Constraint::Fill(2), Constraint::Fill(1), Constraint::Fill(1)])
            .spacing(2)
            .areas(inside)
    } else {
        let loss = Constraint::Length(5);
        Split::vertical([Constraint::Length(5), loss, loss]).spacing(1).areas(inside)
    };
    frame.render_widget(Paragraph::new(words(state, training, note.width.into())), note);
    for ((name, losses, ink), area) in losses.into_iter().zip([first, second]) {
        let last = losses.last().map_or_else(String::new, |loss| {
            let over = |f: fn(f64, f64) -> f64| losses.iter().copied().reduce(f).unwrap_or(*loss);
            format!(" {loss:.4}  bars {:.3}–{:.3}", over(f64::min), over(f64::max))
        });
        let title = Line::from(vec![
            Span::styled(name, theme.ink(Ink::Muted)),
            Span::styled(last, theme.bold(ink)),
        ]);
        let [above, below] =
            Split::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(area);
        frame.render_widget(title, above);
        let bars = heights(losses, training.of as usize, below.width.into());
        frame.render_widget(Sparkline::default().data(bars).style(theme.ink(ink)), below);
    }
}

fn words(state: &State, training: &Training, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let (text, muted) = (theme.ink(Ink::Text), theme.ink(Ink::Muted));
    if training.epoch == 0 {
        let n = thousands(training.questions as u64);
        let line = if training.questions == 0 {
            "starting …".into()
        } else {
            match thousands(training.encoded as u64) {
                _ if training.encoded == 0 => format!("encoding {n} questions …"),
                done => format!("encoding questions: {done} of {n} …"),
            }
        };
        return vec![Line::styled(fit(&line, room), muted)];
    }
    let share = f64::from(training.epoch) / f64::from(training.of.max(1));
    let mut progress =
        vec![Span::styled(format!("epoch {:>3} of {} ", training.epoch, training.of), text)];
    let left = room.saturating_sub(progress[0].width());
    progress.extend(bar(theme, left, share, theme.ink(Ink::Accent)));
    let seconds = training.remaining.as_secs();
    let state_of = if training.done.is_some() {
        "done: any key explores the result".into()
    } else if training.stopping {
        "stopping, keeping the best epoch …".into()
    } else {
        format!("ETA {seconds} s at most")
    };
    let mut lines = vec![
        Line::from(progress),
        Line::styled(fit(&format!("{} answers/s", thousands(training.speed as u64)), room), muted),
        Line::styled(fit(&state_of, room), muted),
    ];
    // The networks have best epochs of their own: what was kept is known at the end.
    let best = match (&training.done, training.best) {
        (Some(done), _) => Some(done.notice.clone()),
        (None, Some((epoch, loss))) => Some(format!("best: epoch {epoch}, val loss {loss:.4}")),
        (None, None) => None,
    };
    lines.extend(best.into_iter().flat_map(|best| paragraph(&best, room, theme.ink(Ink::Good))));
    lines
}

/// The last losses as heights, wide enough for `of` of them to fill the width: the lowest keeps a tenth, so
/// that it stays visible.
fn heights(losses: &[f64], of: usize, room: usize) -> Vec<u64> {
    let wide = (room / of.max(1)).clamp(1, 4);
    let shown = &losses[losses.len().saturating_sub(room / wide)..];
    let low = shown.iter().copied().fold(f64::MAX, f64::min);
    let high = shown.iter().copied().fold(f64::MIN, f64::max);
    let span = if high > low { high - low } else { 1.0 };
    let height = |loss: &f64| 10 + (90.0 * (loss - low) / span) as u64;
    shown.iter().flat_map(|loss| std::iter::repeat_n(height(loss), wide)).collect()
}

/// The losses of a training by epoch, for the pane of the evaluation: as many of the last epochs as there is
/// room for.
pub fn curves(state: &State, training: &Training, room: usize) -> Vec<Line<'static>> {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let theme = &state.theme;
    let epochs = crate::count(training.train.len(), "epoch");
    let mut lines = vec![heading(theme, room, "Training", &format!("loss by epoch · {epochs}"))];
    for (name, losses, ink) in
        [("train", &training.train, Ink::BarFill), ("val", &training.val, Ink::MapRouted)]
    {
        let Some((first, last)) = losses.first().zip(losses.last()) else { continue };
        let range = format!(" {first:.3} → {last:.3}");
        let left = room.saturating_sub(6 + range.len());
        let bar = |height: u64| BARS[(height as usize * (BARS.len() - 1) / 100).min(7)];
        let bars: String = heights(losses, losses.len(), left).into_iter().map(bar).collect();
        lines.push(Line::from(vec![
            Span::styled(format!("{name:<6}"), theme.ink(Ink::Muted)),
            Span::styled(bars, theme.ink(ink)),
            Span::styled(range, theme.ink(Ink::Text)),
        ]));
    }
    lines
}
