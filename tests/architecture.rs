//! What may know what: read off the `use` lines and the paths of the sources. The allowed arrows are the
//! tables below; docs/architecture.md says why.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A module as its path: `["explorer", "state", "job"]`.
type Module = Vec<String>;

/// The modules of the crate: what stands in one line may know the lines above it, not each other.
const LAYERS: [&[&str]; 15] = [
    &["dirs", "printable", "logit", "cholesky", "kernels", "spreadsheet", "picture"],
    &["error", "quantized", "estimate"],
    &["progress"],
    &["names", "unpack", "atomic", "hub", "tensors", "sql"],
    &["table"],
    &["dataset"],
    &["import", "metrics", "encoder"],
    &["embedder"],
    &["analysis"],
    &["eval"],
    &["service"],
    &["export"],
    &["explorer"],
    &["cli"],
    &["fuzzing"],
];

/// The same of the explorer. What is in one line stands for what the state is made of, and may know each
/// other as long as no file knows itself by a detour.
const EXPLORER: [&[&str]; 7] = [
    &[
        "fuzzy",
        "user_file",
        "depth",
        "direction",
        "pane",
        "text",
        "theme",
        "command",
        "keys",
        "event",
        "effect",
        "state",
    ],
    &["layout", "graphics"],
    &["ui", "jobs"],
    &["export"],
    &["update"],
    &["app"],
    &["bench"],
];

/// Files of a folder of the explorer, at most.
const MOST: usize = 20;

struct Sources {
    texts: BTreeMap<Module, String>,
    /// What a module gives on under a name of its own.
    given_on: BTreeMap<Module, BTreeMap<String, Vec<String>>>,
}

