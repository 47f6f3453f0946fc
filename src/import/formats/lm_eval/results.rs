//! Parses the files of results: the model with its settings, and the configuration of tasks.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde_json::Value;

use super::names::{self, Named};
use crate::import::files::{File, Tree, bare};
use crate::import::report::Skips;
use crate::import::run::{Model, clean, hash};
use crate::import::{json, settings, template};

/// Arguments with the name of the model, in the order in which the harness uses them.
const NAMES: [&str; 7] = ["peft", "delta", "pretrained", "model", "path", "engine", "model_name"];
/// Results, shared by their samples.
pub(super) type Shared = Rc<About>;

/// The content of a file of results.
#[derive(Debug)]
pub(super) struct About {
    date: String,
    value: Value,
}

/// All results.
pub(super) struct Known {
    by_folder: BTreeMap<PathBuf, Vec<Shared>>,
    by_date: HashMap<String, Vec<Shared>>,
}

impl Known {
    /// Reads the files of results.
    pub(super) fn read(tree: &Tree, skips: &mut Skips) -> Self {
        let mut known = Self { by_folder: BTreeMap::new(), by_date: HashMap::new() };
        for file in tree.all() {
            let name = bare(file.name());
            let (start, date) = names::dated(name);
            let fork = name.ends_with("_results");
            if names::ending(file.name()).is_none() || !(start == "results" || fork) {
                continue;
            }
            match json::document::<Value>(file) {
                Ok(value) if value.is_object() => {
                    let date = if fork { name.trim_end_matches("_results").into() } else { date };
                    let about = Rc::new(About { date: date.clone(), value });
                    let folder = file.path.parent().unwrap_or(Path::new("")).to_owned();
                    known.by_folder.entry(folder).or_default().push(Rc::clone(&about));
                    if !date.is_empty() {
                        known.by_date.entry(date).or_default().push(about);
                    }
                }
                Ok(_) => {}
                Err(reason) => {
                    skips.file(&file.path, format!("results that cannot be read: {reason}"));
                }
            }
        }
        known
    }

