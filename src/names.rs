//! Names that people type and read: finding the one they meant, and leaving out what tells nothing.

use std::collections::HashMap;

/// The candidate nearest to `name`, if any is near enough to be a slip.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let name = name.to_lowercase();
    candidates
        .map(|candidate| (strsim::jaro_winkler(&name, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Names for a screen: the last part of a path, `heron-7b` of `acme/heron-7b`, where no other name has
/// the same; else the whole name.
#[must_use]
pub fn short(names: &[String]) -> Vec<String> {
    // What stands in brackets behind a name may hold a path too.
    let last = |name: &str| {
        let end = name.find(" (").unwrap_or(name.len());
        let start = name[..end].rfind('/').map_or(0, |at| at + 1);
        name[start..].trim().to_owned()
    };
    let mut counts: HashMap<String, usize> = HashMap::new();
    for name in names {
        let last = last(name);
        if last != *name {
            *counts.entry(name.clone()).or_default() += 1;
        }
        *counts.entry(last).or_default() += 1;
    }
    let short = |name: &String| {
        let last = last(name);
        if counts[&last] == 1 && !last.is_empty() { last } else { name.clone() }
    };
    names.iter().map(short).collect()
}

/// The index of `name` among `candidates`, or a sentence that says which one is near.
///
/// # Errors
/// [`crate::Error::Usage`] if there is none.
pub fn resolve(what: &str, name: &str, candidates: &[String]) -> crate::Result<usize> {
    let exact = candidates.iter().position(|candidate| candidate == name);
    exact.or_else(|| short(candidates).iter().position(|short| short == name)).ok_or_else(|| {
        let hint = nearest(name, candidates.iter().map(String::as_str))
            .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        crate::Error::Usage(format!("no {what} is called `{name}`{hint}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
