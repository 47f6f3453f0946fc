//! Near-duplicate questions, such as one with its options in another order.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

/// The number of words at the beginning that must be equal.
const BEGIN: usize = 5;
/// The minimum share of common words (Jaccard index).
const COMMON: f64 = 0.8;
/// The maximum number of texts with the same beginning that a question is compared with.
const COMPARED: usize = 64;

/// A text, prepared for comparison.
struct Text {
    at: usize,
    /// The hashes of its words without digits, sorted and distinct.
    words: Vec<u64>,
    /// Those of the other words: questions with other numbers differ.
    numbers: Vec<u64>,
}

impl Text {
    fn is_twin(&self, other: &Self) -> bool {
        let common = self.words.iter().filter(|w| other.words.binary_search(w).is_ok()).count();
        let all = self.words.len() + other.words.len() - common;
        self.numbers == other.numbers && common as f64 >= COMMON * all as f64
    }
}

/// For each question its first near-duplicate of the same category, or itself. Questions come with their
/// categories.
pub fn twins<'a>(questions: impl IntoIterator<Item = (usize, &'a str)>) -> Vec<usize> {
    let mut known: HashMap<(usize, u64), Vec<Text>> = HashMap::new();
    let questions = questions.into_iter().enumerate();
    questions
        .map(|(at, (category, text))| {
            let text = text.to_lowercase();
            let words = || text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
            let begin: Vec<&str> = words().take(BEGIN).collect();
            let hashed = |numbers: bool| {
                let wanted = words().filter(|w| w.contains(|c: char| c.is_numeric()) == numbers);
                let mut hashed: Vec<u64> = wanted.map(|w| xxh3_64(w.as_bytes())).collect();
                hashed.sort_unstable();
                hashed.dedup();
                hashed
            };
            let text = Text { at, words: hashed(false), numbers: hashed(true) };
            let alike = known.entry((category, xxh3_64(begin.join(" ").as_bytes()))).or_default();
            if let Some(first) = alike.iter().find(|other| text.is_twin(other)) {
                return first.at;
            }
            if alike.len() < COMPARED {
                alike.push(text);
            }
            at
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_in_another_order_make_no_other_question_but_other_numbers_do() {
        let texts = [
            (0, "Which surface of a hand gets warmest? (A) dry palms (B) wet palms (C) oily palms"),
            (0, "Which surface of a hand gets warmest? (A) wet palms (B) oily palms (C) dry palms"),
            (0, "Which surface of a hand gets coldest in a storm at the sea? (A) none (B) all"),
            (1, "Which surface of a hand gets warmest? (A) dry palms (B) wet palms (C) oily palms"),
            (1, "How much is 17 times 23, and why is that so?"),
            (1, "How much is 17 times 24, and why is that so?"),
            (1, ""),
            (1, "…"),
        ];
        assert_eq!(twins(texts), [0, 0, 2, 3, 4, 5, 6, 6]);
    }
}
