//! The shape of a text: what its difficulty and format can be guessed from without its words.

/// How many numbers [`shape`] gives.
pub const SHAPE: usize = 22;

/// Lengths, shares and counts of a text, each in a range where differences mean about the same
/// everywhere (logarithms of counts).
#[must_use]
pub fn shape(text: &str) -> [f32; SHAPE] {
    let count = |wanted: &str| text.chars().filter(|&c| wanted.contains(c)).count();
    let log = |count: usize| (count as f32).ln_1p();
    let characters = text.chars().count().max(1);
    let share =
        |is: fn(char) -> bool| text.chars().filter(|&c| is(c)).count() as f32 / characters as f32;
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    let letters: usize = words.iter().map(|word| word.chars().count()).sum();
    let mut distinct: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let numbers: Vec<&str> = text
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .filter(|n| n.contains(digit))
        .collect();
    let longest_number = numbers.iter().map(|n| n.len()).max().unwrap_or(0);
    let lines = || text.split('\n');
    let last = text.trim_end().rsplit("\n\n").next().unwrap_or_default();
    let word_count = words.len().max(1) as f32;
    [
        log(characters),
        log(words.len()),
        log(lines().count()),
        log(last.chars().count()),
        share(digit),
        share(char::is_uppercase),
        share(|c| !c.is_ascii()),
        share(char::is_whitespace),
        letters as f32 / word_count,
        distinct.len() as f32 / word_count,
        log(numbers.len()),
        log(lines().filter(|line| is_option(line)).count()),
        log(count("?")),
        log(count("\\$")),
        log(count("{}[]")),
        log(count("()")),
        log(count("=")),
        log(count("+-*/^<>")),
        log(count(".,;:")),
        log(lines().filter(|line| line.starts_with([' ', '\t'])).count()),
        log(longest_number),
        log(count("\"'")),
    ]
}

fn digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// A line that begins like an answer option: `A.`, `B)`, `(C)`.
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
