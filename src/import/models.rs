//! Decides which runs are of the same model, and names the models.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::report::{Clash, Report};
use super::run::Run;

type Settings = BTreeMap<String, String>;

/// The models of the runs.
#[derive(Default)]
pub(super) struct Models {
    /// Names, all distinct, and parameters in billions.
    pub(super) all: Vec<(String, Option<f64>)>,
    /// The model of each run.
    pub(super) of: Vec<usize>,
    used: HashSet<String>,
}

/// Runs of the same model.
struct Variant {
    settings: Settings,
    runs: Vec<usize>,
}

impl Models {
    /// Groups runs by model. Runs with the same name are one model unless their revision, adapter or
    /// quantization differ, or other settings while they answered the same task.
    pub(super) fn of(runs: &[Run], report: &mut Report) -> Self {
        let mut models = Self { of: vec![0; runs.len()], ..Self::default() };
        let mut names: Vec<&str> = Vec::new();
        let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (i, run) in runs.iter().enumerate() {
            let group = groups.entry(&run.model.name).or_default();
            if group.is_empty() {
                names.push(&run.model.name);
            }
            group.push(i);
        }
        models.used = names.iter().map(|name| (*name).to_owned()).collect();
        let mut plain: HashSet<&str> = HashSet::new();
        let mut placed: Vec<(usize, String, Vec<usize>)> = Vec::new();
        for name in names {
            let variants = variants(runs, &groups[name], report);
            let differing = differing(&variants);
            let several = variants.len() > 1;
            let mut called = Vec::new();
            for variant in variants {
                let suffix: Vec<String> = variant
                    .settings
                    .iter()
                    .filter(|(key, _)| differing.contains(*key))
                    .map(|(key, value)| format!("{key}={value}"))
                    .collect();
                let own = if suffix.is_empty() && plain.insert(name) {
                    name.to_owned()
                } else {
                    models.unused(&format!("{name} ({})", suffix.join(", ")))
                };
                called.push(own.clone());
                placed.push((variant.runs[0], own, variant.runs));
            }
            if several {
                report.clashes.push(Clash { name: name.to_owned(), models: called });
            }
        }
        // In the order of the files.
        placed.sort_by_key(|(first, ..)| *first);
        for (_, name, members) in placed {
            let size = members.iter().find_map(|&run| runs[run].model.params_b);
            for run in members {
                models.of[run] = models.all.len();
            }
            models.all.push((name, size));
        }
        models
    }

    /// Another model, named like `model` with a suffix; the same one for the same suffix.
    pub(super) fn beside(&mut self, model: usize, remark: &str) -> usize {
        let (name, size) = self.all[model].clone();
        let name = format!("{name} ({remark})");
        if let Some(known) = self.all.iter().position(|(known, _)| *known == name) {
            return known;
        }
        self.used.insert(name.clone());
        self.all.push((name, size));
        self.all.len() - 1
    }

    fn unused(&mut self, name: &str) -> String {
        let mut own = name.to_owned();
        for n in 2.. {
            if self.used.insert(own.clone()) {
                break;
            }
            own = format!("{name} #{n}");
        }
        own
    }
}

/// The runs with one name, split if they are different models.
fn variants(runs: &[Run], group: &[usize], report: &mut Report) -> Vec<Variant> {
    let mut variants = Vec::new();
    for same in apart(group, |run| (&runs[run].model.fixed, runs[run].model.known)) {
        let soft = apart(&same, |run| (&runs[run].model.soft, runs[run].model.known));
        let mut tasks = HashSet::new();
        let clash = soft.iter().any(|of| {
            let own: BTreeSet<&str> = of.iter().map(|&run| &*runs[run].task).collect();
            own.into_iter().any(|task| !tasks.insert(task))
        });
        let settings = |run: usize, soft: bool| {
            let model = &runs[run].model;
            let mut settings = model.fixed.clone();
            settings.extend(soft.then(|| model.soft.clone()).into_iter().flatten());
            settings
        };
        let first_known =
            |of: &[usize]| of.iter().copied().find(|&run| runs[run].model.known).unwrap_or(of[0]);
        if clash {
            variants.extend(
                soft.into_iter()
                    .map(|of| Variant { settings: settings(first_known(&of), true), runs: of }),
            );
            continue;
        }
        if soft.len() > 1 {
            let each: Vec<Variant> = soft
                .iter()
                .map(|of| Variant {
                    settings: runs[first_known(of)].model.soft.clone(),
                    runs: Vec::new(),
                })
                .collect();
            let keys: Vec<String> = differing(&each).into_iter().collect();
            let name = &runs[same[0]].model.name;
            report.notes.push(format!(
                "{name}: its tasks were run with different settings ({}), treated as one model",
                keys.join(", ")
            ));
        }
        variants.push(Variant { settings: settings(first_known(&same), false), runs: same });
    }
    variants
}