#[test]
fn the_layers_of_the_crate_know_only_what_is_below() {
    let sources = Sources::read();
    let place = |module: &Module| {
        let name = module.first()?.as_str();
        let found = LAYERS.iter().position(|layer| layer.contains(&name));
        Some(found.unwrap_or_else(|| panic!("`{name}` is not in the table of layers")))
    };
    let mut wrong = Vec::new();
    for (from, to) in sources.arrows() {
        let (Some(a), Some(b)) = (place(&from), place(&to)) else { continue };
        if from[0] != to[0] && a <= b {
            wrong.push(format!("{} uses {}", from.join("::"), to.join("::")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_layers_of_the_explorer_know_only_what_is_below() {
    let sources = Sources::read();
    let place = |module: &Module| {
        let name = module.get(1).filter(|_| module[0] == "explorer")?.as_str();
        let found = EXPLORER.iter().position(|layer| layer.contains(&name));
        Some(found.unwrap_or_else(|| panic!("explorer::{name} is not in the table of layers")))
    };
    let mut wrong = Vec::new();
    for (from, to) in sources.arrows().into_iter().filter(|(from, _)| !from.is_empty()) {
        let (Some(a), Some(b)) = (place(&from), place(&to)) else { continue };
        if from[1] != to[1] && (a < b || a == b && a > 0) {
            wrong.push(format!("{} uses {}", from.join("::"), to.join("::")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_knows_itself_by_a_detour() {
    let sources = Sources::read();
    let mut arrows: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    for (from, to) in sources.arrows() {
        arrows.entry(from).or_default().insert(to);
    }
    let reached = |start: &Module| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![start.clone()]);
        while let Some(module) = open.pop() {
            for next in arrows.get(&module).into_iter().flatten() {
                if seen.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        seen
    };
    let circles: Vec<String> = arrows
        .keys()
        .filter(|module| reached(module).contains(*module))
        .map(|module| module.join("::"))
        .collect();
    assert!(circles.is_empty(), "in a circle: {circles:?}");
}

#[test]
fn the_folders_of_the_explorer_can_be_taken_in_at_a_glance() {
    let mut folders = vec![source("explorer")];
    while let Some(folder) = folders.pop() {
        let (inside, files): (Vec<PathBuf>, Vec<PathBuf>) = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| !path.ends_with("snapshots"))
            .partition(|path| path.is_dir());
        assert!(files.len() <= MOST, "{}: {} files", folder.display(), files.len());
        folders.extend(inside);
    }
}

#[test]
fn paths_are_found_in_use_lines_however_they_are_written() {
    let text = "use super::{a::{B, c as d}, e};\nfn f() { crate::g::h(); }";
    let mut found: Vec<String> = uses(text).iter().map(|u| u.path.join("::")).collect();
    found.sort();
    assert_eq!(found, ["crate::g::h", "super::a::B", "super::a::c", "super::e"]);
}

fn source(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder)
}

impl Sources {
    fn read() -> Self {
        let mut texts = BTreeMap::new();
        let mut folders = vec![source("")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let below = path.strip_prefix(source("")).unwrap().with_extension("");
                let mut module: Module =
                    below.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
                if module.last().is_some_and(|name| name == "mod") {
                    module.pop();
                }
                let is_test = module.iter().any(|name| name == "tests" || name == "snapshots");
                if is_test || module == ["main"] {
                    continue;
                }
                if module == ["lib"] {
                    module.clear();
                }
                texts.insert(module, without_tests(&fs::read_to_string(&path).unwrap()));
            }
        }
        let given_on = texts
            .iter()
            .map(|(module, text)| {
                let public = uses(text).into_iter().filter(|u| u.public);
                (module.clone(), public.map(|u| (u.name.clone(), u.path)).collect())
            })
            .collect();
        Self { texts, given_on }
    }

    /// From each module to those whose items it uses. What a module gives on from below is no arrow.
    fn arrows(&self) -> BTreeSet<(Module, Module)> {
        let mut arrows = BTreeSet::new();
        for (module, text) in &self.texts {
            for used in uses(text) {
                let Some(to) = self.home(module, &used.path, 0) else { continue };
                let given_on = used.public && to.len() > module.len() && to.starts_with(module);
                if to != *module && !given_on {
                    arrows.insert((module.clone(), to));
                }
            }
        }
        arrows
    }

    /// The module in which the item of a path is at home; none outside of the crate.
    fn home(&self, from: &Module, path: &[String], depth: usize) -> Option<Module> {
        let (mut at, mut rest) = (from.clone(), path);
        match path.first()?.as_str() {
            "crate" | "llmap" => {
                at.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|part| part == "super") {
                    at.pop();
                    rest = &rest[1..];
                }
            }
            child => {
                at.push(child.to_owned());
                if !self.texts.contains_key(&at) {
                    return None;
                }
                rest = &rest[1..];
            }
        }
        while let Some(part) = rest.first() {
            at.push(part.clone());
            if !self.texts.contains_key(&at) {
                at.pop();
                break;
            }
            rest = &rest[1..];
        }
        let elsewhere = rest.first().and_then(|item| self.given_on.get(&at)?.get(item));
        match elsewhere {
            Some(path) if depth < 6 => {
                let path: Vec<String> = path.iter().chain(&rest[1..]).cloned().collect();
                self.home(&at, &path, depth + 1)
            }
            _ => Some(at),
        }
    }
}

/// The source without comments and without its tests.
fn without_tests(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

struct Use {
    path: Vec<String>,
    /// The name under which it is known here.
    name: String,
    public: bool,
}

/// The paths of `use` lines, and those that stand in the code.
fn uses(text: &str) -> Vec<Use> {
    let mut found = Vec::new();
    let mut code = String::new();
    for statement in text.split_inclusive(';') {
        // A statement that begins a line with `use` is one; what stands before it is code.
        let start = statement
            .match_indices("use ")
            .find(|(at, _)| {
                let line = &statement[statement[..*at].rfind('\n').map_or(0, |n| n + 1)..*at];
                line.trim().is_empty() || line.trim_start().starts_with("pub")
            })
            .map(|(at, _)| at);
        let Some(start) = start.filter(|_| statement.ends_with(';')) else {
            code += statement;
            continue;
        };
        let before = &statement[..start];
        let public = before.trim_end().ends_with("pub") || before.trim_end().ends_with(')');
        code += before;
        for path in expanded(statement[start + 4..].trim_end_matches(';')) {
            let (path, name) = path
                .split_once(" as ")
                .map_or((path.as_str(), None), |(p, n)| (p, Some(n.trim().to_owned())));
            let path: Vec<String> = path.split("::").map(|part| part.trim().to_owned()).collect();
            let name = name.or_else(|| path.last().cloned()).unwrap_or_default();
            found.push(Use { path, name, public });
        }
    }
    for root in ["super::", "crate::"] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let end = code[at..].find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
            let path = code[at..at + end.unwrap_or(code.len() - at)].trim_end_matches(':');
            let path: Vec<String> = path.split("::").map(str::to_owned).collect();
            found.push(Use { name: path.last().cloned().unwrap_or_default(), path, public: false });
        }
    }
    found
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d` and `a::c::e`.
fn expanded(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((before, inside)) = tree.split_once('{') else { return vec![tree.to_owned()] };
    let inside = inside.trim_end().strip_suffix('}').expect("a closed brace");
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in inside.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 {
            parts.push(String::new());
        } else {
            parts.last_mut().unwrap().push(c);
        }
    }
    let parts = parts.iter().filter(|part| !part.trim().is_empty());
    parts.flat_map(|part| expanded(part)).map(|part| format!("{before}{part}")).collect()
}
