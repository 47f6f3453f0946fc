//! Fetching from a server on this machine that lays its files out as the hub does, and using what
//! was fetched.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const REPOSITORY: &str = "/sentence-transformers/all-MiniLM-L6-v2/resolve/main/";

/// How the server treats model.safetensors.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Honest,
    /// It hangs up in the middle, so many times.
    Breaks(u32),
    /// It sends other bytes than it promised.
    Lies,
}

/// A hub with one encoder.
struct Hub {
    endpoint: String,
    /// Method, path and the headers `range` and `authorization` of every request.
    requests: Arc<Mutex<Vec<(String, String, String)>>>,
    mood: Arc<Mutex<Mood>>,
}

impl Hub {
    fn open(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (requests, mood) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(mood)));
        let hub = Self { endpoint, requests, mood };
        let (requests, mood) = (Arc::clone(&hub.requests), Arc::clone(&hub.mood));
        thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that hangs up is its own concern.
                let _ = answer(&stream.unwrap(), &requests, &mood);
            }
        });
        hub
    }

    fn ranges(&self, file: &str) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let of_file = requests.iter().filter(|(path, ..)| path.ends_with(file));
        of_file.map(|(_, range, _)| range.clone()).filter(|range| range != "bytes=0-0").collect()
    }
}

fn answer(
    mut stream: &TcpStream,
    requests: &Mutex<Vec<(String, String, String)>>,
    mood: &Mutex<Mood>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap_or(Ok(String::new()))?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = HashMap::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let header = |name: &str| headers.get(name).cloned().unwrap_or_default();
    let range = header("range");
    requests.lock().unwrap().push((path.clone(), range.clone(), header("authorization")));
    let file = path.strip_prefix(REPOSITORY).map(|file| fixture().join(file));
    let Some(mut bytes) = file.and_then(|file| std::fs::read(file).ok()) else {
        return write!(stream, "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    };
    let size = bytes.len();
    // Large files are named by SHA-256.
    let hex = |text: String, byte: &u8| text + &format!("{byte:02x}");
    let name = Sha256::digest(&bytes).iter().fold(String::new(), hex);
    let (from, to) = range.trim_start_matches("bytes=").split_once('-').unwrap_or(("0", ""));
    let from: usize = from.parse().unwrap_or(0).min(size);
    let to = to.parse().map_or(size, |to: usize| to + 1).min(size);
    let mut sent = to;
    if path.ends_with("model.safetensors") && to > 1 {
        let mut mood = mood.lock().unwrap();
        match *mood {
            Mood::Breaks(0) | Mood::Honest => {}
            Mood::Breaks(n) => (*mood, sent) = (Mood::Breaks(n - 1), usize::midpoint(from, to)),
            Mood::Lies => bytes.fill(7),
        }
    }
    write!(
        stream,
        "HTTP/1.1 206 Partial Content\r\ncontent-length: {}\r\ncontent-range: bytes {from}-{}/{size}\r\n\
         etag: \"{name}\"\r\nx-repo-commit: 0123abcd\r\nconnection: close\r\n\r\n",
        to - from,
        to.max(1) - 1,
    )?;
    stream.write_all(&bytes[from..sent])
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/encoders/bert")
}

/// A user with folders of their own.
struct User {
    home: TempDir,
    endpoint: String,
}

impl User {
    fn of(endpoint: &str) -> Self {
        Self { home: tempfile::tempdir().unwrap(), endpoint: endpoint.into() }
    }

    fn path(&self, name: &str) -> String {
        self.home.path().join(name).display().to_string()
    }

    /// Exit code, standard output and standard error.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        self.run_with(arguments, &[])
    }

    /// The same with more variables of the environment.
    fn run_with(&self, arguments: &[&str], more: &[(&str, &str)]) -> (i32, String, String) {
        let mut command = cargo_bin_cmd!("llmap");
        command.args(arguments).env_remove("LLMAP_ENCODERS").env("HF_TOKEN", "a-token");
        command.env("HF_HOME", self.path("hub")).env("HF_ENDPOINT", &self.endpoint);
        command.env("XDG_CACHE_HOME", self.path("cache"));
        for name in
            ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"]
        {
            command.env_remove(name);
        }
        command.envs(more.iter().copied());
        let run = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (run.status.code().unwrap(), text(run.stdout), text(run.stderr))
    }

    /// Standard output of a command that succeeds.
    fn output(&self, arguments: &[&str]) -> String {
        let (code, out, error) = self.run(arguments);
        assert_eq!(code, 0, "{arguments:?}: {error}");
        out
    }
}

fn sample() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample").display().to_string()
}

