//! Assembles runs to a data set: one metric and filter per task, one run per model and task, one label per
//! answer.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::metric::{self, Range, Scale, Summary};
use super::models::Models;
use super::questions::{Documents, Questions};
use super::report::{Clash, Report, Rerun, Skips, Task};
use super::run::{Part, Run, clean};
use super::tables::Imported;
use super::{Choice, Format, Options};
use crate::dataset::Kind;
use crate::error::{Error, Result};

/// The answers of a run as labels: question and label.
type Labels = Vec<(u32, f32)>;

/// Assembles the runs.
pub(super) fn assemble(
    format: Format,
    runs: Vec<Run>,
    documents: &Documents,
    options: &Options,
    mut skips: Skips,
) -> Result<Imported> {
    let runs = named_runs(runs, &mut skips);
    let questions = documents.resolve();
    let mut report = Report { skips, ..Report::default() };
    let mut models = Models::of(&runs, &mut report);
    if format == Format::Helm {
        // Each scenario has its own instructions: that is not worth a note.
        report.notes.clear();
    }
    let mut by_task: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let raw = raw_tasks(format, documents, &runs);
    for (i, run) in runs.iter().enumerate() {
        by_task.entry(&run.task).or_default().push(i);
    }
    let tasks: Vec<(String, Vec<usize>)> = raw
        .iter()
        .map(|(raw, name)| (name.clone(), by_task.remove(&**raw).unwrap_or_default()))
        .collect();
    check(&options.metric, "metric", &tasks, &runs, |part| part.metrics.clone())?;
    check(&options.filter, "filter", &tasks, &runs, |part| vec![part.filter.clone()])?;

    let mut labels: Vec<(u32, u32, f32)> = Vec::new();
    let mut reports: Vec<Task> = Vec::new();
    for (task, members) in &tasks {
        let scoring = Scoring { format, task, options, runs: &runs, questions: &questions };
        let Some((about, scored)) = scoring.score(members, &mut report.skips) else { continue };
        let mut by_model: BTreeMap<usize, Vec<(usize, Labels)>> = BTreeMap::new();
        for (run, own) in scored.into_iter().filter(|(_, own)| !own.is_empty()) {
            by_model.entry(models.of[run]).or_default().push((run, own));
        }
        for (model, own) in by_model {
            let kept = Choosing { task, runs: &runs }.newest(model, own, &mut models, &mut report);
            for (model, own) in kept {
                labels.extend(
                    own.into_iter().map(|(question, label)| (question, model as u32, label)),
                );
            }
        }
        reports.push(about);
    }
    // The sort is stable: of duplicate answers the first one counts.
    labels.sort_by_key(|(question, model, _)| (*question, *model));
    let all = labels.len();
    labels.dedup_by(|next, first| {
        let same = (next.0, next.1) == (first.0, first.1);
        let differs = (next.2 - first.2).abs() > f32::EPSILON;
        report.conflicting += usize::from(same && differs);
        same
    });
    report.repeated = all - labels.len();
    report.merged_texts = questions.merged_texts;
    report.merged_documents = questions.merged_documents;
    report.tasks = reports;
    let names: Vec<String> = raw.into_iter().map(|(_, name)| name).collect();
    Ok(Imported::new(&names, questions, &models.all, labels, report))
}

/// The runs with a known model and task: others would cause empty names in the tables.
fn named_runs(runs: Vec<Run>, skips: &mut Skips) -> Vec<Run> {
    let is_named = |run: &Run| {
        let task = run.task.split('\0').next().unwrap_or_default();
        let problem = match (clean(&run.model.name).is_empty(), clean(task).is_empty()) {
            (false, false) => return true,
            (true, _) => "its model is unknown",
            (_, true) => "its task is unknown",
        };
        skips.file(&run.file, problem);
        false
    };
    runs.into_iter().filter(is_named).collect()
}

/// The tasks as the runs call them, and their final names.
fn raw_tasks(format: Format, documents: &Documents, runs: &[Run]) -> Vec<(String, String)> {
    let mut names = documents.tasks.clone();
    if runs.iter().any(|run| run.task.contains('\0')) {
        super::formats::name_tasks(format, &mut names);
    }
    documents.tasks.iter().cloned().zip(names).collect()
}

