//! Reading records: both layouts, and what is said of files that are not as they should be.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use llmap::Error;
use llmap::dataset::{self, Kind, Split, Values, load_attributes};
use proptest::prelude::*;

const QUESTIONS: &str = "prompt_id,category,split,prompt\n\
    1,sums,train,What is 2+2?\n\
    2,sums,val,\"Two\nlines\"\n\
    3,birds,train,Which bird?\n";
const MODELS: &str = "model_id,model_name,coder,params_b,family\n0,a,1,7,x\n1,b,0,,y\n";
const RESPONSES: &str = "prompt_id,model_id,label\n1,0,1\n1,1,0\n2,0,0.5\n3,1,1\n";
const KINDS: &str = "category,kind,description\n\
    nowhere,judge,a category without questions\nbirds,preference,\"whose bird, by a judge\"\n";

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn tables(questions: &str, models: &str, responses: &str) -> tempfile::TempDir {
    folder(&[
        ("questions.csv", questions.as_bytes()),
        ("models.csv", models.as_bytes()),
        ("responses.csv", responses.as_bytes()),
    ])
}

/// The error of a folder as file name, line and problem.
fn fault(folder: &Path) -> (String, Option<u64>, String) {
    match dataset::load(folder) {
        Err(error @ Error::Input { .. }) => {
            assert_eq!(error.exit_code(), 2);
            let Error::Input { file, line, problem, fix } = error else { unreachable!() };
            assert!(!fix.is_empty());
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            (name, line, problem)
        }
        other => panic!("expected an input error, got {other:?}"),
    }
}

#[test]
fn tables_are_read() {
    let data = dataset::load(tables(QUESTIONS, MODELS, RESPONSES).path()).unwrap();
    assert_eq!(data.models, ["a", "b"]);
    assert_eq!(data.categories, ["sums", "birds"]);
    assert_eq!(&*data.questions[1].prompt, "Two\nlines");
    assert_eq!(data.split(Split::Train), [0, 2]);
    assert_eq!(data.responses.of(0).collect::<Vec<_>>(), [(0, 1.0), (1, 0.0)]);
    assert_eq!(data.responses.of(1).collect::<Vec<_>>(), [(0, 0.5)]);
    let values: Vec<_> = data.attributes.iter().map(|a| (a.name.as_str(), &a.values)).collect();
    let class = |v: &str| Some(v.to_owned());
    assert_eq!(
        values,
        [
            ("coder", &Values::Flag(vec![Some(true), Some(false)])),
            ("params_b", &Values::Number(vec![Some(7.0), None])),
            ("family", &Values::Class(vec![class("x"), class("y")])),
        ]
    );
}

#[test]
fn compressed_tables_are_read() {
    use std::io::Write;
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(RESPONSES.as_bytes()).unwrap();
    let zst = ruzstd::encoding::compress_to_vec(
        QUESTIONS.as_bytes(),
        ruzstd::encoding::CompressionLevel::Fastest,
    );
    let compressed = folder(&[
        ("questions.csv.zst", &zst),
        ("models.csv", MODELS.as_bytes()),
        ("responses.csv.gz", &gz.finish().unwrap()),
    ]);
    let plain = tables(QUESTIONS, MODELS, RESPONSES);
    let [a, b] = [&compressed, &plain].map(|f| dataset::load(f.path()).unwrap().fingerprint());
    assert_eq!(a, b);
}

#[test]
fn without_a_split_column_texts_are_dealt_out() {
    let mut questions = String::from("prompt_id,prompt\n");
    let mut responses = String::from("prompt_id,model_id,label\n");
    for i in 0..300 {
        questions += &format!("{i},text {}\n", i % 150);
        responses += &format!("{i},0,1\n");
    }
    let data = dataset::load(tables(&questions, MODELS, &responses).path()).unwrap();
    let [train, val, test] = Split::ALL.map(|split| data.split(split).len());
    assert!(train > 200 && val > 5 && test > 5, "{train} {val} {test}");
    assert!((0..150).all(|i| data.questions[i].split == data.questions[i + 150].split));
    assert_eq!(data.categories, ["all"]);
}

#[test]
fn the_embedllm_layout_is_read() {
    let fixture = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/embedllm");
    let data = dataset::load(&fixture).unwrap();
    assert_eq!(data.models, ["fixture-small", "fixture-large", "fixture-bird"]);
    assert_eq!(data.categories, ["sums", "birds"]);
    assert_eq!(Split::ALL.map(|split| data.split(split).len()), [4, 2, 1]);
    assert_eq!(data.responses.len(), 20);
    assert_eq!(data.responses.of(3).collect::<Vec<_>>(), [(1, 1.0), (2, 1.0)]);
}

