//! Merges data sets.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use super::builder::attribute_columns;
use super::cells::clean;
use super::matching::{Matcher, NearMiss};
use super::{Attribute, Dataset, Kind, Question, Responses, Split, Values};
use crate::error::{Error, Result};
use crate::names::spaced;
use crate::table::Table;

/// Maximum number of listed conflicts; all are counted.
const LISTED: usize = 200;

/// Two different labels for the same model and question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conflict {
    /// The model.
    pub model: String,
    /// The text of the question.
    pub prompt: String,
    /// The label that was kept, from the earlier data set.
    pub kept: f32,
    /// The label that was dropped.
    pub dropped: f32,
    /// The number of its data set, from 1.
    pub data_set: usize,
}

/// A summary of a merge.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Merged {
    /// Models with another name in a later data set: the name that was kept, and the other one.
    pub renamed: Vec<(String, String)>,
    /// Similar names that were kept apart.
    pub near_misses: Vec<NearMiss>,
    /// Questions in several data sets.
    pub shared_questions: usize,
    /// Texts that were in several splits; each is now in test if one of them was, else in val.
    pub moved: usize,
    /// Answers in several data sets, with the same label.
    pub repeated: usize,
    /// Answers in several data sets, with different labels.
    pub conflicting: usize,
    /// The first of those.
    pub conflicts: Vec<Conflict>,
    /// Attributes with different values.
    pub attribute_conflicts: usize,
    /// Models of an attribute table that are not in the data.
    pub unused_attributes: Vec<String>,
    /// Warnings about cells of attributes, one sentence each.
    pub remarks: Vec<String>,
}

/// Merges data sets. The earlier data set takes precedence wherever they differ: in names, ids, categories,
/// labels and attributes. `renames` maps names of models to the names to use.
///
/// # Errors
/// [`Error::Usage`] if there is nothing to merge, or a renamed model does not exist.
pub fn merge(sets: Vec<Dataset>, renames: &[(String, String)]) -> Result<(Dataset, Merged)> {
    let mut merging = Merging::default();
    for (from, _) in renames {
        if !sets.iter().any(|set| set.models.contains(from)) {
            let names: Vec<String> = sets.iter().flat_map(|set| set.models.clone()).collect();
            crate::names::resolve("model", from, &names)?;
        }
    }
    for (nth, set) in sets.into_iter().enumerate() {
        merging.add(nth, set, renames)?;
    }
    merging.finish()
}

#[derive(Default)]
struct Merging {
    matcher: Matcher,
    models: Vec<String>,
    columns: Vec<(String, Vec<Option<String>>)>,
    /// Name, kind and description.
    categories: Vec<(String, Kind, String)>,
    category_index: HashMap<(String, Kind), u32>,
    questions: Vec<Question>,
    ids: HashSet<String>,
    /// Questions by their key, with those of the same text in order.
    index: HashMap<u64, Vec<u32>>,
    labels: HashMap<(u32, u32), f32>,
    report: Merged,
}

