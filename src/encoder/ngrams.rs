//! Hashed n-grams of a text, with counts.

use unicode_segmentation::UnicodeSegmentation;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The two kinds of n-gram, each with its own document frequencies.
pub(super) const KINDS: usize = 2;

/// Characters of an n-gram within a word.
const CHARACTERS: usize = 3;

/// Counts by bucket, sorted by bucket, one list per kind.
pub(super) type Counts = [Vec<(u32, f32)>; KINDS];

/// Counts the words and the character trigrams of `text`, hashed into `buckets`.
///
/// Text is lower-cased. A word is a run of letters, digits and underscores, or any other single character
/// that is not white space; trigrams are taken within words padded by a space on either side.
pub(super) fn count(text: &str, buckets: u32, hash_seed: u64) -> Counts {
    let text = text.to_lowercase();
    let all = u64::from(buckets);
    // A remainder by a power of two is a mask, which is faster.
    let mask = all.is_power_of_two().then_some(all.wrapping_sub(1));
    let bucket = |kind: u64, gram: &[u8]| {
        let hash = xxh3_64_with_seed(gram, hash_seed ^ kind);
        mask.map_or_else(|| hash % all, |mask| hash & mask) as u32
    };
    let (mut words, mut trigrams) = (Vec::new(), Vec::with_capacity(text.len()));
    let mut padded = String::new();
    let mut starts = Vec::new();
    for word in words_of(&text) {
        words.push(bucket(0, word.as_bytes()));
        padded.clear();
        padded.extend([" ", word, " "]);
        if padded.is_ascii() {
            trigrams.extend(padded.as_bytes().windows(CHARACTERS).map(|gram| bucket(1, gram)));
            continue;
        }
        starts.clear();
        starts.extend(padded.char_indices().map(|(at, _)| at));
        starts.push(padded.len());
        for ends in starts.windows(CHARACTERS + 1) {
            trigrams.push(bucket(1, &padded.as_bytes()[ends[0]..ends[CHARACTERS]]));
        }
    }
    [tally(words), tally(trigrams)]
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    text.split_whitespace().flat_map(move |run| {
        let mut rest = run;
        std::iter::from_fn(move || {
            let first = rest.chars().next()?;
            let end = if joins(first) {
                rest.find(|c| !joins(c)).unwrap_or(rest.len())
            } else {
                // A symbol with its combining marks is one word.
                rest.graphemes(true).next().map_or(first.len_utf8(), str::len)
            };
            let (word, after) = rest.split_at(end);
            rest = after;
            Some(word)
        })
    })
}

fn tally(mut buckets: Vec<u32>) -> Vec<(u32, f32)> {
    buckets.sort_unstable();
    buckets.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as f32)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_runs_of_letters_or_single_symbols() {
        let words: Vec<_> = words_of("f(x_1) = 3.5é\u{301}+中文 👩‍🔬").collect();
        assert_eq!(
            words,
            ["f", "(", "x_1", ")", "=", "3", ".", "5é", "\u{301}", "+", "中文", "👩‍🔬"]
        );
    }

    #[test]
    fn the_hash_never_changes() {
        // A text must give the same vector on every machine and in every version.
        let [words, trigrams] = count("Hello, hello", 1 << 14, 7);
        assert_eq!(words.iter().map(|(_, n)| *n as u32).sum::<u32>(), 3);
        assert_eq!(trigrams.iter().map(|(_, n)| *n as u32).sum::<u32>(), 11);
        let hello = xxh3_64_with_seed(b"hello", 7) % (1 << 14);
        assert_eq!((hello, xxh3_64_with_seed(b"", 0)), (7707, 0x2d06_8005_38d3_94c2));
        assert!(words.contains(&(hello as u32, 2.0)));
    }

    proptest! {
        #[test]
        fn any_text_can_be_counted(text in any::<String>()) {
            for list in count(&text, 97, 1) {
                prop_assert!(list.windows(2).all(|w| w[0].0 < w[1].0));
                prop_assert!(list.iter().all(|(b, n)| *b < 97 && *n >= 1.0));
            }
        }
    }
}
