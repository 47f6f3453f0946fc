//! `--sql`: the rows of a query train, evaluate, import and place as files do (feature `sql`).

#![cfg(feature = "sql")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::Value;
use tempfile::TempDir;

const SELECT: &str = "SELECT prompt_id, model_id, label FROM";

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample")
}

/// The exit code of a command, and what it printed.
fn llmap(arguments: &[&str]) -> (i32, String, String) {
    let output = cargo_bin_cmd!("llmap").args(arguments).args(["--quiet"]).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn succeeds(arguments: &[&str]) -> String {
    let (code, out, problem) = llmap(arguments);
    assert_eq!(code, 0, "{arguments:?}: {problem}");
    out
}

/// The folder of the sample without its responses, and these in three shards.
struct Shards {
    folder: TempDir,
    data: String,
    logs: String,
}

impl Shards {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("sample")).unwrap();
        fs::create_dir(path("shards")).unwrap();
        for table in ["questions.csv", "models.csv"] {
            fs::copy(sample().join(table), path("sample").join(table)).unwrap();
        }
        let responses = fs::read_to_string(sample().join("responses.csv")).unwrap();
        let (header, rows) = responses.split_once('\n').unwrap();
        let rows: Vec<&str> = rows.lines().collect();
        for (i, some) in rows.chunks(rows.len().div_ceil(3)).enumerate() {
            let text = format!("{header}\n{}\n", some.join("\n"));
            fs::write(path("shards").join(format!("part-{i}.csv")), text).unwrap();
        }
        // What another program leaves beside its results.
        fs::write(path("shards").join("_SUCCESS"), "").unwrap();
        let text = |name| path(name).to_str().unwrap().to_owned();
        let (data, logs) = (text("sample"), text("shards"));
        Self { folder, data, logs }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Trains on the rows of a query, which give the bytes that the sample itself gives.
    fn trains_as_the_sample(&self, extra: &[&str]) {
        let (whole, queried) = (self.path("whole"), self.path("queried"));
        let few = ["--epochs", "1"];
        let sample = sample();
        let sample = sample.to_str().unwrap();
        succeeds(&[&["train", sample, "-o", &whole], &few[..]].concat());
        let query = format!("{SELECT} '{}/*.csv'", self.logs);
        let train = ["train", &self.data, "-o", &queried, "--sql", &query];
        succeeds(&[&train, &few[..], extra].concat());
        assert_eq!(fs::read(whole).unwrap(), fs::read(queried).unwrap());
    }
}

#[test]
fn a_query_over_shards_trains_to_the_same_bytes() {
    Shards::new().trains_as_the_sample(&[]);
}

#[test]
fn a_query_with_texts_is_a_data_set_and_ids_stay_text() {
    let shards = Shards::new();
    let folder = fs::read_to_string(sample().join("questions.csv")).unwrap();
    let questions = shards.path("texts.csv");
    fs::write(&questions, folder.replace("\n1,", "\n001,")).unwrap();
    let query = format!(
        "SELECT q.prompt AS question, q.category, q.split, m.model_name AS model, avg(r.label) AS label \
         FROM '{}/' r JOIN '{questions}' q ON q.prompt_id = lpad(r.prompt_id, \
         CASE r.prompt_id WHEN '1' THEN 3 ELSE length(r.prompt_id) END, '0') \
         JOIN '{}/models.csv' m ON m.model_id = r.model_id GROUP BY 1, 2, 3, 4",
        shards.logs, shards.data
    );
    let out = succeeds(&["import", "long", "--sql", &query, "--dry-run", "--json"]);
    let about: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&about["responses"], &about["models"]), (&3250.into(), &12.into()));
    let (one, two) = (shards.path("one"), shards.path("two"));
    for path in [&one, &two] {
        succeeds(&["train", "-o", path, "--sql", &query, "--epochs", "1"]);
    }
    assert_eq!(fs::read(&one).unwrap(), fs::read(two).unwrap(), "rows come in one order");
    let judged = ["evaluate", &one, "--sql", &query, "--no-reference", "--resamples", "0"];
    let out = succeeds(&[&judged[..], &["--json"]].concat());
    assert!(out.contains("\"auc\""), "{out}");
}

#[test]
fn the_answers_of_a_new_model_come_from_a_query() {
    let shards = Shards::new();
    let embedder = shards.path("embedder");
    let data = sample();
    let data = data.to_str().unwrap();
    succeeds(&["train", data, "-o", &embedder, "--epochs", "1"]);
    let query = format!("SELECT prompt_id, label FROM '{}/' WHERE model_id = '3'", shards.logs);
    let onboard =
        ["onboard", &embedder, "--data", data, "--name", "new", "--sql", &query, "--json"];
    let about: Value = serde_json::from_str(&succeeds(&onboard)).unwrap();
    assert!(about["responses"].as_u64().unwrap() > 100, "{about}");
}

