//! `llmap onboard`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::s;
use serde_json::json;

use super::sql::Sql;
use super::{Common, output, signals};
use crate::analysis::onboarding::{Catalogue, NewModel};
use crate::analysis::projection::Projection;
use crate::dataset::{self, load_answers};
use crate::estimate::Estimate;
use crate::{Error, Output, Result};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap ask shipped --data openevals -n 32 > new.csv        then fill in the column label
  llmap onboard shipped new.csv --data openevals --name my-model
  llmap onboard shipped new.csv --name my-model -o with-mine.safetensors

RESPONSES is a table with `label` (1 correct, 0 incorrect, or a fraction; empty rows are ignored) and
either `prompt_id`, of a question of the data, or `prompt`, its text. Nothing is retrained, and no other model
moves.")]
pub struct Arguments {
    /// The embedder, or `shipped`.
    embedder: PathBuf,
    /// The new model's answers, unless --sql returns them.
    #[arg(required_unless_present = "sql", conflicts_with = "sql")]
    responses: Option<PathBuf>,
    /// The name of the new model.
    #[arg(long)]
    name: String,
    /// The data set of its questions: improves the placement, and predicts benchmarks.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Write an embedder that includes the new model.
    #[arg(long, short, visible_alias = "save", value_name = "EMBEDDER")]
    output: Option<PathBuf>,
    #[command(flatten)]
    sql: Sql,
}

/// The output file, which must not be one of the inputs.
fn output_beside(path: &Path, arguments: &Arguments) -> Result<Output> {
    let mut inputs = vec![arguments.embedder.clone()];
    inputs.extend(arguments.responses.clone());
    inputs.extend(arguments.data.as_deref().map(dataset::table_files).unwrap_or_default());
    Output::open(path, &inputs)
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    let output = arguments.output.as_deref().map(|path| output_beside(path, arguments));
    let output = output.transpose()?;
    let embedder = super::embedder(Some(&arguments.embedder), common)?;
    embedder.check_name(&arguments.name)?;
    let data = arguments.data.as_deref().map(dataset::load).transpose()?;
    let answers = arguments.sql.table(arguments.responses.as_slice(), |paths| {
        let answers = load_answers(&paths[0], data.as_ref())?;
        if answers.iter().all(|answer| answer.label.is_none()) {
            return Err(Error::input(&paths[0], "no row has a label", "fill in at least one"));
        }
        Ok(answers)
    })?;
    let cancel = signals::flag();
    let catalogue = data.as_ref().map(|data| Catalogue::new(&embedder, data, &cancel));
    let catalogue = catalogue.transpose()?;
    let new_model = NewModel::place(&embedder, catalogue.as_ref(), &answers)?;
    let benchmarks = new_model.benchmarks();
    let neighbors = new_model.neighbors(5);
    let ability = new_model.ability();
    let vector = new_model.vector();
    let deviations = new_model.deviations();
    let placement = new_model.placement().clone();
    let scores = new_model.scores();
    // The first two principal components of the profiles: the map of the explorer.
    let map = Projection::of(&embedder, 2)?.linear.map(|linear| {
        let special = vector.slice(s![1..]).mapv(f64::from);
        linear.place(special.view(), new_model.covariance().slice(s![1.., 1..]))
    });
    let names = embedder.models().to_vec();
    drop(new_model);
    if let Some(output) = output {
        let embedder = Arc::try_unwrap(embedder)
            .map_err(|_| Error::Failed("the embedder is in use".into()))?;
        embedder.with_model(&arguments.name, &placement, &scores)?.save_to(output)?;
    }
    let given = answers.iter().filter(|answer| answer.label.is_some()).count();
    if common.json {
        return output::json(&json!({
            "model": arguments.name,
            "responses": given,
            "vector": vector.to_vec(),
            "deviations": deviations.to_vec(),
            "more_able_than": ability,
            "map": map.as_ref().map(|(place, covariance)| json!({
                "place": place.to_vec(),
                "covariance": covariance.rows().into_iter().map(|r| r.to_vec()).collect::<Vec<_>>(),
            })),
            "neighbours": neighbors.iter().map(|n| json!({
                "model": names[n.model], "cosine": n.cosine, "distance": n.distance,
                "shared": n.shared,
            })).collect::<Vec<_>>(),
            "benchmarks": benchmarks.iter().map(|(name, known, estimate)| json!({
                "benchmark": name, "answers": known, "forecast": estimate,
            })).collect::<Vec<_>>(),
            "embedder": arguments.output.as_ref().map(|path| path.display().to_string()),
        }));
    }
    let percent = |p: f64| format!("{:.0}%", 100.0 * p);
    let mut text = format!(
        "{}: {}; more able than {} of the {} ({} to {})\n",
        crate::cell(&arguments.name, 80),
        crate::count(given, "answer"),
        percent(ability.mean),
        crate::count(names.len(), "model"),
        percent(ability.low),
        percent(ability.high),
    );
    let rows = neighbors.iter().map(|near| {
        let basis = near.basis().unwrap_or_default();
        vec![names[near.model].clone(), format!("{:.2}", near.cosine), basis]
    });
    let header = ["nearest model", "similarity", "by"];
    text += &format!("\n{}\n", output::table(&header, rows, 1));
    if let Some((place, covariance)) = &map {
        let axis =
            |i: usize| format!("PC{} {:.2} ± {:.2}", i + 1, place[i], covariance[[i, i]].sqrt());
        text += &format!("on the map: {}, {}\n", axis(0), axis(1));
    }
    if benchmarks.is_empty() {
        text += "pass the data with --data to predict benchmarks\n";
    } else {
        let rows = benchmarks.iter().map(|(name, known, e): &(String, usize, Estimate)| {
            let interval = format!("{} – {}", percent(e.low), percent(e.high));
            vec![name.clone(), known.to_string(), percent(e.mean), interval]
        });
        let header = ["benchmark", "answers", "forecast", "80% interval"];
        text += &format!("\n{}\n", output::table(&header, rows, 1));
    }
    if let Some(path) = &arguments.output {
        text += &format!("written: {}\n", crate::one_line(&path.display().to_string()));
    }
    output::text(&text)
}
