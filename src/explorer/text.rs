//! Text measured in terminal cells: width, truncation, padding, wrapping.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Width of a text in cells.
pub fn width(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// The text, truncated with an ellipsis if it takes more than `room` cells.
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

/// The end of a text, with an ellipsis before it if it takes more than `room` cells.
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

/// The first of the texts that needs no more than `room` cells; an empty one if none does.
pub fn whole<T: AsRef<str>>(texts: &[T], room: usize) -> &str {
    texts.iter().map(AsRef::as_ref).find(|text| width(text) <= room).unwrap_or_default()
}

/// Width of the widest of the texts.
pub fn widest(texts: impl IntoIterator<Item = impl AsRef<str>>) -> usize {
    texts.into_iter().map(|text| width(text.as_ref())).max().unwrap_or_default()
}

/// The name of a category in at most `room` cells: of `benchmark/category`, the benchmark is cut first, because
/// neighbors in a list often have it in common.
pub fn fit_category(name: &str, room: usize) -> String {
    let Some((benchmark, category)) = name.split_once('/') else { return fit(name, room) };
    let left = room.saturating_sub(width(category) + 1);
    if width(name) <= room || left < 3 {
        return fit(name, room);
    }
    format!("{}/{category}", fit(benchmark, left))
}

/// The text in exactly `room` cells.
pub fn pad(text: &str, room: usize) -> String {
    let mut fitted = fit(text, room);
    fitted.extend(std::iter::repeat_n(' ', room - width(&fitted).min(room)));
    fitted
}

/// Text wrapped into lines of at most `room` cells, at word boundaries where possible.
pub fn wrap(text: &str, room: usize) -> Vec<String> {
    let room = room.max(1);
    let mut lines = vec![String::new()];
    let mut taken = 0;
    for word in &unbreakable(text) {
        let w = width(word);
        if taken + w > room && taken > 0 && !word.trim().is_empty() {
            lines.push(String::new());
            taken = 0;
        }
        // White space at a line break is dropped.
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

/// The parts of a text between which a line may break: symbols stay with adjacent words, but a name may break
/// after its hyphens and slashes.
fn unbreakable(text: &str) -> Vec<String> {
    let is_sign = |part: &str| !part.contains(char::is_alphanumeric);
    let is_blank = |part: &str| part.trim().is_empty();
    let mut parts: Vec<String> = Vec::new();
    let mut joins = false;
    for part in text.split_word_bounds() {
        let sign = is_sign(part) && !is_blank(part);
        let within = parts.last().is_some_and(|last| last.ends_with(char::is_alphanumeric));
        match parts.last_mut() {
            Some(last) if !is_blank(part) && !is_blank(last) && (sign || joins) => {
                last.push_str(part);
            }
            _ => parts.push(part.to_owned()),
        }
        joins = sign && !(within && matches!(part, "-" | "/"));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn of_a_category_the_benchmark_is_cut_first() {
        assert_eq!(fit_category("gsm8k", 3), "gs…");
        assert_eq!(fit_category("reasoning-gym/code-hard", 20), "reasoning…/code-hard");
        assert_eq!(fit_category("bfcl/simple", 20), "bfcl/simple");
        assert_eq!(fit_category("a/a-very-long-category", 10), "a/a-very-…");
    }

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
        assert_eq!(wrap("two words", 5), ["two", "words"]);
        assert_eq!(wrap("with (.05) or --data", 11), ["with (.05)", "or --data"]);
        assert_eq!(wrap("日本語", 4), ["日本", "語"]);
        assert_eq!(wrap("Meta-Llama-3.1-70B", 12), ["Meta-Llama-", "3.1-70B"]);
    }
}