/// Groups runs by settings. A run with unknown settings joins the only group, or the one without settings, or
/// else forms a new one.
fn apart<'a>(runs: &[usize], of: impl Fn(usize) -> (&'a Settings, bool)) -> Vec<Vec<usize>> {
    let mut groups: Vec<(&Settings, Vec<usize>)> = Vec::new();
    let known = || runs.iter().copied().filter(|&run| of(run).1);
    for run in known() {
        let settings = of(run).0;
        match groups.iter_mut().find(|(own, _)| *own == settings) {
            Some((_, members)) => members.push(run),
            None => groups.push((settings, vec![run])),
        }
    }
    for run in runs.iter().copied().filter(|&run| !of(run).1) {
        let only = groups.len() == 1;
        match groups.iter_mut().find(|(own, _)| only || own.is_empty()) {
            Some((_, members)) => members.push(run),
            None => groups.push((of(run).0, vec![run])),
        }
    }
    let mut groups: Vec<Vec<usize>> = groups.into_iter().map(|(_, members)| members).collect();
    groups.iter_mut().for_each(|members| members.sort_unstable());
    groups.sort_by_key(|members| members[0]);
    groups
}

/// The settings that differ.
fn differing(variants: &[Variant]) -> BTreeSet<String> {
    let keys = variants.iter().flat_map(|variant| variant.settings.keys());
    let differs = |key: &&String| {
        let first = variants[0].settings.get(*key);
        variants.iter().any(|variant| variant.settings.get(*key) != first)
    };
    keys.filter(differs).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::run::Model;

    fn run(task: &str, fixed: &[(&str, &str)], soft: &[(&str, &str)], known: bool) -> Run {
        let map = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let model =
            Model { name: "m".into(), fixed: map(fixed), soft: map(soft), known, params_b: None };
        Run { task: task.into(), model, ..Run::default() }
    }

    fn names(runs: &[Run]) -> (Vec<String>, Report) {
        let mut report = Report::default();
        let models = Models::of(runs, &mut report);
        (models.of.iter().map(|&of| models.all[of].0.clone()).collect(), report)
    }

    #[test]
    fn revisions_are_different_models() {
        let (names, report) = names(&[
            run("a", &[], &[], true),
            run("b", &[("revision", "s1")], &[], true),
            run("c", &[("revision", "s2"), ("load_in_4bit", "true")], &[], true),
        ]);
        assert_eq!(names, ["m", "m (revision=s1)", "m (load_in_4bit=true, revision=s2)"]);
        assert_eq!(report.clashes.len(), 1);
    }

    #[test]
    fn other_settings_only_where_they_meet_on_a_task() {
        let (apart, report) = names(&[
            run("a", &[], &[("dtype", "float16")], true),
            run("b", &[], &[("dtype", "float16")], true),
            run("a", &[], &[], true),
        ]);
        assert_eq!(apart, ["m (dtype=float16)", "m (dtype=float16)", "m"]);
        assert_eq!(report.clashes[0].models.len(), 2);
        let (one, report) =
            names(&[run("a", &[], &[("dtype", "float16")], true), run("b", &[], &[], true)]);
        assert_eq!(one, ["m", "m"]);
        assert!(report.notes[0].contains("dtype"));
    }

    #[test]
    fn a_run_that_nothing_is_known_of_joins_the_only_model_of_its_name() {
        let (one, _) =
            names(&[run("a", &[("revision", "s1")], &[], true), run("b", &[], &[], false)]);
        assert_eq!(one, ["m", "m"]);
    }
}
