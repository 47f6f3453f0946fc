//! Surface features of a text, which hint at its difficulty and format.

use xxhash_rust::xxh3::xxh3_64;

/// Number of features.
pub const SHAPE: usize = 22;

/// Lengths, proportions and counts of a text, on comparable scales (logarithms of counts).
#[must_use]
pub fn shape(text: &str) -> [f32; SHAPE] {
    let log = |count: usize| (count as f32).ln_1p();
    let lines = || text.split('\n');
    let last = text.trim_end().rsplit("\n\n").next().unwrap_or_default();
    let found = Counts::of(text);
    let share = |count: usize| count as f32 / found.characters.max(1) as f32;
    let word_count = found.words.max(1) as f32;
    let count = |wanted: &str| wanted.bytes().map(|byte| found.ascii[byte as usize]).sum::<usize>();
    [
        log(found.characters.max(1)),
        log(found.words),
        log(lines().count()),
        log(last.chars().count()),
        share(count("0123456789")),
        share(found.upper),
        share(found.characters - found.ascii.iter().sum::<usize>()),
        share(found.white),
        found.letters as f32 / word_count,
        found.distinct as f32 / word_count,
        log(found.numbers),
        log(lines().filter(|line| is_option(line)).count()),
        log(count("?")),
        log(count("\\$")),
        log(count("{}[]")),
        log(count("()")),
        log(count("=")),
        log(count("+-*/^<>")),
        log(count(".,;:")),
        log(lines().filter(|line| line.starts_with([' ', '\t'])).count()),
        log(found.longest_number),
        log(count("\"'")),
    ]
}

/// The result of one pass over the characters of a text.
struct Counts {
    characters: usize,
    /// The count of each ASCII character.
    ascii: [usize; 128],
    upper: usize,
    white: usize,
    /// Words, their letters, and the number of distinct words ignoring case.
    words: usize,
    letters: usize,
    distinct: usize,
    /// Numbers (runs of digits and points), and the length of the longest.
    numbers: usize,
    longest_number: usize,
}

impl Counts {
    fn of(text: &str) -> Self {
        let mut found = Self {
            characters: 0,
            ascii: [0; 128],
            upper: 0,
            white: 0,
            words: 0,
            letters: 0,
            distinct: 0,
            numbers: 0,
            longest_number: 0,
        };
        let mut words = Vec::new();
        let mut word = String::new();
        let (mut number, mut digits) = (0, false);
        // A final line break ends the last word and the last number.
        for c in text.chars().chain(['\n']) {
            if let Some(count) = found.ascii.get_mut(c as usize) {
                *count += 1;
            }
            found.characters += 1;
            found.upper += usize::from(c.is_uppercase());
            found.white += usize::from(c.is_whitespace());
            if c.is_alphabetic() {
                found.letters += 1;
                word.extend(c.to_lowercase());
            } else if !word.is_empty() {
                words.push(xxh3_64(word.as_bytes()));
                word.clear();
            }
            if c.is_ascii_digit() || c == '.' {
                number += 1;
                digits |= c != '.';
            } else {
                if digits {
                    found.numbers += 1;
                    found.longest_number = found.longest_number.max(number);
                }
                (number, digits) = (0, false);
            }
        }
        found.characters -= 1;
        found.white -= 1;
        found.ascii[usize::from(b'\n')] -= 1;
        found.words = words.len();
        words.sort_unstable();
        words.dedup();
        found.distinct = words.len();
        found
    }
}

/// True for a line that starts like an answer option: `A.`, `B)`, `(C)`.
fn is_option(line: &str) -> bool {
    let line = line.trim_start();
    let mut characters = line.strip_prefix('(').unwrap_or(line).chars();
    characters.next().is_some_and(|c| ('A'..='J').contains(&c))
        && characters.next().is_some_and(|c| matches!(c, '.' | ')'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn options_and_numbers_are_counted() {
        let shape = shape("What is 3.5 + 1200?\nA. 1\n(B) 2\n  C) 3\nAll of them");
        assert!((shape[11] - 3_f32.ln_1p()).abs() < 1e-6, "three options");
        assert!((shape[10] - 5_f32.ln_1p()).abs() < 1e-6, "five numbers");
        assert!((shape[20] - 4_f32.ln_1p()).abs() < 1e-6, "the longest has four characters");
    }

    proptest! {
        #[test]
        fn always_finite(text in any::<String>()) {
            prop_assert!(shape(&text).iter().all(|x| x.is_finite()));
        }
    }
}