#[test]
fn every_fault_of_a_table_names_file_and_line() {
    let cases = [
        (
            "questions.csv",
            3,
            "duplicate prompt_id `1` (first on line 2)",
            QUESTIONS.replace("\n2,", "\n1,"),
        ),
        ("questions.csv", 2, "`dev` is not a split", QUESTIONS.replacen("train", "dev", 1)),
        ("questions.csv", 2, "`prompt` is empty", QUESTIONS.replace("What is 2+2?", " ")),
        (
            "questions.csv",
            1,
            "no column `prompt`",
            QUESTIONS.replacen("split,prompt", "split,text", 1),
        ),
        (
            "questions.csv",
            1,
            "duplicate column `prompt`",
            QUESTIONS.replacen("split,prompt", "prompt,prompt", 1),
        ),
        (
            "models.csv",
            3,
            "duplicate model_name `a` (first on line 2)",
            MODELS.replace("1,b", "1,a"),
        ),
        ("models.csv", 3, "duplicate model_id `0` (first on line 2)", MODELS.replace("1,b", "0,b")),
        ("models.csv", 2, "4 cells where the header has 5", MODELS.replace("0,a,1,", "0,a,")),
        ("responses.csv", 2, "prompt_id `9`", RESPONSES.replacen("\n1,0", "\n9,0", 1)),
        ("responses.csv", 2, "model_id `7`", RESPONSES.replacen("\n1,0", "\n1,7", 1)),
        ("responses.csv", 3, "duplicate response of model", RESPONSES.replace("1,1,0", "1,0,0")),
        ("responses.csv", 4, "`2` is not a number from 0 to 1", RESPONSES.replace("0.5", "2")),
        ("responses.csv", 4, "`nan` is not a number", RESPONSES.replace("0.5", "nan")),
        ("responses.csv", 4, "`` is not a number", RESPONSES.replace("0.5", "")),
        ("responses.csv", 1, "no column `label`", RESPONSES.replace("label", "score")),
        ("categories.csv", 3, "`taste` is not a kind", KINDS.replace("preference", "taste")),
        ("categories.csv", 3, "`kind` is empty", KINDS.replace("preference", "")),
        (
            "categories.csv",
            3,
            "duplicate category `nowhere` (first on line 2)",
            KINDS.replace("birds", "nowhere"),
        ),
        ("categories.csv", 1, "no column `kind`", KINDS.replace("kind", "sort")),
    ];
    for (file, line, problem, content) in cases {
        let content =
            |name: &str, good: &str| if name == file { content.clone() } else { good.into() };
        let folder = tables(
            &content("questions.csv", QUESTIONS),
            &content("models.csv", MODELS),
            &content("responses.csv", RESPONSES),
        );
        fs::write(folder.path().join("categories.csv"), content("categories.csv", KINDS)).unwrap();
        let found = fault(folder.path());
        assert_eq!((found.0.as_str(), found.1), (file, Some(line)), "{problem}: {found:?}");
        assert!(found.2.contains(problem), "{problem}: {found:?}");
    }
}

#[test]
fn bytes_that_are_no_text_name_their_line() {
    let mut questions = QUESTIONS.as_bytes().to_vec();
    let at = questions.windows(3).position(|w| w == b"Whi").unwrap();
    questions[at] = 0xff;
    let folder = folder(&[
        ("questions.csv", &questions),
        ("models.csv", MODELS.as_bytes()),
        ("responses.csv", RESPONSES.as_bytes()),
    ]);
    let (file, line, problem) = fault(folder.path());
    // The question before spans two lines.
    assert_eq!((file.as_str(), line), ("questions.csv", Some(5)));
    assert!(problem.contains("not UTF-8"));
}

#[test]
fn a_cut_compressed_table_is_told() {
    let mut zst = ruzstd::encoding::compress_to_vec(
        RESPONSES.as_bytes(),
        ruzstd::encoding::CompressionLevel::Fastest,
    );
    zst.truncate(zst.len() / 2);
    let folder = folder(&[
        ("questions.csv", QUESTIONS.as_bytes()),
        ("models.csv", MODELS.as_bytes()),
        ("responses.csv.zst", &zst),
    ]);
    assert_eq!(fault(folder.path()).0, "responses.csv.zst");
}