/// Rejects a choice that matches nothing, listing what exists.
fn check(
    choices: &[Choice],
    what: &str,
    tasks: &[(String, Vec<usize>)],
    runs: &[Run],
    names: impl Fn(&Part) -> Vec<String>,
) -> Result<()> {
    for choice in choices {
        let covered: Vec<&(String, Vec<usize>)> =
            tasks.iter().filter(|(task, _)| choice.covers(task)).collect();
        if covered.is_empty() {
            let task = choice.task.as_deref().unwrap_or_default();
            let all: Vec<&str> = tasks.iter().map(|(task, _)| &**task).take(20).collect();
            return Err(Error::Usage(format!(
                "--{what}: no task is called `{task}` (there are: {})",
                all.join(", ")
            )));
        }
        let mut there = BTreeSet::new();
        for run in covered.iter().flat_map(|(_, runs)| runs) {
            there.extend(runs[*run].parts.iter().flat_map(&names).filter(|name| !name.is_empty()));
        }
        if !there.contains(&choice.name) {
            let there: Vec<String> =
                in_order(&covered, runs, &names).into_iter().take(20).collect();
            let of = choice.task.as_ref().map_or_else(String::new, |task| format!(" of {task}"));
            return Err(Error::Usage(format!(
                "no {what}{of} is called `{}` (there are: {})",
                choice.name,
                there.join(", ")
            )));
        }
    }
    Ok(())
}

/// Names in the order in which they come.
fn in_order(
    tasks: &[&(String, Vec<usize>)],
    runs: &[Run],
    names: impl Fn(&Part) -> Vec<String>,
) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for run in tasks.iter().flat_map(|(_, runs)| runs) {
        for name in runs[*run].parts.iter().flat_map(&names).filter(|name| !name.is_empty()) {
            if !all.contains(&name) {
                all.push(name);
            }
        }
    }
    all
}

/// How the answers of a task become labels.
struct Scoring<'a> {
    format: Format,
    task: &'a str,
    options: &'a Options,
    runs: &'a [Run],
    questions: &'a Questions,
}