#[test]
fn a_fetched_encoder_is_whole_and_trains() {
    let hub = Hub::open(Mood::Honest);
    let user = User::of(&hub.endpoint);
    let (code, _, error) = user.run(&["train", &sample(), "-o", "x", "--encoder", "minilm"]);
    assert_eq!(code, 2);
    assert!(error.contains("llmap fetch minilm"), "{error}");

    let fetched: Value =
        serde_json::from_str(&user.output(&["fetch", "minilm", "--json", "-q"])).unwrap();
    let folder = PathBuf::from(fetched["folder"].as_str().unwrap());
    assert!(folder.starts_with(user.home.path().join("hub")));
    for file in ["model.safetensors", "1_Pooling/config.json"] {
        assert_eq!(
            std::fs::read(folder.join(file)).unwrap(),
            std::fs::read(fixture().join(file)).unwrap()
        );
    }
    assert!(hub.requests.lock().unwrap().iter().all(|(.., token)| token == "Bearer a-token"));

    let embedder = user.path("sample.safetensors");
    let encoder = "builtin+minilm";
    user.output(&[
        "train",
        &sample(),
        "-o",
        &embedder,
        "--encoder",
        encoder,
        "--epochs",
        "2",
        "-q",
    ]);
    let about: Value =
        serde_json::from_str(&user.output(&["inspect", &embedder, "--json"])).unwrap();
    assert_eq!(about["encoder"], "builtin+all-MiniLM-L6-v2");
    let routed = user.output(&["route", &embedder, "the river divides the sum", "--json"]);
    // The same again: the vectors now come out of the cache.
    let again = user.path("again.safetensors");
    user.output(&["train", &sample(), "-o", &again, "--encoder", encoder, "--epochs", "2", "-q"]);
    let candidates =
        |text: &str| serde_json::from_str::<Value>(text).unwrap()[0]["candidates"].to_string();
    let rerouted = user.output(&["route", &again, "the river divides the sum", "--json"]);
    assert_eq!(candidates(&routed), candidates(&rerouted));

    // Without the encoder, all but reading prompts goes on.
    let elsewhere = User::of(&hub.endpoint);
    let (code, _, error) = elsewhere.run(&["route", &embedder, "the river"]);
    assert_eq!(code, 2);
    assert!(error.contains("all-MiniLM-L6-v2") && error.contains("llmap fetch minilm"), "{error}");
    let about = elsewhere.output(&["inspect", &embedder, "--json"]);
    let about: Value = serde_json::from_str(&about).unwrap();
    assert_eq!(about["encoder_parts"][1]["here"], false);
    elsewhere.output(&["probe", &embedder, "--json"]);
    elsewhere.output(&["fetch", "minilm", "-q"]);
    elsewhere.output(&["route", &embedder, "the river"]);
}

#[test]
fn a_broken_download_goes_on_where_it_stopped() {
    let hub = Hub::open(Mood::Breaks(1));
    let user = User::of(&hub.endpoint);
    user.output(&["fetch", "minilm", "-q"]);
    let ranges = hub.ranges("model.safetensors");
    assert_eq!(ranges[0], "bytes=0-");
    assert!(ranges.len() == 2 && ranges[1] != "bytes=0-", "{ranges:?}");

    // Again: all is there, nothing is downloaded.
    user.output(&["fetch", "minilm", "-q"]);
    assert_eq!(hub.ranges("model.safetensors").len(), 2);
}

#[test]
fn what_does_not_have_its_hash_is_not_kept() {
    let hub = Hub::open(Mood::Lies);
    let user = User::of(&hub.endpoint);
    let (code, out, error) = user.run(&["fetch", "minilm", "-q"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(error.contains("hash") && error.contains("fix:"), "{error}");
    *hub.mood.lock().unwrap() = Mood::Honest;
    user.output(&["fetch", "minilm", "-q"]);

    // A file that went bad later is noticed and fetched again.
    let folder = user.output(&["fetch", "minilm", "-q"]);
    let weights = Path::new(folder.trim()).join("model.safetensors");
    let target = weights.canonicalize().unwrap();
    let size = std::fs::metadata(&target).unwrap().len();
    std::fs::write(&target, vec![0; usize::try_from(size).unwrap()]).unwrap();
    user.output(&["fetch", "minilm", "-q"]);
    let fixed = std::fs::read(&weights).unwrap();
    assert_eq!(fixed, std::fs::read(fixture().join("model.safetensors")).unwrap());
}

#[test]
fn without_a_network_the_error_says_what_to_do() {
    // A port that was free a moment ago: nobody answers.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let user = User::of(&format!("http://127.0.0.1:{port}"));
    let (code, out, error) = user.run(&["fetch", "embedllm", "-q"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(error.contains("HF_ENDPOINT") && error.contains("RZ412/EmbedLLM"), "{error}");
    let (code, ..) = user.run(&["fetch", "everything"]);
    assert_eq!(code, 2);
}

#[test]
fn the_hubs_own_variables_are_honored() {
    let hub = Hub::open(Mood::Honest);
    let user = User::of(&hub.endpoint);
    let offline = ("HF_HUB_OFFLINE", "1");
    let (code, _, error) = user.run_with(&["fetch", "minilm", "-q"], &[offline]);
    assert!(code == 1 && error.contains("HF_HUB_OFFLINE is set"), "{error}");
    assert!(hub.requests.lock().unwrap().is_empty(), "nothing is asked of the server");

    let elsewhere = user.path("elsewhere");
    let cache = ("HF_HUB_CACHE", elsewhere.as_str());
    let (code, folder, error) = user.run_with(&["fetch", "minilm", "-q"], &[cache]);
    assert!(code == 0 && Path::new(folder.trim()).starts_with(&elsewhere), "{error}");
    let asked = hub.requests.lock().unwrap().len();
    let (code, again, _) = user.run_with(&["fetch", "minilm", "-q"], &[cache, offline]);
    assert_eq!((code, again, hub.requests.lock().unwrap().len()), (0, folder, asked));
}