impl Merging {
    fn add(&mut self, nth: usize, set: Dataset, renames: &[(String, String)]) -> Result<()> {
        let names: Vec<String> = set
            .models
            .iter()
            .map(|name| {
                let renamed = renames.iter().find(|(from, _)| from == name);
                renamed.map_or_else(|| name.clone(), |(_, to)| to.clone())
            })
            .collect();
        let mut seen = HashSet::new();
        if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(Error::Usage(format!(
                "two models of {} would be called `{twice}`",
                set.name
            )));
        }
        self.report.remarks.extend(set.remarks.iter().cloned());
        let models = self.models(&set.models, &names);
        self.attributes(&set.attributes, &models);
        let questions = self.questions(&set);
        for (q, question) in questions.iter().enumerate() {
            for (model, label) in set.responses.of(q) {
                self.answer(nth, *question, models[model], label);
            }
        }
        Ok(())
    }

    /// The indices of the models of a data set.
    fn models(&mut self, own: &[String], names: &[String]) -> Vec<u32> {
        let found = self.matcher.find(names);
        self.report.near_misses.extend(self.matcher.near(names, &found));
        let mut numbers = Vec::with_capacity(names.len());
        for ((found, name), own) in found.into_iter().zip(names).zip(own) {
            let at = found.unwrap_or_else(|| {
                self.models.push(name.clone());
                self.columns.iter_mut().for_each(|(_, cells)| cells.push(None));
                self.matcher.add(name)
            });
            if self.models[at] != *own {
                self.report.renamed.push((self.models[at].clone(), own.clone()));
            }
            numbers.push(at as u32);
        }
        numbers
    }

    fn attributes(&mut self, attributes: &[Attribute], models: &[u32]) {
        for attribute in attributes {
            for (m, &model) in models.iter().enumerate() {
                let Some(value) = attribute.values.cell(m) else { continue };
                let differs = self.set(&attribute.name, model as usize, value, false);
                self.report.attribute_conflicts += usize::from(differs);
            }
        }
    }

    /// Sets a cell, and returns true if another value is, or was, there.
    fn set(&mut self, column: &str, model: usize, value: String, over: bool) -> bool {
        let at = self.columns.iter().position(|(name, _)| name == column).unwrap_or_else(|| {
            self.columns.push((column.to_owned(), vec![None; self.models.len()]));
            self.columns.len() - 1
        });
        let cell = &mut self.columns[at].1[model];
        let differs = cell.as_ref().is_some_and(|known| *known != value);
        if cell.is_none() || over {
            *cell = Some(value);
        }
        differs
    }

    /// The indices of the questions of a data set. Two questions with the same text, ignoring white space,
    /// are the same if their labels have the same kind; other kinds than correctness also need the same
    /// category. If a data set contains a text several times, these are separate questions.
    fn questions(&mut self, set: &Dataset) -> Vec<u32> {
        let before = self.questions.len() as u32;
        let mut used: HashSet<u32> = HashSet::new();
        let mut numbers = Vec::with_capacity(set.questions.len());
        for question in &set.questions {
            let category = &set.categories[question.category as usize];
            let kind = set.kinds[question.category as usize];
            let about = &*set.descriptions[question.category as usize];
            let within = if kind.is_correctness() { "" } else { category };
            let text = spaced(&question.prompt);
            let key = xxh3_64(format!("{}\0{within}\0{text}", kind.name()).as_bytes());
            let known = self.index.get(&key).map_or(&[][..], Vec::as_slice);
            let free = |at: &&u32| !used.contains(*at);
            let same = |at: &&u32| {
                let known = self.questions[**at as usize].category;
                free(at) && self.categories[known as usize].0 == *category
            };
            let found = known.iter().find(same).or_else(|| known.iter().find(free)).copied();
            let at = match found {
                Some(at) => {
                    self.report.shared_questions += usize::from(at < before);
                    at
                }
                None => self.question(question, (category, kind, about), key),
            };
            let split = &mut self.questions[at as usize].split;
            *split = (*split).max(question.split);
            used.insert(at);
            numbers.push(at);
        }
        numbers
    }

    fn question(&mut self, question: &Question, category: (&str, Kind, &str), key: u64) -> u32 {
        let at = self.questions.len() as u32;
        let number = self.category(category);
        let mut id = question.id.to_string();
        for n in 2.. {
            if self.ids.insert(id.clone()) {
                break;
            }
            id = format!("{}-{n}", question.id);
        }
        let (id, category) = (id.into(), number);
        self.questions.push(Question { id, category, ..question.clone() });
        self.index.entry(key).or_default().push(at);
        at
    }

    /// The index of a category. If a name has two kinds of labels, the kind is appended to the later one.
    fn category(&mut self, (name, kind, about): (&str, Kind, &str)) -> u32 {
        let key = (name.to_owned(), kind);
        if let Some(&known) = self.category_index.get(&key) {
            let described = &mut self.categories[known as usize].2;
            if described.is_empty() {
                about.clone_into(described);
            }
            return known;
        }
        let mut own = name.to_owned();
        while self.categories.iter().any(|(known, ..)| *known == own) {
            own = format!("{own} ({})", kind.name());
        }
        let number = self.categories.len() as u32;
        self.categories.push((own, kind, about.to_owned()));
        self.category_index.insert(key, number);
        number
    }

    fn answer(&mut self, nth: usize, question: u32, model: u32, label: f32) {
        let kept = match self.labels.entry((question, model)) {
            Entry::Vacant(new) => {
                new.insert(label);
                return;
            }
            Entry::Occupied(known) => *known.get(),
        };
        if (kept - label).abs() <= f32::EPSILON {
            self.report.repeated += 1;
        } else {
            self.report.conflicting += 1;
            if self.report.conflicts.len() < LISTED {
                self.report.conflicts.push(Conflict {
                    model: self.models[model as usize].clone(),
                    prompt: self.questions[question as usize].prompt.to_string(),
                    kept,
                    dropped: label,
                    data_set: nth + 1,
                });
            }
        }
    }

    fn finish(mut self) -> Result<(Dataset, Merged)> {
        if self.labels.is_empty() {
            return Err(Error::Usage("there is nothing to merge".into()));
        }
        // A text is in one split, test before val before train, whatever its category.
        let mut held_out: HashMap<String, (Split, bool)> = HashMap::new();
        for question in &self.questions {
            let known = held_out.entry(spaced(&question.prompt)).or_insert((question.split, false));
            known.1 |= known.0 != question.split;
            known.0 = known.0.max(question.split);
        }
        self.report.moved = held_out.values().filter(|(_, moved)| *moved).count();
        for question in &mut self.questions {
            question.split = held_out[&spaced(&question.prompt)].0;
        }
        let mut triples: Vec<(u32, u32, f32)> = self
            .labels
            .into_iter()
            .map(|((question, model), label)| (question, model, label))
            .collect();
        triples.sort_unstable_by_key(|(question, model, _)| (*question, *model));
        let data = Dataset {
            remarks: Vec::new(),
            name: "merged".into(),
            categories: self.categories.iter().map(|(name, ..)| name.clone()).collect(),
            kinds: self.categories.iter().map(|(_, kind, _)| *kind).collect(),
            descriptions: self.categories.into_iter().map(|(.., about)| about).collect(),
            model_ids: (0..self.models.len()).map(|m| m.to_string().into()).collect(),
            models: self.models,
            attributes: typed(self.columns),
            responses: Responses::from_sorted(self.questions.len(), triples.into_iter()),
            questions: self.questions,
        };
        Ok((data, self.report))
    }
}

