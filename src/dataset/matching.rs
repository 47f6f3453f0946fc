//! Decides which names refer to the same model, and which are only similar.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

/// Similarity from which names are listed for review.
const NEAR: f64 = 0.93;
/// Maximum number of listed names.
const LISTED: usize = 200;

/// Two names that were kept apart, though they may refer to the same model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NearMiss {
    /// The known name.
    pub known: String,
    /// The similar name.
    pub other: String,
    /// Why they were not matched.
    pub reason: &'static str,
}

/// A name in lower case and with one kind of separator: the same for `GPT 4o_mini` and `gpt-4o-mini`.
pub(super) fn folded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.trim().chars() {
        match c {
            '/' => out.push('/'),
            c if c.is_alphanumeric() => out.extend(c.to_lowercase()),
            // Settings after a name stay separate from it.
            '(' | ')' | '=' | '+' => out.push(c),
            _ if out.is_empty() || out.ends_with(['-', '/']) => {}
            _ => out.push('-'),
        }
    }
    // `org__model` is how file names spell `org/model`.
    let out = if name.contains('/') { out } else { doubled(name, out) };
    out.trim_matches('-').replace("-/", "/")
}

fn doubled(name: &str, folded: String) -> String {
    match name.split_once("__") {
        Some((org, model)) if !org.is_empty() && !model.is_empty() => {
            format!("{}/{}", self::folded(org), self::folded(model))
        }
        _ => folded,
    }
}

/// The last part of a path.
fn last(folded: &str) -> &str {
    folded.rsplit('/').next().unwrap_or(folded)
}

/// Matches names to known models.
#[derive(Default)]
pub(super) struct Matcher {
    names: Vec<String>,
    exact: HashMap<String, usize>,
    folded: HashMap<String, Vec<usize>>,
    /// By the last part, and whether the name has more parts.
    last: BTreeMap<String, Vec<(usize, bool)>>,
}

impl Matcher {
    /// Adds a name, and returns its index.
    pub(super) fn add(&mut self, name: &str) -> usize {
        let at = self.names.len();
        self.names.push(name.to_owned());
        self.exact.insert(name.to_owned(), at);
        let key = folded(name);
        let entry = (at, key.contains('/'));
        self.last.entry(last(&key).to_owned()).or_default().push(entry);
        self.folded.entry(key).or_default().push(at);
        at
    }

    /// The models of `names`, which must be distinct. Matches identical names; else those that differ in case
    /// and separators only; else those where one lacks the organization. Ambiguous names match nothing.
    pub(super) fn find(&self, names: &[String]) -> Vec<Option<usize>> {
        let mut found: Vec<Option<usize>> =
            names.iter().map(|name| self.exact.get(name).copied()).collect();
        let keys: Vec<String> = names.iter().map(|name| folded(name)).collect();
        let count = |keys: &[String]| {
            let mut counts: HashMap<String, usize> = HashMap::new();
            keys.iter().for_each(|key| *counts.entry(key.clone()).or_default() += 1);
            counts
        };
        let mut used: Vec<bool> = vec![false; self.names.len()];
        found.iter().flatten().for_each(|&at| used[at] = true);
        let counts = count(&keys);
        for (found, key) in found.iter_mut().zip(&keys).filter(|(found, _)| found.is_none()) {
            let Some([at]) = self.folded.get(key).map(Vec::as_slice) else { continue };
            if counts[key] == 1 && !used[*at] {
                used[*at] = true;
                *found = Some(*at);
            }
        }
        let lasts: Vec<String> = keys.iter().map(|key| last(key).to_owned()).collect();
        let counts = count(&lasts);
        for ((found, key), tail) in found.iter_mut().zip(&keys).zip(&lasts) {
            if found.is_some() || counts[tail] > 1 {
                continue;
            }
            let Some([(at, has_org)]) = self.last.get(tail).map(Vec::as_slice) else { continue };
            // Only one of the two names may have an organization; two different organizations are two models.
            if *has_org != key.contains('/') && !used[*at] {
                used[*at] = true;
                *found = Some(*at);
            }
        }
        found
    }

    /// Unmatched names that are similar to a known one. The numbers in a name (sizes, versions, dates) must
    /// be equal: `heron-7b` is no typo of `heron-70b`.
    pub(super) fn near(&self, names: &[String], found: &[Option<usize>]) -> Vec<NearMiss> {
        let known: Vec<(String, Vec<String>)> = self
            .names
            .iter()
            .map(|name| {
                let key = folded(name);
                let numbers = numbers(last(&key));
                (key, numbers)
            })
            .collect();
        let mut by_numbers: HashMap<&[String], Vec<usize>> = HashMap::new();
        for (at, (_, numbers)) in known.iter().enumerate() {
            by_numbers.entry(numbers).or_default().push(at);
        }
        let mut near = Vec::new();
        for name in
            names.iter().zip(found).filter(|(_, found)| found.is_none()).map(|(name, _)| name)
        {
            let key = folded(name);
            let numbers = numbers(last(&key));
            let alike = by_numbers.get(numbers.as_slice()).map_or(&[][..], Vec::as_slice);
            let similarity = |at: &&usize| strsim::jaro_winkler(last(&known[**at].0), last(&key));
            let best = alike.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b)));
            let Some(at) = best.filter(|at| similarity(at) >= NEAR) else { continue };
            let reason = if last(&known[*at].0) == last(&key) {
                "the same model of two organizations, or of several names"
            } else {
                "a similar name"
            };
            let known = self.names[*at].clone();
            near.push(NearMiss { known, other: name.clone(), reason });
            if near.len() == LISTED {
                break;
            }
        }
        near
    }
}

/// The parts of a name that contain digits.
fn numbers(folded: &str) -> Vec<String> {
    let parts = folded.split('-').filter(|part| part.chars().any(|c| c.is_ascii_digit()));
    let mut numbers: Vec<String> = parts.map(str::to_owned).collect();
    numbers.sort_unstable();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_case_and_separators() {
        for (one, two) in [
            ("GPT 4o_mini", "gpt-4o-mini"),
            ("acme__Heron-7B", "acme/heron-7b"),
            ("Llama-3.1-8B", "llama-3-1-8b"),
        ] {
            assert_eq!(folded(one), folded(two), "{one}");
        }
        assert_ne!(folded("heron (revision=a)"), folded("heron revision a"));
    }

    #[test]
    fn sure_matches_are_found_and_near_misses_listed() {
        let mut known = Matcher::default();
        for name in ["acme/Heron-7B", "otter-chat", "one/newt", "two/newt", "acme/lynx-7b"] {
            known.add(name);
        }
        let names =
            ["heron-7b", "Otter Chat", "newt", "other/lynx-7b", "acme/heron-70b", "ottr-chat"];
        let names = names.map(str::to_owned);
        let found = known.find(&names);
        assert_eq!(found, [Some(0), Some(1), None, None, None, None]);
        let near: Vec<String> =
            known.near(&names, &found).into_iter().map(|near| near.other).collect();
        assert_eq!(near, ["newt", "other/lynx-7b", "ottr-chat"]);
    }
}
