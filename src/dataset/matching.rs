//! Which names of models mean the same model, and which only look like it.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

/// So alike are names that a person should look at.
const NEAR: f64 = 0.93;
/// At most so many of those are listed.
const LISTED: usize = 200;

/// Two names that were kept apart, though they may mean one model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NearMiss {
    /// The name that is known.
    pub known: String,
    /// The name that is like it.
    pub other: String,
    /// Why they were not taken for one model.
    pub reason: &'static str,
}

/// A name without case and with one kind of separator: `GPT 4o_mini` and `gpt-4o-mini` have the same.
pub(super) fn folded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.trim().chars() {
        match c {
            '/' => out.push('/'),
            c if c.is_alphanumeric() => out.extend(c.to_lowercase()),
            // Settings behind a name stay apart from it.
            '(' | ')' | '=' | '+' => out.push(c),
            _ if out.is_empty() || out.ends_with(['-', '/']) => {}
            _ => out.push('-'),
        }
    }
    // `org__model` is how names of files write `org/model`.
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

/// Finds models by name among those that are known.
#[derive(Default)]
pub(super) struct Matcher {
    names: Vec<String>,
    exact: HashMap<String, usize>,
    folded: HashMap<String, Vec<usize>>,
    /// By the last part, with whether the name has one before it.
    last: BTreeMap<String, Vec<(usize, bool)>>,
}

impl Matcher {
    /// Knows a name, and gives its number.
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

    /// The models of `names`, which are all different ones: the same name; else the same but for case
    /// and separators; else the same but for an organization that one of the two leaves out. What fits
    /// several is none of them.
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
            // One of the two names an organization; two different ones are two models.
            if *has_org != key.contains('/') && !used[*at] {
                used[*at] = true;
                *found = Some(*at);
            }
        }
        found
    }

    /// Names among `names` that were not found though they look like a known one. The numbers in a name
    /// (sizes, versions, dates) have to be the same: `heron-7b` and `heron-70b` are no slip.
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
                "a name that is nearly the same"
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

/// The parts of a name that hold digits.
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
    fn a_name_is_found_by_what_is_sure_and_near_ones_are_listed() {
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