#[test]
fn what_is_wrong_with_a_query_is_named() {
    let shards = Shards::new();
    let out = shards.path("never");
    let all = format!("{SELECT} '{}/'", shards.logs);
    let odd = shards.path("odd.xlsx");
    fs::write(&odd, "x").unwrap();
    let mixed = shards.path("mixed");
    fs::create_dir(&mixed).unwrap();
    fs::write(Path::new(&mixed).join("1.csv"), "prompt_id,model_id,label\n1,1,1\n").unwrap();
    fs::write(Path::new(&mixed).join("2.jsonl"), "{}\n").unwrap();
    let stray = shards.path("stray.jsonl");
    fs::write(&stray, "{\"prompt_id\": \"nowhere\", \"model_id\": 1, \"label\": 1}\n").unwrap();
    let other = shards.path("other");
    fs::create_dir(&other).unwrap();
    fs::write(Path::new(&other).join("1.csv"), "prompt_id,model_id,label\n1,1,1\n").unwrap();
    fs::write(Path::new(&other).join("2.csv"), "model_id,prompt_id,label\n1,2,1\n").unwrap();
    let cases = [
        (format!("{SELECT} '{other}/'"), 2, "has the columns model_id, prompt_id, label, but"),
        ("SELEKT 1".into(), 2, "SELEKT"),
        (format!("{SELECT} '{}'", shards.path("none/*.parquet")), 2, "no supported files"),
        (format!("{SELECT} answers"), 2, "put its path in quotes"),
        (format!("{SELECT} '{odd}'"), 2, "no supported files"),
        (format!("{SELECT} '{mixed}/'"), 2, "two kinds of files, .csv and .jsonl"),
        (
            all.replace(", label", ""),
            2,
            "the query has no column `label` (it has prompt_id, model_id)",
        ),
        (all.replace("label", "labl"), 2, "labl"),
        (format!("{all} WHERE label > 7"), 2, "the query returned no rows"),
        (
            format!("{SELECT} '{stray}'"),
            2,
            "the rows of --sql:1: no question has the prompt_id `nowhere`",
        ),
        (format!("{all} UNION ALL {all}"), 2, "duplicate response"),
        (format!("COPY ({all}) TO '{out}.csv'"), 2, "fix:"),
        (format!("CREATE TABLE t AS {all}"), 2, "fix:"),
    ];
    for (query, code, problem) in cases {
        let found = llmap(&["train", &shards.data, "-o", &out, "--sql", &query]);
        assert_eq!(found.0, code, "{query}: {}", found.2);
        assert!(found.2.contains(problem), "{query}: {}", found.2);
        assert!(!Path::new(&out).exists() && !Path::new(&format!("{out}.csv")).exists());
    }
    let train = ["train", &shards.data, "-o", &out, "--sql", &all, "--cluster"];
    for (cluster, code) in [("http://localhost:1", 2), ("df://localhost:1", 1)] {
        let found = llmap(&[&train[..], &[cluster]].concat());
        assert_eq!(found.0, code, "{cluster}: {}", found.2);
    }
    let found = llmap(&["import", "helm", "--sql", &all, "--dry-run"]);
    assert!(found.0 == 2 && found.2.contains("import long"), "{}", found.2);
}

/// A server of one file, which answers as object stores do: also for parts of it.
fn serve(bytes: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let request = lines.next().unwrap_or_default();
            let headers: Vec<String> =
                lines.take_while(|line| !line.is_empty()).map(|line| line.to_lowercase()).collect();
            let range = headers.iter().find_map(|line| line.strip_prefix("range: bytes="));
            let (status, part) = match range.and_then(|range| range.split_once('-')) {
                Some((from, to)) => {
                    let from: usize = from.parse().unwrap();
                    let to = to.parse().map_or(bytes.len(), |to: usize| bytes.len().min(to + 1));
                    let range = format!("content-range: bytes {from}-{}/{}", to - 1, bytes.len());
                    (format!("206 Partial Content\r\n{range}"), from..to)
                }
                None => ("200 OK".into(), 0..bytes.len()),
            };
            let mut stream = &stream;
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                part.len()
            );
            stream.write_all(head.as_bytes()).unwrap();
            if !request.starts_with("HEAD") {
                stream.write_all(&bytes[part]).unwrap();
            }
        }
    });
    format!("http://{address}")
}

#[test]
fn tables_may_be_in_a_store() {
    let shards = Shards::new();
    let (responses, parquet) = (sample().join("responses.csv"), shards.path("parquet"));
    let query = format!("{SELECT} '{}/responses.csv'", serve(fs::read(responses).unwrap()));
    let out = succeeds(&["train", &shards.data, "-o", &parquet, "--sql", &query, "--epochs", "1"]);
    assert!(out.contains("2,470 responses"), "{out}");
}

/// A scheduler and two executors, over loopback.
#[cfg(feature = "cluster-test")]
#[test]
fn a_cluster_gives_the_bytes_of_one_process() {
    use ballista_core::serde::BallistaCodec;
    use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let scheduler = runtime.block_on(async {
        let address = ballista_scheduler::standalone::new_standalone_scheduler().await.unwrap();
        for _ in 0..2 {
            let url = format!("http://localhost:{}", address.port());
            let scheduler = SchedulerGrpcClient::connect(url).await.unwrap();
            ballista_executor::new_standalone_executor(scheduler, 2, BallistaCodec::default())
                .await
                .unwrap();
        }
        format!("df://localhost:{}", address.port())
    });
    Shards::new().trains_as_the_sample(&["--cluster", &scheduler]);
}
