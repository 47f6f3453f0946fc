//! Names that people type and read: correcting typos, shortening for a screen, and finding look-alikes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rayon::prelude::*;

/// A text with single spaces.
pub(crate) fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// A key for natural sorting: `v1.9` before `v1.10`.
pub(crate) fn natural(name: &str) -> String {
    let mut key = String::with_capacity(name.len() + 16);
    let mut digits = String::new();
    for c in name.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        if !digits.is_empty() {
            key.push_str(&format!("{digits:0>20}"));
            digits.clear();
        }
        key.push(c);
    }
    if !digits.is_empty() {
        key.push_str(&format!("{digits:0>20}"));
    }
    key
}

/// The candidate nearest to `name`, if one is near enough to be a typo.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let name = name.to_lowercase();
    candidates
        .map(|candidate| (strsim::jaro_winkler(&name, &candidate.to_lowercase()), candidate))
        .filter(|(similarity, _)| *similarity > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Names for a screen: the last part of a path, `heron-7b` of `acme/heron-7b`, if it is unique; else the
/// whole name.
#[must_use]
pub fn short(names: &[String]) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::with_capacity(names.len());
    for name in names {
        let last = last(name);
        if last != name {
            *counts.entry(name).or_default() += 1;
        }
        *counts.entry(last).or_default() += 1;
    }
    let short = |name: &String| {
        let last = last(name);
        if counts[last] == 1 && !last.is_empty() { last.to_owned() } else { name.clone() }
    };
    names.iter().map(short).collect()
}

/// True if any of the names can be [`short`]ened.
pub(crate) fn any_longer(names: &[String]) -> bool {
    // Few names have anything that could be cut.
    let whole = |byte: u8| byte.is_ascii_graphic() && byte != b'/';
    names.par_iter().any(|name| !name.bytes().all(whole) && last(name) != name)
}

/// The last part of a path. Brackets after a name may contain a path too.
fn last(name: &str) -> &str {
    let end = name.find(" (").unwrap_or(name.len());
    let start = name[..end].rfind('/').map_or(0, |at| at + 1);
    name[start..].trim()
}

/// The index of `name` among `candidates`, or an error that suggests the nearest one.
///
/// # Errors
/// [`crate::Error::Usage`] if it does not exist.
pub fn resolve(what: &str, name: &str, candidates: &[String]) -> crate::Result<usize> {
    let exact = candidates.iter().position(|candidate| candidate == name);
    exact.or_else(|| short(candidates).iter().position(|short| short == name)).ok_or_else(|| {
        let hint = nearest(name, candidates.iter().map(String::as_str))
            .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        crate::Error::Usage(format!("no {what} is called `{name}`{hint}"))
    })
}

/// A warning about names that look the same but differ in invisible characters or blanks; `None` if there are
/// none.
#[must_use]
pub fn look_alikes<'a>(what: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut seen: HashMap<String, &str> = HashMap::new();
    let (mut first, mut count) = (None, 0);
    for name in names {
        match seen.entry(visible(name)) {
            Entry::Vacant(new) => drop(new.insert(name)),
            Entry::Occupied(known) if *known.get() != name => {
                count += 1;
                first.get_or_insert((*known.get(), name));
            }
            Entry::Occupied(_) => {}
        }
    }
    let (known, name) = first?;
    let (known, name) = (revealed(known), revealed(name));
    let rest = if count > 1 { format!(", and {} more", count - 1) } else { String::new() };
    Some(format!("{what}: `{known}` and `{name}` look the same{rest}; give each a distinct name"))
}

/// The visible characters of a name.
fn visible(name: &str) -> String {
    let seen: String = name.chars().filter(|c| !invisible(*c)).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name with escapes for its invisible characters.
fn revealed(name: &str) -> String {
    let inner = name.trim();
    let start = name.len() - name.trim_start().len();
    let hidden = |at: usize, c: char| {
        invisible(c) || (c.is_whitespace() && (c != ' ' || at < start || at >= start + inner.len()))
    };
    let shown = name.char_indices().map(|(at, c)| match c {
        c if hidden(at, c) => c.escape_unicode().to_string(),
        c => c.to_string(),
    });
    crate::one_line(&shown.collect::<String>())
}

/// What Unicode calls `Default_Ignorable_Code_Point`, and control characters.
fn invisible(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}'
            | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_the_same_are_shown_with_what_sets_them_apart() {
        assert_eq!(look_alikes("models", ["a", "b", "A", "a b", "ab"]), None);
        for (twin, shown) in [
            ("a\u{200b}", "`a\\u{200b}`"),
            ("a ", "`a\\u{20}`"),
            ("\u{feff}a", "`\\u{feff}a`"),
            ("a\u{a0}", "`a\\u{a0}`"),
            ("a\t", "`a\\u{9}`"),
            ("a\u{202e}", "`a\\u{202e}`"),
        ] {
            let remark = look_alikes("models", ["b", "a", twin]).unwrap();
            assert!(remark.contains(shown) && remark.contains("`a`"), "{remark}");
        }
        let many = look_alikes("models", ["a", "a ", "a  ", " a"]).unwrap();
        assert!(many.contains("and 2 more"), "{many}");
        assert!(look_alikes("models", ["a b", "a\u{a0}b"]).unwrap().contains("a\\u{a0}b"));
    }

    #[test]
    fn names_are_shortened_where_that_leaves_them_different() {
        let names =
            ["acme/heron-7b", "one/newt", "two/newt", "otter", "x/otter", "a/b (revision=c/d)"];
        let names = names.map(str::to_owned);
        let wanted = ["heron-7b", "one/newt", "two/newt", "otter", "x/otter", "b (revision=c/d)"];
        assert_eq!(short(&names), wanted);
        assert_eq!(resolve("model", "heron-7b", &names).unwrap(), 0);
        assert!(resolve("model", "newt", &names).is_err());
    }
}
