//! Small things that several panes draw: fitted text, bars, whiskers, headings.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::explorer::theme::{Ink, Theme};

pub use crate::printable::thousands;

/// Cells that a text takes.
pub fn width(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// The text, cut with an ellipsis where it takes more than `room` cells.
pub fn fit(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let (mut fitted, mut taken) = (String::new(), 0);
    for grapheme in text.graphemes(true) {
        taken += grapheme.width();
        if taken + 1 > room {
            break;
        }
        fitted.push_str(grapheme);
    }
    if room > 0 {
        fitted.push('…');
    }
    fitted
}

/// The end of a text, with an ellipsis before it where it takes more than `room` cells.
pub fn fit_end(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let (mut kept, mut taken) = (Vec::new(), 1);
    for grapheme in text.graphemes(true).rev() {
        taken += grapheme.width();
        if taken > room {
            break;
        }
        kept.push(grapheme);
    }
    let ellipsis = if room > 0 { "…" } else { "" };
    ellipsis.chars().map(String::from).chain(kept.into_iter().rev().map(String::from)).collect()
}

/// The text in exactly `room` cells.
pub fn pad(text: &str, room: usize) -> String {
    let mut fitted = fit(text, room);
    fitted.extend(std::iter::repeat_n(' ', room - width(&fitted).min(room)));
    fitted
}

/// Text broken into lines of at most `room` cells, between words where that is possible.
pub fn wrap(text: &str, room: usize) -> Vec<String> {
    let room = room.max(1);
    let mut lines = vec![String::new()];
    let mut taken = 0;
    for word in text.split_word_bounds() {
        let w = width(word);
        if taken + w > room && taken > 0 && !word.trim().is_empty() {
            lines.push(String::new());
            taken = 0;
        }
        // White space where a line breaks is the break.
        if word.trim().is_empty() && (taken + w > room || taken == 0 && lines.len() > 1) {
            continue;
        }
        for grapheme in word.graphemes(true) {
            if taken + grapheme.width() > room {
                lines.push(String::new());
                taken = 0;
            }
            taken += grapheme.width();
            if let Some(line) = lines.last_mut() {
                line.push_str(grapheme);
            }
        }
    }
    lines.iter_mut().for_each(|line| line.truncate(line.trim_end().len()));
    lines
}

/// A heading with a rule to the right edge, and a muted remark.
pub fn heading(theme: &Theme, room: usize, title: &str, remark: &str) -> Line<'static> {
    let remark = if remark.is_empty() { String::new() } else { format!("  {remark}") };
    let remark = fit(&remark, room.saturating_sub(width(title)));
    let rule = room.saturating_sub(width(title) + width(&remark) + 1);
    Line::from(vec![
        Span::styled(fit(title, room), theme.bold(Ink::Accent)),
        Span::styled(remark, theme.ink(Ink::Muted)),
        Span::styled(format!(" {}", "─".repeat(rule)), theme.ink(Ink::Border)),
    ])
}

/// A bar for a share in [0, 1].
pub fn bar(theme: &Theme, room: usize, share: f64, fill: Style) -> Vec<Span<'static>> {
    let full = (share.clamp(0.0, 1.0) * room as f64 * 2.0).round() as usize;
    let half = if full % 2 == 1 { "╸" } else { "" };
    let rest = room - (full / 2 + full % 2).min(room);
    vec![
        Span::styled(format!("{}{half}", "━".repeat(full / 2)), fill),
        Span::styled("━".repeat(rest), theme.ink(Ink::BarTrack)),
    ]
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

/// A share as a block that fills its cell from below.
pub fn eighths(share: f64) -> &'static str {
    const EIGHTHS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    EIGHTHS[((share * 8.0) as usize).min(7)]
}

/// As many of `all` places as fit into `room`, the place `at` in their middle if it can be.
pub fn around(at: usize, room: usize, all: usize) -> std::ops::Range<usize> {
    let shown = room.min(all);
    let first = at.saturating_sub(shown / 2).min(all - shown);
    first..first + shown
}

/// `line` over the whole width with the background of a list's cursor.
pub fn under_cursor(theme: &Theme, mut line: Line<'static>) -> Line<'static> {
    let cursor = theme.cursor();
    if cursor.add_modifier.contains(Modifier::REVERSED) {
        // Reversed, each color of the text would be a ground of its own.
        for span in &mut line.spans {
            (span.style.fg, span.style.bg) = (None, None);
        }
    }
    line.patch_style(cursor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn padded_text_takes_its_room(text in "\\PC{0,12}", room in 0_usize..20) {
            prop_assert_eq!(width(&pad(&text, room)), room);
        }

        #[test]
        fn wrapped_lines_fit(text in "[a-z 語👩‍🚀é]{0,40}", room in 2_usize..12) {
            prop_assert!(wrap(&text, room).iter().all(|line| width(line) <= room));
        }
    }

    #[test]
    fn text_is_cut_between_graphemes() {
        assert_eq!(fit("日本語モデル", 7), "日本語…");
        assert_eq!(fit("abc", 3), "abc");
        assert_eq!(fit_end("mmlu-pro/law", 4), "…law");
        assert_eq!(fit_end("日本語", 4), "…語");
        assert_eq!((fit_end("abc", 3).as_str(), fit_end("abc", 0).as_str()), ("abc", ""));
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(wrap("two words", 5), ["two", "words"]);
    }
}