impl Scoring<'_> {
    /// The summary of the task and the labels of its runs, or `None` if it has no scores.
    fn score(&self, members: &[usize], skips: &mut Skips) -> Option<(Task, Vec<(usize, Labels)>)> {
        let (filter, filters) = self.filter(members);
        let mut exceptions = Vec::new();
        let mut parts: Vec<(usize, &Part)> = Vec::new();
        for &run in members {
            let own = &self.runs[run].parts;
            let part = own.iter().find(|part| part.filter == filter).or(own.first());
            let Some(part) = part else { continue };
            if part.filter != filter {
                exceptions.push(format!(
                    "{}: filter {}",
                    shown(&self.runs[run]),
                    named(&part.filter)
                ));
            }
            self.only_others(run, part, skips);
            parts.push((run, part));
        }
        let summaries = summaries(&parts, |run| &self.runs[run].lower);
        let wanted = metric::choice(&self.options.metric, self.task);
        let wanted = wanted
            .and_then(|wanted| summaries.iter().position(|metric| metric.name == wanted.name));
        let taken = match wanted {
            Some(at) => Some((at, metric::chosen(&summaries[at]))),
            None => metric::choose(self.format, self.task, parts.len(), &summaries),
        };
        let Some((at, scale)) = taken else {
            self.nothing(&parts, &summaries, skips);
            return None;
        };
        let name = summaries[at].name.clone();
        let mut scored = Vec::new();
        for (run, part) in parts {
            let own = self.own(&name, scale, wanted.is_some(), part);
            let Some((own, scale)) = own else {
                let there = listed(part.metrics.iter());
                skips
                    .file(&self.runs[run].file, format!("no metric `{name}` (there are: {there})"));
                continue;
            };
            if own != name {
                exceptions.push(format!("{}: metric {own}", shown(&self.runs[run])));
            }
            scored.push((run, self.labels(run, part, own, scale, skips)));
        }
        let usable = |metric: &Summary| metric::usable(self.format, self.task, metric);
        let others = summaries.into_iter().filter(usable).map(|metric| metric.name);
        let others = others.filter(|other| *other != name);
        let about = Task {
            task: self.task.to_owned(),
            kind: self.kind(members),
            models: 0,
            questions: 0,
            responses: 0,
            mean: 0.0,
            labels: [0; 3],
            other_metrics: others.collect(),
            metric: name,
            percent: scale == Scale::Percent,
            other_filters: filters.into_iter().filter(|other| *other != filter).collect(),
            filter: Some(filter).filter(|filter| !filter.is_empty()),
            exceptions,
        };
        Some((about, scored))
    }

    /// Skips the answers that only have results of other filters.
    fn only_others(&self, run: usize, taken: &Part, skips: &mut Skips) {
        let Run { parts, file, .. } = &self.runs[run];
        if parts.len() < 2 {
            return;
        }
        let mut seen: HashSet<u32> = taken.docs.iter().copied().collect();
        for part in parts.iter().filter(|part| part.filter != taken.filter) {
            for (doc, line) in part.docs.iter().zip(&part.lines) {
                if seen.insert(*doc) {
                    let problem = format!("it has no result of filter {}", named(&taken.filter));
                    skips.row(file, u64::from(*line), "no answer of the filter", &problem);
                }
            }
        }
    }

    /// The kind of the labels: where runs differ, the rarer kind, since the user needs to know it.
    fn kind(&self, members: &[usize]) -> Kind {
        let mut kinds = members.iter().map(|run| self.runs[*run].kind);
        kinds.find(|kind| !kind.is_correctness()).unwrap_or_default()
    }

    /// The filter: the one chosen by the user, else the first one that all files have, else the first one.
    /// Also returns all filters.
    fn filter(&self, members: &[usize]) -> (String, Vec<String>) {
        let mut all: Vec<String> = Vec::new();
        let parts = || members.iter().map(|&run| &self.runs[run].parts);
        for part in parts().flatten() {
            if !all.contains(&part.filter) {
                all.push(part.filter.clone());
            }
        }
        let wanted = metric::choice(&self.options.filter, self.task);
        let wanted = wanted.map(|choice| &choice.name).filter(|name| all.contains(name));
        let shared = || {
            all.iter().find(|name| parts().all(|own| own.iter().any(|part| part.filter == **name)))
        };
        let filter = wanted.or_else(shared).or(all.first()).cloned().unwrap_or_default();
        (filter, all)
    }

    /// The metric of a file: the task's, or else the file's own, unless the user chose one.
    fn own<'a>(
        &self,
        name: &'a str,
        scale: Scale,
        strict: bool,
        part: &'a Part,
    ) -> Option<(&'a str, Scale)> {
        let range = part.column(name).map(Range::of).unwrap_or_default();
        let found = part.column(name).map(|_| (name, metric::scale_of(scale, name, range)));
        // A few values of the task's metric do not displace the file's own metric.
        if strict || range.n * 2 >= best(part) {
            return found;
        }
        let own = summaries(&[(0, part)], |_| &[]);
        let own = metric::choose(self.format, self.task, 1, &own);
        own.map(|(at, scale)| (&*part.metrics[at], scale)).or(found)
    }

    /// The labels of a run; answers without one are skipped.
    fn labels(
        &self,
        run: usize,
        part: &Part,
        metric: &str,
        scale: Scale,
        skips: &mut Skips,
    ) -> Labels {
        let mut labels = Vec::with_capacity(part.docs.len());
        let values = part.column(metric).unwrap_or_default();
        let rows = part.docs.iter().zip(&part.lines).zip(values);
        for (row, ((&doc, &line), &value)) in rows.enumerate() {
            // A value with a percent sign is already a fraction.
            let scale = if part.shares.contains(&row) { Scale::Share } else { scale };
            match scale.label(value) {
                Some(label) => labels.push((self.questions.of[doc as usize], label)),
                None if value.is_nan() => {
                    let problem = format!("`{metric}` is not a number");
                    skips.row(&self.runs[run].file, u64::from(line), "no score", &problem);
                }
                None => {
                    let problem = format!("`{metric}` is {value}");
                    let kind = match scale {
                        Scale::Share => "a score outside 0 to 1",
                        Scale::Percent => "a score outside 0 to 100",
                    };
                    skips.row(&self.runs[run].file, u64::from(line), kind, &problem);
                }
            }
        }
        labels
    }

    /// Skips a task in which nothing can be a label.
    fn nothing(&self, parts: &[(usize, &Part)], summaries: &[Summary], skips: &mut Skips) {
        let Some((first, _)) = parts.first() else { return };
        let answers: usize = parts.iter().map(|(_, part)| part.docs.len()).sum();
        let names = listed(summaries.iter().map(|metric| &metric.name));
        let problem = if summaries.iter().all(|metric| metric.range.n == 0) {
            format!(
                "{}: none of its answers has a score (answers: {answers}; no number in: {names})",
                self.task
            )
        } else {
            format!(
                "{}: no metric of correctness (there are: {names}); choose one with --metric",
                self.task
            )
        };
        skips.rows += answers;
        skips.task(&self.runs[*first].file, problem);
    }
}

