//! Names that people type: finding the one they meant.

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

/// The index of `name` among `candidates`, or a sentence that says which one is near.
///
/// # Errors
/// [`crate::Error::Usage`] if there is none.
pub fn resolve(what: &str, name: &str, candidates: &[String]) -> crate::Result<usize> {
    candidates.iter().position(|candidate| candidate == name).ok_or_else(|| {
        let hint = nearest(name, candidates.iter().map(String::as_str))
            .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        crate::Error::Usage(format!("no {what} is called `{name}`{hint}"))
    })
}
