//! Small widgets: fitted text, bars, whiskers, headings.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::explorer::theme::{Ink, Theme};

pub use crate::explorer::text::{fit, fit_category, fit_end, pad, whole, widest, width, wrap};
pub use crate::printable::thousands;

/// A heading with a rule to the right edge, and a muted remark where there is room for all of it.
pub fn heading(theme: &Theme, room: usize, title: &str, remark: &str) -> Line<'static> {
    heading_with(theme, room, title, &[remark])
}

/// A heading with the first of the remarks that fits: half a remark explains nothing.
pub fn heading_with(
    theme: &Theme,
    room: usize,
    title: &str,
    remarks: &[impl AsRef<str>],
) -> Line<'static> {
    let remark = whole(remarks, room.saturating_sub(width(title) + 2));
    let remark = if remark.is_empty() { String::new() } else { format!("  {remark}") };
    let rule = room.saturating_sub(width(title) + width(&remark) + 1);
    Line::from(vec![
        Span::styled(fit(title, room), theme.bold(Ink::Accent)),
        Span::styled(remark, theme.ink(Ink::Muted)),
        Span::styled(format!(" {}", "─".repeat(rule)), theme.ink(Ink::Border)),
    ])
}

/// A text wrapped into lines.
pub fn paragraph(text: &str, room: usize, style: Style) -> Vec<Line<'static>> {
    wrap(text, room).into_iter().map(|line| Line::styled(line, style)).collect()
}

/// A bar for a proportion in [0, 1]. Its track is thinner: a track that can be seen must not look like more of
/// the bar.
pub fn bar(theme: &Theme, room: usize, share: f64, fill: Style) -> Vec<Span<'static>> {
    let full = (share.clamp(0.0, 1.0) * room as f64 * 2.0).round() as usize;
    let half = if full % 2 == 1 { "╸" } else { "" };
    let rest = room - (full / 2 + full % 2).min(room);
    vec![
        Span::styled(format!("{}{half}", "━".repeat(full / 2)), fill),
        Span::styled("─".repeat(rest), theme.ink(Ink::BarTrack)),
    ]
}

/// A bar of so many half cells that goes to the left of a middle or to the right of it, with `half` cells on
/// either side.
pub fn both_ways(halves: usize, to_left: bool, half: usize) -> (String, String) {
    let halves = halves.min(2 * half);
    let (full, blank) = ("━".repeat(halves / 2), " ".repeat(half));
    let end = |symbol: &'static str| if halves % 2 == 1 { symbol } else { "" };
    if to_left {
        (format!("{:>half$}", format!("{}{full}", end("╺"))), blank)
    } else {
        (blank, format!("{:<half$}", format!("{full}{}", end("╸"))))
    }
}

/// A point with its interval in [0, 1], and marks behind it.
pub fn whisker(
    theme: &Theme,
    room: usize,
    (low, point, high): (f64, f64, f64),
    ink: Ink,
    marks: &[(f64, &'static str)],
) -> Vec<Span<'static>> {
    let cell = |v: f64| ((v.clamp(0.0, 1.0) * room as f64) as usize).min(room.saturating_sub(1));
    let (low, point, high) = (cell(low), cell(point), cell(high));
    (0..room)
        .map(|x| {
            let mark = marks.iter().find(|(at, _)| cell(*at) == x);
            match mark {
                _ if x == point => Span::styled("●", theme.bold(ink)),
                Some((_, mark)) => Span::styled(*mark, theme.bold(Ink::BarMark)),
                None if (low..=high).contains(&x) => Span::styled("━", theme.ink(ink)),
                None => Span::styled("─", theme.ink(Ink::BarTrack)),
            }
        })
        .collect()
}

/// A proportion as a block that fills its cell from below.
pub fn eighths(share: f64) -> &'static str {
    const EIGHTHS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    EIGHTHS[((share * 8.0) as usize).min(7)]
}

/// A window of `room` of `all` positions with `at` in the middle, if possible.
pub fn around(at: usize, room: usize, all: usize) -> std::ops::Range<usize> {
    let shown = room.min(all);
    let first = at.saturating_sub(shown / 2).min(all - shown);
    first..first + shown
}

/// `line` over the full width with the background of the cursor row.
pub fn under_cursor(theme: &Theme, mut line: Line<'static>) -> Line<'static> {
    let cursor = theme.cursor();
    if cursor.add_modifier.contains(Modifier::REVERSED) {
        // With reversed colors, each text color would become a different background.
        for span in &mut line.spans {
            (span.style.fg, span.style.bg) = (None, None);
        }
    }
    line.patch_style(cursor)
}