#[test]
fn a_folder_without_data_says_what_belongs_there() {
    let empty = folder(&[]);
    assert!(fault(empty.path()).2.contains("no data set"));
    let partial = folder(&[("responses.csv", RESPONSES.as_bytes())]);
    assert!(fault(partial.path()).2.contains("no questions table"));
    assert!(fault(&empty.path().join("nowhere")).2.contains("no such folder"));
}

fn with_kinds(kinds: &str) -> tempfile::TempDir {
    let folder = tables(QUESTIONS, MODELS, RESPONSES);
    fs::write(folder.path().join("categories.csv"), kinds).unwrap();
    folder
}

#[test]
fn categories_are_correctness_unless_the_table_names_another_kind() {
    let kinds = |folder: &Path| dataset::load(folder).unwrap().kinds;
    let plain = tables(QUESTIONS, MODELS, RESPONSES);
    assert_eq!(kinds(plain.path()), [Kind::Correctness; 2]);
    assert_eq!(kinds(with_kinds(KINDS).path()), [Kind::Correctness, Kind::Preference]);
    let unknown = dataset::load(with_kinds("category,kind\nsums,taste\n").path());
    let unknown = unknown.unwrap_err().to_string();
    assert!(unknown.contains("write correctness, preference or judge"), "{unknown}");
    let judged = kinds(with_kinds("kind,category\njudge,sums\n").path());
    assert_eq!(judged, [Kind::Judge, Kind::Correctness]);

    let folder = tempfile::tempdir().unwrap();
    let fixture = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/embedllm");
    for file in fs::read_dir(&fixture).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    fs::write(folder.path().join("categories.csv"), KINDS).unwrap();
    assert_eq!(kinds(folder.path()), [Kind::Correctness, Kind::Preference], "EmbedLLM");
}

#[test]
fn descriptions_of_categories_stay_with_them_and_are_written_and_read_back() {
    let about = "category,kind,description\nsums,correctness, whole numbers \nnowhere,judge,lost\n";
    let data = dataset::load(with_kinds(about).path()).unwrap();
    assert_eq!(data.descriptions, ["whole numbers", ""]);
    assert_eq!(data.with_models(&[1]).descriptions, data.descriptions);
    let plain = dataset::load(tables(QUESTIONS, MODELS, RESPONSES).path()).unwrap();
    assert_eq!((plain.descriptions.len(), plain.fingerprint()), (2, data.fingerprint()));
    let to = tempfile::tempdir().unwrap();
    let folder = to.path().join("copy");
    data.write(&folder, dataset::Form::Csv, true).unwrap();
    let table = fs::read_to_string(folder.join("categories.csv")).unwrap();
    assert!(table.starts_with("category,kind,description\nsums,correctness,whole numbers\n"));
    assert_eq!(dataset::load(&folder).unwrap().descriptions, data.descriptions);
}

#[test]
fn kinds_stay_with_their_categories_and_count_in_the_fingerprint_where_they_matter() {
    let [plain, same, other] = [
        tables(QUESTIONS, MODELS, RESPONSES),
        with_kinds("category,kind\nsums,correctness\nnowhere,judge\n"),
        with_kinds(KINDS),
    ]
    .map(|folder| dataset::load(folder.path()).unwrap());
    assert_eq!(plain.fingerprint(), same.fingerprint());
    assert_ne!(plain.fingerprint(), other.fingerprint());
    for part in [other.only(|q| q < 2), other.with_models(&[1]), other.with_responses(|q, _| q > 0)]
    {
        assert_eq!(part.kinds, other.kinds);
    }
    let sums = |data: &dataset::Dataset| data.only(|q| q < 2).fingerprint();
    assert_eq!(sums(&plain), sums(&other), "no question of the other kind is left");
}

#[test]
fn embedllm_rows_must_agree_with_each_other() {
    let header = "prompt_id,model_id,model_name,category,label,prompt\n";
    for (second, problem) in [
        ("1,0,b,c,1,text", "model_id `0` is `a` above and `b` here"),
        ("1,1,a,c,1,text", "another model_id above"),
        ("1,1,b,c,1,other text", "another prompt or category"),
        ("1,0,a,c,1,text", "duplicate response"),
    ] {
        let train = format!("{header}1,0,a,c,1,text\n{second}\n");
        let (file, line, found) = fault(folder(&[("train.csv", train.as_bytes())]).path());
        assert_eq!((file.as_str(), line), ("train.csv", Some(3)));
        assert!(found.contains(problem), "{found}");
    }
}