/// The metrics of files.
fn summaries<'a>(parts: &[(usize, &Part)], lower: impl Fn(usize) -> &'a [String]) -> Vec<Summary> {
    let answers = parts.iter().map(|(_, part)| part.docs.len()).sum();
    let mut summaries: Vec<Summary> = Vec::new();
    for (run, part) in parts {
        let best = best(part);
        for (name, values) in part.metrics.iter().zip(&part.values) {
            let range = Range::of(values);
            let lower = lower(*run).contains(name);
            let files = usize::from(range.n > 0 && range.n * 2 >= best);
            if let Some(metric) = summaries.iter_mut().find(|metric| metric.name == *name) {
                metric.files += files;
                metric.range = metric.range.with(range);
                metric.lower |= lower;
            } else {
                let name = name.clone();
                summaries.push(Summary { name, files, answers, range, lower });
            }
        }
    }
    summaries
}

/// The number of answers of a file with the most frequent metric.
fn best(part: &Part) -> usize {
    part.values.iter().map(|values| Range::of(values).n).max().unwrap_or_default()
}

/// Which runs of a model on a task count.
struct Choosing<'a> {
    task: &'a str,
    runs: &'a [Run],
}

impl Choosing<'_> {
    /// Runs with different numbers of examples are different models; of the others the newest counts, with
    /// all of its parts. Files without a date are parts too, even if they share questions: the last path then
    /// counts.
    fn newest(
        &self,
        model: usize,
        mut own: Vec<(usize, Labels)>,
        models: &mut Models,
        report: &mut Report,
    ) -> Vec<(usize, Labels)> {
        own.sort_by(|a, b| {
            let key = |run: usize| (&self.runs[run].date, run);
            key(b.0).cmp(&key(a.0))
        });
        let shots = own.first().and_then(|(run, _)| self.runs[*run].shots.clone());
        let mut kept: Vec<(usize, usize, Labels)> = Vec::new();
        let mut answered: HashMap<usize, HashSet<u32>> = HashMap::new();
        for (run, labels) in own {
            let model = match &self.runs[run].shots {
                Some(n) if shots.as_ref().is_some_and(|shots| shots != n) => {
                    let before = models.all.len();
                    let beside = models.beside(model, &format!("{n}-shot"));
                    if before < models.all.len() {
                        let name = models.all[model].0.clone();
                        let both = vec![name.clone(), models.all[beside].0.clone()];
                        report.clashes.push(Clash { name, models: both });
                    }
                    beside
                }
                _ => model,
            };
            let known = answered.entry(model).or_default();
            // Files with the same date are parts of a run if they share no question.
            let older = kept.iter().any(|(newer, of, _)| {
                *of == model && self.runs[*newer].date != self.runs[run].date
            });
            let dated = !self.runs[run].date.is_empty();
            let shares = |(question, _): &(u32, f32)| known.contains(question);
            let again = older || (dated && labels.iter().any(shares));
            if again {
                let taken =
                    kept.iter().find(|(_, of, _)| *of == model).map_or(run, |(run, ..)| *run);
                report.reruns.push(Rerun {
                    model: models.all[model].0.clone(),
                    task: self.task.to_owned(),
                    left_out: self.runs[run].file.clone(),
                    taken: self.runs[taken].file.clone(),
                    responses: labels.len(),
                });
            } else {
                known.extend(labels.iter().map(|(question, _)| *question));
                kept.push((run, model, labels));
            }
        }
        kept.into_iter().map(|(_, model, labels)| (model, labels)).collect()
    }
}

fn shown(run: &Run) -> String {
    run.file.display().to_string()
}

fn named(filter: &str) -> &str {
    if filter.is_empty() { "(none)" } else { filter }
}

/// The first names of a list.
fn listed<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.map(|name| &**name).collect();
    let more = if names.len() > 12 { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(12)].join(", "))
}
