//! Fuzzy matching of names and commands.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use rayon::prelude::*;

/// Texts that are searched together.
const BLOCK: usize = 8192;

/// The indices of the matching texts, best first (ties: the earlier one). Without a pattern all match.
pub fn matching<'a>(typed: &str, texts: impl Iterator<Item = &'a str>) -> Vec<usize> {
    let texts: Vec<&str> = texts.collect();
    let mut found = scores(typed, &texts);
    found.par_sort_unstable_by_key(|(i, score)| (std::cmp::Reverse(*score), *i));
    found.into_iter().map(|(i, _)| i).collect()
}

/// The indices of the matching texts, in order.
pub fn found(typed: &str, texts: &[String]) -> Vec<usize> {
    scores(typed, texts).into_iter().map(|(i, _)| i).collect()
}

/// The matching texts, by index, with their scores; in parallel.
fn scores<T: AsRef<str> + Sync>(typed: &str, texts: &[T]) -> Vec<(usize, u32)> {
    let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
    let blocks = texts.par_chunks(BLOCK).enumerate();
    let found = blocks.map_init(
        || (Matcher::new(Config::DEFAULT), Vec::new()),
        |(matcher, buffer), (block, texts)| {
            let each = texts.iter().enumerate().filter_map(|(i, text)| {
                let score = pattern.score(Utf32Str::new(text.as_ref(), buffer), matcher)?;
                Some((block * BLOCK + i, score))
            });
            each.collect::<Vec<_>>()
        },
    );
    found.collect::<Vec<_>>().concat()
}

/// The words of a text: runs of letters and digits, in lower case.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase)
}

/// True if each of some words is a prefix of a word of the text.
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