#[test]
fn attributes_join_by_name_and_slips_get_a_hint() {
    let models = ["alpaca-7b".to_owned(), "vicuna-13b".to_owned()];
    let files = folder(&[
        ("good.csv", b"model_name,fast\nvicuna-13b,1\n"),
        ("slip.csv", b"model_name,fast\nvicuna-13,1\n"),
    ]);
    let attributes = load_attributes(&files.path().join("good.csv"), &models).unwrap().attributes;
    assert_eq!(attributes[0].values, Values::Flag(vec![None, Some(true)]));
    let error = load_attributes(&files.path().join("slip.csv"), &models).unwrap_err().to_string();
    assert!(error.contains("slip.csv:2") && error.contains("is it `vicuna-13b`?"), "{error}");
}

#[test]
fn problems_are_told_without_failing() {
    let questions = QUESTIONS.replace("Which bird?", "What is 2+2?").replacen(
        "3,birds,train",
        "3,birds,test",
        1,
    );
    let data = dataset::load(tables(&questions, MODELS, RESPONSES).path()).unwrap();
    assert!(data.problems().iter().any(|p| p.contains("text of a question in another split")));
}

#[test]
fn the_open_records_are_read_whole() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/openevals");
    if !path.is_dir() {
        println!("skipped: the open records are not on this machine");
        return;
    }
    let data = dataset::load(&path).unwrap();
    assert_eq!((data.models.len(), data.questions.len()), (173, 18_015));
    assert_eq!(data.responses.len(), 517_292);
    assert_eq!(data.problems(), ["the test split is empty"; 0]);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let folder = folder(&[
            ("questions.csv", QUESTIONS.as_bytes()),
            ("models.csv", MODELS.as_bytes()),
            ("responses.csv", &bytes),
        ]);
        prop_assert!(dataset::load(folder.path()).is_err());
        let folder = self::folder(&[("train.csv", &bytes)]);
        prop_assert!(dataset::load(folder.path()).is_err());
    }
}

#[test]
fn few_questions_without_splits_have_some_for_train_and_for_val() {
    for seed in 0..20 {
        for n in 3..24 {
            // Every text occurs twice, and the last one has no answer.
            let rows = |q: usize| format!("{q},sums,Question {seed} of {}?\n", q / 2);
            let questions: String = (0..2 * n).map(rows).collect();
            let answers = (0..2 * n - 2).map(|q| format!("{q},0,1\n")).collect::<Vec<_>>().concat();
            let folder = tables(
                &format!("prompt_id,category,prompt\n{questions}"),
                MODELS,
                &format!("prompt_id,model_id,label\n{answers}"),
            );
            let data = dataset::load(folder.path()).unwrap();
            let has = |split: Split| data.split(split).into_iter().any(|q| q < 2 * n - 2);
            assert!(has(Split::Train) && has(Split::Val), "{n} texts of {seed}");
            for pair in data.questions.chunks(2) {
                assert_eq!(pair[0].split, pair[1].split, "a text stays on one side");
            }
        }
    }
}

#[test]
fn a_quote_that_is_not_closed_is_an_error_wherever_it_begins() {
    let last = RESPONSES.replace("3,1,1\n", "3,1,\"1");
    let (name, line, problem) = fault(tables(QUESTIONS, MODELS, &last).path());
    assert_eq!((&*name, line), ("responses.csv", Some(5)));
    assert!(problem.contains("not closed"), "{problem}");
    for questions in [format!("{QUESTIONS}4,sums,train,\"What"), "prompt_id,\"prompt\n".into()] {
        let (name, _, problem) = fault(tables(&questions, MODELS, RESPONSES).path());
        assert!(name == "questions.csv" && problem.contains("not closed"), "{problem}");
    }
    // What ends well, in every way.
    let blank = format!("3,1,1{}", "\r\n".repeat(500));
    for end in ["3,1,1", "3,1,\"1\"", "3,1,\"1\"\r\n", "3,1,1\n\n\n", &blank] {
        let responses = RESPONSES.replace("3,1,1\n", end);
        let read = dataset::load(tables(QUESTIONS, MODELS, &responses).path());
        assert!(read.is_ok(), "{end:.20}: {read:?}");
    }
}

#[test]
fn a_row_that_looks_like_the_end_is_a_row() {
    let (_, line, problem) = fault(
        tables(QUESTIONS, MODELS, &RESPONSES.replace("1,1,0", "\0end of the table\0")).path(),
    );
    assert_eq!((line, &*problem), (Some(3), "1 cells where the header has 3"));
}

