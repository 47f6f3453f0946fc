//! Which models are held out together: random folds, and folds that keep families together.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::dataset::{Attribute, Values};

/// With more families than this, they are distributed over as many folds.
const MOST_FOLDS: usize = 24;

/// The models to train on and the held-out models.
#[derive(Clone, Debug)]
pub(super) struct Fold {
    pub train: Vec<usize>,
    pub test: Vec<usize>,
    /// Positions in `train` that are held out together when settings are chosen.
    pub groups: Vec<Vec<usize>>,
}

impl Fold {
    /// Trains on `train`; `group_of` returns the group within which models must not inform each other's
    /// settings.
    pub(super) fn new(
        train: Vec<usize>,
        test: Vec<usize>,
        group_of: impl Fn(usize) -> usize,
    ) -> Self {
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, &m) in train.iter().enumerate() {
            groups.entry(group_of(m)).or_default().push(at);
        }
        Self { train, test, groups: groups.into_values().collect() }
    }
}

fn folds(known: &[usize], fold_of: &[usize], group_of: impl Fn(usize) -> usize) -> Vec<Fold> {
    let numbers: BTreeSet<usize> = known.iter().map(|m| fold_of[*m]).collect();
    let fold = |f: usize| {
        let (test, train) = known.iter().partition(|m| fold_of[**m] == f);
        Fold::new(train, test, &group_of)
    };
    numbers.into_iter().map(fold).collect()
}

/// Stratified folds: each class is distributed evenly in random order, so that the models of a class smaller
/// than the number of folds are held out one by one.
pub(super) fn stratified(
    known: &[usize],
    class: &[usize],
    number: usize,
    rng: &mut ChaCha8Rng,
) -> Vec<Fold> {
    let mut fold_of = vec![0; class.len()];
    let classes: BTreeSet<usize> = known.iter().map(|m| class[*m]).collect();
    for c in classes {
        let mut members: Vec<usize> = known.iter().copied().filter(|m| class[*m] == c).collect();
        members.shuffle(rng);
        let first = rng.random_range(0..number);
        for (at, m) in members.into_iter().enumerate() {
            fold_of[m] = (first + at) % number;
        }
    }
    folds(known, &fold_of, |m| m)
}

/// One family per fold; with many families, the largest first, each into the smallest fold.
pub(super) fn grouped(known: &[usize], family: &[usize]) -> Vec<Fold> {
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    known.iter().for_each(|m| *sizes.entry(family[*m]).or_default() += 1);
    let mut order: Vec<(usize, usize)> = sizes.into_iter().collect();
    order.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    let mut loads = vec![0; order.len().min(MOST_FOLDS)];
    let mut fold_of_family = BTreeMap::new();
    for (f, size) in order {
        let least = (0..loads.len()).min_by_key(|l| loads[*l]).unwrap_or_default();
        loads[least] += size;
        fold_of_family.insert(f, least);
    }
    let fold_of: Vec<usize> =
        family.iter().map(|f| fold_of_family.get(f).copied().unwrap_or_default()).collect();
    folds(known, &fold_of, |m| family[m])
}

/// The family of each model, as a number: from the attribute `base` or `family`, or else from the name. Also
/// returns the name of the attribute, if one was used.
pub(super) fn families(names: &[String], attributes: &[Attribute]) -> (Vec<usize>, Option<String>) {
    let known = ["base", "family"].into_iter().find_map(|wanted| {
        attributes.iter().find_map(|a| match &a.values {
            Values::Class(values) if a.name.eq_ignore_ascii_case(wanted) => Some((a, values)),
            _ => None,
        })
    });
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let of = |m: usize| {
        let value = known.and_then(|(_, values)| values[m].clone());
        let family = value.unwrap_or_else(|| by_name(&names[m]));
        let next = numbers.len();
        *numbers.entry(family).or_insert(next)
    };
    ((0..names.len()).map(of).collect(), known.map(|(a, _)| a.name.clone()))
}

/// Base models in names of fine-tunes.
const BASES: [&str; 18] = [
    "llama",
    "mistral",
    "mixtral",
    "qwen",
    "gemma",
    "gemini",
    "falcon",
    "pythia",
    "deepseek",
    "phi-",
    "yi-",
    "gpt-",
    "claude",
    "solar",
    "starcoder",
    "bloom",
    "opt-",
    "mpt-",
];

/// The base model in a name, else its leading letters, ignoring `owner/`.
fn by_name(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    if let Some(base) = BASES.iter().find(|base| name.contains(**base)) {
        return base.trim_end_matches('-').into();
    }
    let letters: String = name.chars().take_while(|c| c.is_alphabetic()).collect();
    if letters.is_empty() { name } else { letters }
}

/// A random generator for one purpose and seed.
pub(super) fn rng(seed: u64, purpose: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(purpose);
    rng
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_kept_out_once_and_never_beside_its_family() {
        let known: Vec<usize> = (0..90).filter(|m| m % 7 != 0).collect();
        let family: Vec<usize> = (0..90).map(|m| m % 31).collect();
        let class: Vec<usize> = (0..90).map(|m| usize::from(m < 6)).collect();
        let grouped = grouped(&known, &family);
        assert_eq!(grouped.len(), MOST_FOLDS);
        let plain = stratified(&known, &class, 10, &mut rng(1, 0));
        for folds in [&grouped, &plain] {
            let mut out: Vec<usize> = folds.iter().flat_map(|f| f.test.clone()).collect();
            out.sort_unstable();
            assert_eq!(out, known);
        }
        for fold in &grouped {
            assert!(fold.train.iter().all(|m| fold.test.iter().all(|o| family[*m] != family[*o])));
            let mut places: Vec<usize> = fold.groups.iter().flatten().copied().collect();
            places.sort_unstable();
            assert_eq!(places, (0..fold.train.len()).collect::<Vec<_>>());
        }
        for fold in &plain {
            assert!(fold.test.iter().filter(|m| class[**m] == 1).count() <= 1);
        }
    }

    #[test]
    fn families_come_from_names_where_no_attribute_tells() {
        let names: Vec<String> =
            ["meta/Llama-2-7b", "CodeLlama-13b", "vicuna-7b", "vicuna-13b", "42"]
                .map(str::to_owned)
                .into();
        let (families_by_name, by) = families(&names, &[]);
        assert_eq!((families_by_name, by), (vec![0, 0, 1, 1, 2], None));
        let values = vec![Some("a".into()), Some("b".into()), None, Some("b".into()), None];
        let base = Attribute { name: "Base".into(), values: Values::Class(values) };
        let (found, by) = families(&names, &[base]);
        assert_eq!(found, [0, 1, 2, 1, 3]);
        assert_eq!(by.as_deref(), Some("Base"));
    }
}
