//! The Training pane: how the training that is watched is going.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Paragraph, Sparkline};

use super::layout::Layout;
use super::state::{State, Training};
use super::theme::Ink;
use super::widgets::{bar, fit, thousands};

pub fn draw(frame: &mut Frame, state: &State, area: Rect) {
    let theme = &state.theme;
    let Some(training) = &state.training else { return };
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.ink(Ink::BorderFocus))
        .title(Line::styled(" Training ", theme.bold(Ink::Accent)));
    frame.render_widget(block, area);
    let inside = Layout::inside(area);
    let room = inside.width as usize;
    let words = words(state, training, room);
    let above = (words.len() as u16).min(inside.height);
    frame.render_widget(Paragraph::new(words), Rect { height: above, ..inside });
    let mut rest = Rect { y: inside.y + above, height: inside.height - above, ..inside };
    for (name, losses, ink) in [
        ("training loss", &training.train, Ink::BarFill),
        ("val loss", &training.val, Ink::MapRouted),
    ] {
        if rest.height < 3 {
            break;
        }
        let last = losses.last().map_or_else(String::new, |loss| format!(" {loss:.4}"));
        let title = Line::from(vec![
            Span::styled(name, theme.ink(Ink::Muted)),
            Span::styled(last, theme.bold(ink)),
        ]);
        frame.render_widget(title, Rect { height: 1, ..rest });
        let height = 4.min(rest.height - 1);
        let place = Rect { y: rest.y + 1, height, ..rest };
        let spark = Sparkline::default().data(heights(losses, room)).style(theme.ink(ink));
        frame.render_widget(spark, place);
        let used = height + 2;
        rest = Rect {
            y: rest.y + used.min(rest.height),
            height: rest.height.saturating_sub(used),
            ..rest
        };
    }
}

fn words(state: &State, training: &Training, room: usize) -> Vec<Line<'static>> {
    let theme = &state.theme;
    let (text, muted) = (theme.ink(Ink::Text), theme.ink(Ink::Muted));
    if training.epoch == 0 {
        let n = thousands(training.questions as u64);
        let line = if training.questions == 0 {
            "beginning …".into()
        } else {
            format!("encoding {n} questions …")
        };
        return vec![Line::styled(fit(&line, room), muted)];
    }
    let share = f64::from(training.epoch) / f64::from(training.of.max(1));
    let mut progress =
        vec![Span::styled(format!("epoch {:>3} of {} ", training.epoch, training.of), text)];
    let left = room.saturating_sub(progress[0].width());
    progress.extend(bar(theme, left, share, theme.ink(Ink::Accent)));
    let seconds = training.remaining.as_secs();
    let state_of = if training.stopping {
        "stopping, the best epoch is kept …".into()
    } else {
        format!("{seconds} s left at most")
    };
    let mut lines = vec![
        Line::from(progress),
        Line::styled(
            fit(&format!("{} answers a second", thousands(training.speed as u64)), room),
            muted,
        ),
        Line::styled(fit(&state_of, room), muted),
    ];
    if let Some((epoch, loss)) = training.best {
        lines.push(Line::styled(
            fit(&format!("best: epoch {epoch}, val loss {loss:.4}"), room),
            theme.ink(Ink::Good),
        ));
    }
    lines.push(Line::default());
    lines
}

/// The last losses as heights: the lowest keeps a tenth, so that it can be seen.
fn heights(losses: &[f64], room: usize) -> Vec<u64> {
    let shown = &losses[losses.len().saturating_sub(room)..];
    let low = shown.iter().copied().fold(f64::MAX, f64::min);
    let high = shown.iter().copied().fold(f64::MIN, f64::max);
    let span = if high > low { high - low } else { 1.0 };
    shown.iter().map(|loss| 10 + (90.0 * (loss - low) / span) as u64).collect()
}