    /// The tasks in any results.
    pub(super) fn tasks(&self) -> BTreeSet<String> {
        let all = self.by_folder.values().flatten();
        all.flat_map(|about| about.tasks().map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    /// The arguments of all models in the form of release 0.4.0's file names.
    pub(super) fn prefixes(&self) -> BTreeSet<String> {
        let args = self.by_folder.values().flatten().map(|about| about.args());
        args.filter(|args| !args.is_empty()).map(|args| args.replace(['/', '='], "__")).collect()
    }

    /// The results of a file of samples: those with its date, else the only ones or those of the one model in
    /// its folder, else the next ones with the task.
    pub(super) fn about(&self, file: &File, named: &Named) -> Option<Shared> {
        let folder = file.path.parent().unwrap_or(Path::new(""));
        let beside = self.by_folder.get(folder).map_or(&[][..], Vec::as_slice);
        if !named.date.is_empty() {
            if let Some(same) = beside.iter().find(|about| about.date == named.date) {
                return Some(Rc::clone(same));
            }
            if beside.is_empty() {
                let elsewhere = self.by_date.get(&named.date)?;
                return (elsewhere.len() == 1).then(|| Rc::clone(&elsewhere[0]));
            }
        }
        let first = beside.first()?;
        if beside.iter().all(|about| about.model() == first.model()) {
            return beside.iter().find(|about| about.knows(&named.task)).or(Some(first)).cloned();
        }
        let mut with_task: Vec<&Shared> =
            beside.iter().filter(|about| about.knows(&named.task)).collect();
        if with_task.is_empty() {
            with_task = beside.iter().collect();
        }
        with_task.sort_by(|a, b| a.date.cmp(&b.date));
        let next = with_task.iter().find(|about| about.date >= named.date);
        next.or(with_task.last()).map(|about| Rc::clone(about))
    }
}

impl About {
    fn tasks(&self) -> impl Iterator<Item = &str> {
        ["results", "configs"]
            .into_iter()
            .filter_map(|part| self.value[part].as_object())
            .flat_map(|tasks| tasks.keys().map(String::as_str))
    }

    fn knows(&self, task: &str) -> bool {
        self.tasks().any(|known| known == task)
    }

    /// The date of the results, in a form that sorts.
    pub(super) fn date(&self) -> String {
        if !self.date.is_empty() {
            return self.date.clone();
        }
        self.value["date"].as_f64().map(calendar).unwrap_or_default()
    }

    /// The number of few-shot examples of a task.
    pub(super) fn shots(&self, task: &str) -> Option<String> {
        let shots = [
            &self.value["n-shot"][task],
            &self.value["configs"][task]["num_fewshot"],
            &self.value["config"]["num_fewshot"],
        ];
        shots.into_iter().find(|n| n.is_number()).map(Value::to_string)
    }

    /// The hash of all documents of a task.
    pub(super) fn task_hash(&self, task: &str) -> Option<String> {
        self.value["task_hashes"][task].as_str().filter(|hash| !hash.is_empty()).map(str::to_owned)
    }

    /// Metrics of a task for which lower is better.
    pub(super) fn lower(&self, task: &str) -> Vec<String> {
        let better = self.value["higher_is_better"][task].as_object();
        let lower =
            better.into_iter().flatten().filter(|(_, higher)| **higher == Value::Bool(false));
        lower.map(|(name, _)| name.clone()).collect()
    }

    /// The fields of a document that the prompts of a task use.
    pub(super) fn used(&self, task: &str) -> Vec<String> {
        let config = &self.value["configs"][task];
        let text = |part: &str| match &config[part] {
            Value::String(text) => template::names(text),
            _ => Vec::new(),
        };
        [text("doc_to_text"), text("doc_to_choice")].concat()
    }

    /// The arguments of the model, `key=value` separated by commas.
    fn args(&self) -> String {
        match &self.value["config"]["model_args"] {
            Value::Object(args) => {
                let plain =
                    |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                args.iter()
                    .map(|(key, value)| format!("{key}={}", plain(value)))
                    .collect::<Vec<_>>()
                    .join(",")
            }
            Value::String(args) => args.clone(),
            _ => String::new(),
        }
    }

    /// The model with its settings.
    pub(super) fn model(&self) -> Model {
        let config = &self.value["config"];
        let args = self.args();
        let (mut model, key) = parsed(&args);
        let given = self.value["model_name"].as_str().map(clean).filter(|name| !name.is_empty());
        if let Some(name) = given {
            // The arguments show how runs with this name differ: an adapter defines another model, another
            // path of the weights may not.
            let own = std::mem::replace(&mut model.name, name);
            if let Some(key) = key.filter(|_| own != model.name) {
                let adapter = matches!(key, "peft" | "delta");
                let settings = if adapter { &mut model.fixed } else { &mut model.soft };
                settings.insert(key.to_owned(), own);
            }
            let name = &model.name;
            model.fixed.retain(|_, value| value != name);
        }
        let mut set = |fixed: bool, key: &str, value: String| {
            if !settings::is_default(&value) {
                let settings = if fixed { &mut model.fixed } else { &mut model.soft };
                settings.entry(key.to_owned()).or_insert(value);
            }
        };
        let plain = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            value => value.to_string(),
        };
        set(true, "revision", plain(&config["model_revision"]));
        set(false, "gen_kwargs", plain(&config["gen_kwargs"]));
        set(false, "fewshot_as_multiturn", plain(&self.value["fewshot_as_multiturn"]));
        // Long texts are replaced by a short hash.
        for key in ["chat_template", "system_instruction"] {
            let text = plain(&self.value[key]);
            if !settings::is_default(&text) {
                set(false, key, format!("{:08x}", hash(&text) as u32));
            }
        }
        model.known = !args.is_empty() || !model.name.is_empty();
        let size = config["model_num_parameters"].as_f64();
        model.params_b = size.filter(|n| *n > 0.0 && n.is_finite()).map(|n| n / 1e9);
        model
    }
}

/// Seconds since 1970 as a date in the form of the file names.
fn calendar(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    let (days, time) = (whole / 86_400, whole % 86_400);
    // Days since 0000-03-01, in eras of 400 years (Hinnant, days_from_civil).
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!(
        "{:04}-{month:02}-{of_month:02}-{:02}-{:02}-{:02}",
        era * 400 + year + next,
        time / 3_600,
        time / 60 % 60,
        time % 60
    )
}

/// The model of arguments such as `pretrained=org/model,revision=step100`.
pub(super) fn model_of(args: &str) -> Model {
    parsed(args).0
}

/// As [`model_of`], with the argument that has the name.
fn parsed(args: &str) -> (Model, Option<&'static str>) {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for part in args.split(',') {
        match (part.split_once('='), pairs.last_mut()) {
            (Some((key, value)), _) => pairs.push((key.trim().to_lowercase(), clean(value))),
            (None, _) if part.trim().is_empty() => {}
            // A comma within a value.
            (None, Some((_, value))) => value.push_str(&format!(",{part}")),
            (None, None) => {}
        }
    }
    let find = |key: &str| pairs.iter().position(|(name, value)| name == key && !value.is_empty());
    let at = NAMES.iter().find_map(|key| Some((*key, find(key)?)));
    let name = at.map(|(_, at)| pairs[at].1.clone()).unwrap_or_default();
    let mut model = Model { name, known: at.is_some(), ..Model::default() };
    for (i, (key, value)) in pairs.into_iter().enumerate() {
        if at.is_none_or(|(_, at)| at != i) {
            settings::set(&mut model, &key, &value);
        }
    }
    (model, at.map(|(key, _)| key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_model_is_its_name_and_what_changes_its_answers() {
        let model = model_of(
            "pretrained=acme/heron,revision=step100,dtype=bfloat16,device=cuda,batch_size=8,trust_remote_code=True",
        );
        assert_eq!(model.name, "acme/heron");
        assert_eq!(model.fixed, BTreeMap::from([("revision".into(), "step100".into())]));
        assert_eq!(model.soft, BTreeMap::from([("dtype".into(), "bfloat16".into())]));
        let adapted =
            model_of("pretrained=acme/heron,peft=me/lora,revision=main,load_in_4bit=True");
        assert_eq!(adapted.name, "me/lora");
        assert_eq!(adapted.fixed.keys().collect::<Vec<_>>(), ["load_in_4bit", "pretrained"]);
    }

    #[test]
    fn an_adapter_beside_the_name_of_its_base_keeps_runs_apart() {
        let model = |args: &str| {
            let value = json!({"model_name": "acme/heron", "config": {"model_args": args}});
            About { date: String::new(), value }.model()
        };
        let one = model("pretrained=acme/heron,peft=me/one");
        assert_eq!(one.name, "acme/heron");
        assert_eq!(one.fixed, BTreeMap::from([("peft".into(), "me/one".into())]));
        assert_eq!(model("pretrained=acme/heron").fixed, BTreeMap::new());
        assert_eq!(model("delta=me/d").fixed.keys().collect::<Vec<_>>(), ["delta"]);
        assert_eq!(model("pretrained=/weights/1").soft["pretrained"], "/weights/1");
    }

    #[test]
    fn seconds_are_dates() {
        assert_eq!(calendar(0.0), "1970-01-01-00-00-00");
        assert_eq!(calendar(1_709_210_096.5), "2024-02-29-12-34-56");
        assert_eq!(calendar(1_735_689_599.0), "2024-12-31-23-59-59");
    }

    #[test]
    fn results_of_every_release() {
        let about = |value: Value| About { date: String::new(), value };
        let old = about(json!({"config": {"model": "hf", "model_args": "pretrained=acme/heron"}}));
        assert_eq!(old.model().name, "acme/heron");
        let new = about(json!({"model_name": "acme/heron", "chat_template": "{{x}}",
            "config": {"model_args": {"pretrained": "acme/heron", "load_in_8bit": true}, "model_num_parameters": 2e9},
            "n-shot": {"t": 5}, "higher_is_better": {"t": {"acc": true, "ter": false}},
            "configs": {"t": {"doc_to_text": "{{clue}}: {{question}}", "doc_to_choice": ["A", "B"]}}}));
        assert_eq!(new.model().fixed["load_in_8bit"], "true");
        assert_eq!(new.model().params_b, Some(2.0));
        assert!(new.model().soft.contains_key("chat_template"));
        assert_eq!(new.shots("t").as_deref(), Some("5"));
        assert_eq!(new.lower("t"), ["ter"]);
        assert_eq!(new.used("t"), ["clue", "question"]);
    }
}
