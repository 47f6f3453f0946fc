//! `llmap encode`

use std::path::PathBuf;
use std::time::Instant;

use serde_json::json;

use super::{Common, output, signals};
use crate::dataset;
use crate::encoder::{self, Sentence, Shard, Source, encode_shard};
use crate::progress::Progress;
use crate::{Error, Result};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  llmap encode mydata --encoder minilm -o vectors
  llmap encode mydata --encoder minilm -o vectors --shard 3/16     one of sixteen processes
  llmap train mydata -o my.safetensors --encoder builtin+minilm --vectors vectors

The processes are independent: run them by hand, or with Slurm, Kubernetes or Ray, on machines
that can access the data and the folder. Each writes one Parquet file, completely or not at all, with the columns
prompt_id, text (a hash), encoder (its hash) and vector; `train --vectors` reads those of all shards and
writes the same embedder as if it had encoded the questions itself.")]
pub struct Arguments {
    /// The folder of the data set; only its questions are read.
    data: PathBuf,
    /// The sentence encoders, as for `llmap train`; the built-in encoder is fitted by train.
    #[arg(long, value_name = "ENCODER")]
    encoder: String,
    /// The output folder; it may contain other shards.
    #[arg(long, short, value_name = "FOLDER")]
    output: PathBuf,
    /// The shard of the questions: every N-th, starting with the I-th.
    #[arg(long, default_value = "1/1", value_name = "I/N")]
    shard: Shard,
}

pub fn run(arguments: &Arguments, common: &Common) -> Result<()> {
    let folders = encoder::sources(&arguments.encoder)?.into_iter().filter_map(|source| {
        let Source::Folder(folder) = source else { return None };
        Some(folder)
    });
    let folders: Vec<PathBuf> = folders.collect();
    if folders.is_empty() {
        return Err(Error::usage(
            "nothing to encode: the built-in encoder is fitted by train",
            "choose a sentence encoder: minilm, mpnet, or its folder",
        ));
    }
    let start = Instant::now();
    let questions = dataset::load_questions(&arguments.data)?;
    let all = questions.iter().map(|question| (&*question.id, &*question.prompt));
    let own: Vec<(&str, &str)> = arguments.shard.select(all).collect();
    let stop = signals::flag();
    let mut written = Vec::new();
    for folder in folders {
        let sentence = Sentence::read(&folder)?;
        let bar = super::train::bar(common, 0);
        bar.set_length(own.len() as u64);
        let mut report = |done: usize| {
            bar.set_message(format!("{}, shard {}", sentence.identity().name, arguments.shard));
            bar.set_position(done as u64);
        };
        let progress = &mut Progress::new(&mut report, &stop);
        let file = encode_shard(&arguments.output, &sentence, arguments.shard, &own, progress)?;
        bar.finish_and_clear();
        written.push((sentence.identity().clone(), file));
    }
    let seconds = start.elapsed().as_secs_f64();
    if common.json {
        let files: Vec<_> = written
            .iter()
            .map(|(identity, file)| json!({ "encoder": identity, "file": file.display().to_string() }))
            .collect();
        return output::json(&json!({
            "shard": arguments.shard.to_string(),
            "questions": own.len(),
            "files": files,
            "seconds": seconds,
        }));
    }
    let lines: Vec<String> = written
        .iter()
        .map(|(identity, file)| {
            format!(
                "{}: {} of {} with {} in {seconds:.1} s",
                crate::one_line(&file.display().to_string()),
                crate::count(own.len(), "question"),
                questions.len(),
                crate::one_line(&identity.name),
            )
        })
        .collect();
    output::text(&lines.join("\n"))
}