/// Columns of cells as attributes.
fn typed(columns: Vec<(String, Vec<Option<String>>)>) -> Vec<Attribute> {
    let attribute = |(name, cells): (String, Vec<Option<String>>)| {
        let cells: Vec<String> = cells.into_iter().map(Option::unwrap_or_default).collect();
        Attribute { name, values: Values::from_cells(&cells) }
    };
    columns.into_iter().map(attribute).collect()
}

/// Joins a table of attributes, prices and release dates to a data set, by model name. The table takes
/// precedence over the data. A date becomes a year with a fraction.
///
/// # Errors
/// An error in the file.
pub fn join_attributes(data: &mut Dataset, path: &Path, report: &mut Merged) -> Result<()> {
    let mut table = Table::open(path)?;
    let name = ["model_name", "model", "name"].iter().find_map(|name| table.optional(name));
    let Some(name) = name else { return table.column("model_name").map(|_| ()) };
    let columns: Vec<(usize, String)> = attribute_columns(&table)
        .into_iter()
        .filter(|(at, _)| *at != name)
        .map(|(at, column)| (at, if column == "release_date" { "release".into() } else { column }))
        .collect();
    let (mut names, mut rows): (Vec<String>, Vec<Vec<String>>) = <_>::default();
    let (mut lines, mut places): (BTreeMap<String, u64>, Vec<u64>) = <_>::default();
    while let Some(row) = table.next()? {
        let model = row.filled(name)?.trim().to_owned();
        if let Some(first) = lines.insert(model.clone(), row.line()) {
            let problem = format!("the model `{model}` is listed twice (first on line {first})");
            return Err(row.error(problem, "keep one row per model"));
        }
        let cells = columns.iter().map(|(at, column)| Ok(dated(column, row.text(*at)?.trim())));
        rows.push(cells.collect::<Result<_>>()?);
        names.push(model);
        places.push(row.line());
    }
    for (at, (_, column)) in columns.iter().enumerate() {
        let mut cells: Vec<String> =
            rows.iter_mut().map(|row| std::mem::take(&mut row[at])).collect();
        report.remarks.extend(clean(path, column, &mut cells, |row| places[row]));
        rows.iter_mut().zip(cells).for_each(|(row, cell)| row[at] = cell);
    }
    let mut merging = Merging::default();
    let own = merging.models(&data.models.clone(), &data.models);
    merging.attributes(&data.attributes, &own);
    let found = merging.matcher.find(&names);
    report.near_misses.extend(merging.matcher.near(&names, &found));
    for ((found, row), name) in found.into_iter().zip(rows).zip(names) {
        let Some(model) = found else {
            report.unused_attributes.push(name);
            continue;
        };
        for ((_, column), value) in columns.iter().zip(row).filter(|(_, value)| !value.is_empty()) {
            report.attribute_conflicts += usize::from(merging.set(column, model, value, true));
        }
    }
    data.attributes = typed(merging.columns);
    Ok(())
}

/// Converts a release date such as 2024-07-23 to a year with a fraction, 2024.56. A time after it, as many
/// programs write to Parquet, is ignored.
fn dated(column: &str, cell: &str) -> String {
    let date = cell.split([' ', 'T']).next().unwrap_or_default();
    let parts: Vec<Option<u32>> = date.split('-').map(|part| part.parse().ok()).collect();
    match parts[..] {
        [Some(year), Some(month @ 1..=12)] if column == "release" => {
            format!("{:.2}", f64::from(year) + (f64::from(month) - 0.5) / 12.0)
        }
        [Some(year), Some(month @ 1..=12), Some(day @ 1..=31)] if column == "release" => {
            let days = f64::from(month - 1) * 30.437 + f64::from(day) - 1.0;
            format!("{:.2}", f64::from(year) + days / 365.25)
        }
        _ => cell.to_owned(),
    }
}