/// Bytes that unpack to `text` and then `times` mebibytes of `fill`.
fn bomb(text: &str, fill: &str, times: usize) -> Vec<u8> {
    use std::io::Write;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(text.as_bytes()).unwrap();
    let block = fill.repeat((1 << 20) / fill.len());
    for _ in 0..times {
        packed.write_all(block.as_bytes()).unwrap();
    }
    packed.finish().unwrap()
}

#[test]
fn what_unpacks_to_too_much_is_refused_by_name() {
    let (models, questions) = (("models.csv", MODELS.as_bytes()), ("questions.csv", QUESTIONS));
    let questions = (questions.0, questions.1.as_bytes());
    let responses = ("responses.csv", RESPONSES.as_bytes());
    for (packed, message) in [
        // One endless cell, one endless header.
        (bomb("prompt_id,prompt\n1,\"", "x", 20), "a row is longer than 16 MiB"),
        (bomb("prompt_id,", "x", 20), "a row is longer than 16 MiB"),
        (bomb("prompt_id,prompt\n1,a\n", "\n", 20), "a row is longer than 16 MiB"),
    ] {
        let folder = folder(&[models, responses, ("questions.csv.gz", &packed)]);
        let (name, _, problem) = fault(folder.path());
        assert!(name == "questions.csv.gz" && problem.contains(message), "{problem}");
    }
    // Many equal rows are found as soon as there are more than pairs.
    let equal = bomb("prompt_id,model_id,label\n", "1,0,1\n", 20);
    let folder = folder(&[models, questions, ("responses.csv.gz", &equal)]);
    let (name, line, problem) = fault(folder.path());
    assert_eq!((&*name, line), ("responses.csv.gz", Some(3)));
    assert!(problem.contains("duplicate response"), "{problem}");
}

#[test]
fn a_folder_that_may_not_be_read_says_so() {
    let folder = tables(QUESTIONS, MODELS, RESPONSES);
    // Below a file there is nothing to look for.
    let file = folder.path().join("models.csv").join("below");
    assert!(matches!(dataset::load(&file), Err(Error::Io { .. })));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for mode in [0o000, 0o444] {
            let permissions = fs::Permissions::from_mode(mode);
            fs::set_permissions(folder.path(), permissions).unwrap();
            // For root every folder is open.
            if fs::metadata(folder.path().join("models.csv")).is_err() {
                let error = dataset::load(folder.path()).unwrap_err();
                assert!(matches!(error, Error::Io { .. }), "{error}");
            }
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn names_that_look_the_same_are_remarked_upon() {
    let models = "model_id,model_name\n0,a\n1,a\u{200b}\n";
    let data = dataset::load(tables(QUESTIONS, models, RESPONSES).path()).unwrap();
    assert!(data.problems().iter().any(|p| p.contains("`a\\u{200b}` look the same")));
}

#[test]
fn answers_are_found_as_a_spreadsheet_leaves_them() {
    let questions = QUESTIONS.replace("What is 2+2?", "=2+2 is what?");
    let data = dataset::load(tables(&questions, MODELS, RESPONSES).path()).unwrap();
    let folder = folder(&[("a.csv", b"prompt,label\n'=2+2 is what?,1\n")]);
    let answers = dataset::load_answers(&folder.path().join("a.csv"), Some(&data)).unwrap();
    assert_eq!(answers[0].question, Some(0));
}

#[cfg(unix)]
#[test]
fn only_files_and_pipes_are_read() {
    let zero = Path::new("/dev/zero");
    let models = ["a".to_owned()];
    for error in [
        load_attributes(zero, &models).unwrap_err(),
        dataset::load_rules(zero, &models).unwrap_err(),
        dataset::load_answers(zero, None).unwrap_err(),
        dataset::load_scores(zero, &models, 1).unwrap_err(),
        llmap::embedder::Embedder::load(zero).err().unwrap(),
        llmap::analysis::router::pools::Pools::load(zero).unwrap_err(),
    ] {
        assert!(error.to_string().contains("/dev/zero: a device"), "{error}");
    }
    let (reader, mut writer) = std::io::pipe().unwrap();
    std::io::Write::write_all(&mut writer, b"model_name,x\na,1\n").unwrap();
    drop(writer);
    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
    if Path::new(&path).exists() {
        assert_eq!(load_attributes(Path::new(&path), &models).unwrap().attributes.len(), 1);
    }
}
