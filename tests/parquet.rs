//! Whatever takes CSV takes Parquet, packed in every way that is found on disks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assert_cmd::cargo::cargo_bin_cmd;
use llmap::dataset::{self, Values};
use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

/// A column as a program that knows types writes it.
enum Column {
    Texts(Vec<String>),
    Numbers(Vec<f64>),
    /// Days since 1970.
    Dates(Vec<i32>),
    /// Microseconds since 1970.
    Times(Vec<i64>),
}

fn write(path: &Path, columns: &[(&str, Column)]) {
    let field = |(name, column): &(&str, Column)| {
        let (physical, logical) = match column {
            Column::Texts(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Column::Numbers(_) => (Physical::DOUBLE, None),
            Column::Dates(_) => (Physical::INT32, Some(LogicalType::Date)),
            Column::Times(_) => {
                let unit = TimeUnit::MICROS;
                (Physical::INT64, Some(LogicalType::timestamp(true, unit)))
            }
        };
        let field = Type::primitive_type_builder(name, physical);
        let field = field.with_repetition(Repetition::REQUIRED).with_logical_type(logical);
        Arc::new(field.build().unwrap())
    };
    let fields = columns.iter().map(field).collect();
    let schema = Arc::new(Type::group_type_builder("t").with_fields(fields).build().unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let file = fs::File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for (_, column) in columns {
        let mut out = group.next_column().unwrap().unwrap();
        match column {
            Column::Texts(texts) => {
                let texts: Vec<ByteArray> = texts.iter().map(|t| t.as_str().into()).collect();
                out.typed::<ByteArrayType>().write_batch(&texts, None, None).unwrap();
            }
            Column::Numbers(numbers) => {
                out.typed::<DoubleType>().write_batch(numbers, None, None).unwrap();
            }
            Column::Dates(days) => {
                out.typed::<Int32Type>().write_batch(days, None, None).unwrap();
            }
            Column::Times(times) => {
                out.typed::<Int64Type>().write_batch(times, None, None).unwrap();
            }
        }
        out.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
}

/// Writes a table as CSV and, with its texts as they are, as Parquet.
fn both(folder: &Path, stem: &str, table: &str) -> [String; 2] {
    let path = |ending: &str| folder.join(format!("{stem}.{ending}"));
    fs::write(path("csv"), table).unwrap();
    let mut reader = csv::Reader::from_path(path("csv")).unwrap();
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let columns: Vec<(&str, Column)> = header
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let texts = rows.iter().map(|row| row[at].to_owned()).collect();
            (name.as_str(), Column::Texts(texts))
        })
        .collect();
    write(&path("parquet"), &columns);
    ["csv", "parquet"].map(|ending| path(ending).to_str().unwrap().to_owned())
}

fn run(arguments: &[&str], input: &str) -> String {
    let mut command = cargo_bin_cmd!("llmap");
    let out = command.args(arguments).write_stdin(input).output().unwrap();
    let error = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{arguments:?}: {error}");
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn pages_packed_with_brotli_are_read() {
    let root = tempfile::tempdir().unwrap();
    let to = root.path().join("data");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import/brotli.parquet");
    run(&["import", "long", from.to_str().unwrap(), "-o", to.to_str().unwrap()], "");
    let data = dataset::load(&to).unwrap();
    assert_eq!((data.models.len(), data.questions.len(), data.responses.len()), (2, 60, 120));
    assert_eq!(data.models, ["heron", "otter"]);
    assert!(data.questions.iter().all(|question| question.prompt.starts_with("How many legs do")));
}

#[test]
fn every_table_beside_an_embedder_is_read_as_parquet_too() {
    let root = tempfile::tempdir().unwrap();
    let embedder = llmap::embedder::Embedder::shipped().unwrap();
    let mut tags = "model_name,tagged\n".to_owned();
    let mut scores = "model_name,accuracy,responses\n".to_owned();
    for (m, name) in embedder.models().iter().enumerate().step_by(7) {
        tags += &format!("{name},{}\n", u8::from(m % 2 == 0));
        scores += &format!("{name},0.{},{}\n", m % 10, 40 + m);
    }
    let rules = "regex,attribute,value\nqwen,alibaba,1\n.,alibaba,0\n";
    let answers = "prompt,label\nWhat is 2+2?,1\nWrite a loop in Rust.,0\n";
    let quick = ["--shuffles", "1", "--json"];
    let cases: [(&str, &str, Vec<&str>, &str); 4] = [
        ("tags", &tags, vec!["probe", "shipped", "tagged", "--attributes", "FILE"], ""),
        ("rules", rules, vec!["probe", "shipped", "alibaba", "--rules", "FILE"], ""),
        (
            "scores",
            &scores,
            vec!["forecast", "shipped", "--new", "--json", "--scores", "FILE"],
            "2+2=?\n",
        ),
        ("answers", answers, vec!["onboard", "shipped", "FILE", "--name", "x", "--json"], ""),
    ];
    for (stem, table, arguments, input) in cases {
        let [csv, parquet] = both(root.path(), stem, table).map(|file| {
            let more: &[&str] = if arguments[0] == "probe" { &quick } else { &[] };
            let named = arguments.iter().map(|a| if *a == "FILE" { file.as_str() } else { a });
            run(&named.chain(more.iter().copied()).collect::<Vec<_>>(), input)
        });
        assert!(csv == parquet && csv.len() > 100, "{stem}");
    }
}

#[test]
fn both_layouts_of_data_sets_are_read_as_parquet_with_every_table() {
    let tables = [
        (
            "questions",
            "prompt_id,prompt,category,split\n1,Does a heron fly?,birds,train\n2,Does an otter?,birds,val\n",
        ),
        ("models", "model_id,model_name,size\n0,heron,7.5\n1,otter,\n"),
        ("responses", "prompt_id,model_id,label\n1,0,1\n1,1,0\n2,0,0.5\n"),
        ("categories", "category,kind,description\nbirds,preference,wins\n"),
    ];
    let rows = "prompt_id,model_id,model_name,category,label,prompt\n";
    let published = [
        (
            "train",
            &*format!(
                "{rows}1,0,heron,birds,1,Does a heron fly?\n1,1,otter,birds,0,Does a heron fly?\n"
            ),
        ),
        ("val", &*format!("{rows}2,0,heron,birds,1,Does an otter?\n")),
        ("model_order", "model_id,model_name\n1,otter\n0,heron\n"),
        ("question_order", "prompt_id,prompt\n1,Does a heron fly?\n2,Does an otter?\n"),
    ];
    for tables in [&tables[..], &published[..]] {
        let root = tempfile::tempdir().unwrap();
        let folder = |name: &str| -> PathBuf {
            let folder = root.path().join(name);
            fs::create_dir_all(&folder).unwrap();
            folder
        };
        for (stem, table) in tables {
            let [csv, parquet] = both(root.path(), stem, table);
            fs::rename(csv, folder("csv").join(format!("{stem}.csv"))).unwrap();
            fs::rename(parquet, folder("parquet").join(format!("{stem}.parquet"))).unwrap();
        }
        let [csv, parquet] = ["csv", "parquet"].map(|name| dataset::load(&folder(name)).unwrap());
        assert_eq!(csv.fingerprint(), parquet.fingerprint());
        assert_eq!((&csv.models, &csv.kinds), (&parquet.models, &parquet.kinds));
        assert_eq!(csv.attributes, parquet.attributes);
        assert_eq!(csv.responses.len(), 3);
    }
}

#[test]
fn prices_and_dates_are_taken_with_their_types() {
    let root = tempfile::tempdir().unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample");
    let models = dataset::load(&sample).unwrap().models;
    let texts =
        |each: &dyn Fn(usize) -> String| Column::Texts((0..models.len()).map(each).collect());
    let name = |m: usize| models[m].clone();
    // 2024-07-01 and the days after, with a price that nobody knows.
    let day = |m: usize| 19_905 + m as i32;
    let price: Vec<f64> = (0..models.len()).map(|m| if m == 0 { f64::NAN } else { 0.25 }).collect();
    let tables = [
        ("texts", texts(&|m| format!("2024-07-{:02}", m + 1))),
        ("dates", Column::Dates((0..models.len()).map(day).collect())),
        (
            "times",
            Column::Times((0..models.len()).map(|m| i64::from(day(m)) * 86_400_000_000).collect()),
        ),
    ];
    let mut read = Vec::new();
    for (stem, dates) in tables {
        let path = root.path().join(format!("{stem}.parquet"));
        let prices = Column::Numbers(price.clone());
        let columns = [("model_name", texts(&name)), ("release_date", dates), ("fee", prices)];
        write(&path, &columns);
        let to = root.path().join(stem);
        let [from, path, to_name] = [&sample, &path, &to].map(|path| path.to_str().unwrap());
        run(&["merge", from, "-o", to_name, "--attributes", path], "");
        let attributes = dataset::load(&to).unwrap().attributes;
        let of = |name: &str| attributes.iter().find(|a| a.name == name).unwrap().values.clone();
        read.push((of("release"), of("fee")));
    }
    assert!(read.iter().all(|one| *one == read[0]));
    let (Values::Number(release), Values::Number(fee)) = &read[0] else {
        panic!("not numbers: {:?}", read[0])
    };
    assert_eq!(release[0], Some(2024.5));
    assert_eq!((fee[0], fee[1]), (None, Some(0.25)));
}
