//! Fuzzy matching of names and commands.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// The indices of the texts that match what was typed, best first; of equals the earlier. Without a
/// pattern all match.
pub fn matching<'a>(typed: &str, texts: impl Iterator<Item = &'a str>) -> Vec<usize> {
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
    let mut buffer = Vec::new();
    let mut found: Vec<(usize, u32)> = texts
        .enumerate()
        .filter_map(|(i, text)| {
            let score = pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher)?;
            Some((i, score))
        })
        .collect();
    found.sort_by_key(|(i, score)| (std::cmp::Reverse(*score), *i));
    found.into_iter().map(|(i, _)| i).collect()
}

/// The words of a text: runs of letters and digits, in lower case.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase)
}

/// True if each of some words begins a word of the text.
pub fn begin_words(typed: &[String], text: &str) -> bool {
    let known: Vec<String> = words(text).collect();
    typed.iter().all(|typed| known.iter().any(|word| word.starts_with(typed.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_match_comes_first_and_words_may_be_apart() {
        let names = ["qwen-coder-7b", "llama-70b", "qwen-72b"];
        let found = |typed: &str| matching(typed, names.iter().copied());
        assert_eq!(found("qw 72")[0], 2);
        assert_eq!(found("QWEN"), [0, 2]);
        assert_eq!(found("zzz"), [] as [usize; 0]);
        assert_eq!(found(""), [0, 1, 2]);
        assert_eq!(found("!qwen"), [1]);
    }
}
