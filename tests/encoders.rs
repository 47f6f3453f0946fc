//! Sentence encoders against vectors that another implementation made; see
//! fixtures/encoders/make.py.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};

use half::f16;
use llmap::Progress;
use llmap::encoder::Sentence;
use ndarray::{Array2, ArrayView1};
use safetensors::SafeTensors;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/encoders")
}

fn texts() -> Vec<String> {
    let text = std::fs::read_to_string(fixtures().join("texts.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn expected(file: &Path) -> Array2<f32> {
    let bytes = std::fs::read(file).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensor = file.tensor("vectors").unwrap();
    let values = tensor.data().chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32());
    Array2::from_shape_vec((tensor.shape()[0], tensor.shape()[1]), values.collect()).unwrap()
}

fn encoded(folder: &Path, texts: &[String]) -> Array2<f32> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let encoder = Sentence::read(folder).unwrap();
    encoder.encode(&texts, &mut Progress::silent()).unwrap()
}

fn cosine(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f32 {
    a.dot(&b) / (a.dot(&a) * b.dot(&b)).sqrt().max(f32::MIN_POSITIVE)
}

/// Every vector has the other's direction and length, as far as 16 bits tell.
fn same(name: &str, found: &Array2<f32>, expected: &Array2<f32>) {
    let texts = texts();
    assert_eq!(found.dim(), expected.dim(), "{name}");
    for ((found, expected), text) in found.rows().into_iter().zip(expected.rows()).zip(&texts) {
        let lengths = [&found, &expected].map(|row| row.dot(row).sqrt());
        assert!((lengths[0] - lengths[1]).abs() < 2e-3 * lengths[1].max(1.0), "{name} {text:?}");
        if lengths[1] > 0.0 {
            let cosine = cosine(found, expected);
            assert!(cosine > 0.9999, "{name}: cosine {cosine} for {text:?}");
        }
    }
}

#[test]
fn small_encoders_give_the_vectors_of_sentence_transformers() {
    for name in ["bert", "mpnet", "static"] {
        let folder = fixtures().join(name);
        let expected = expected(&folder.join("vectors.safetensors"));
        same(name, &encoded(&folder, &texts()), &expected);
    }
}

#[test]
fn minilm_gives_the_vectors_of_sentence_transformers() {
    let Some(folder) = std::env::var_os("LLMAP_TEST_MINILM").map(PathBuf::from) else {
        println!("skipped: LLMAP_TEST_MINILM names no folder (.ci/run installs one)");
        return;
    };
    let expected = expected(&fixtures().join("minilm.safetensors"));
    same("minilm", &encoded(&folder, &texts()), &expected);
}

#[test]
fn a_text_has_the_same_vector_in_any_company() {
    let texts = texts();
    for name in ["bert", "mpnet", "static"] {
        let folder = fixtures().join(name);
        let together = encoded(&folder, &texts);
        for i in [0, 11, 40, 199] {
            let alone = encoded(&folder, &texts[i..=i]);
            let gap = (&alone.row(0) - &together.row(i)).mapv(f32::abs).sum();
            assert!(gap < 1e-4, "{name}: {gap} for {:?}", texts[i]);
        }
    }
}

#[test]
fn folders_that_are_no_encoder_are_told_what_is_wrong() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("bert");
    let wrong = |file: &str, contents: Option<&str>, word: &str| {
        let _ = std::fs::remove_dir_all(&folder);
        copy(&fixtures().join("bert"), &folder);
        match contents {
            Some(contents) => std::fs::write(folder.join(file), contents).unwrap(),
            None => std::fs::remove_file(folder.join(file)).unwrap(),
        }
        let error = Sentence::read(&folder).err().expect(file);
        assert_eq!(error.exit_code(), 2);
        let error = error.to_string();
        assert!(error.contains(word) && error.contains("fix:"), "{file}: {error}");
    };
    let config = std::fs::read_to_string(fixtures().join("bert/config.json")).unwrap();
    let edited = |from: &str, to: &str| {
        assert!(config.contains(from), "{from}");
        Some(config.replace(from, to))
    };
    wrong("model.safetensors", None, "safetensors");
    wrong("model.safetensors", Some("rubbish"), "model.safetensors");
    wrong("tokenizer.json", None, "tokenizer.json");
    wrong("tokenizer.json", Some("{}"), "tokenizer.json");
    wrong("config.json", Some("{\n\n]"), "config.json:3");
    let gelu = edited("\"gelu\"", "\"swish\"");
    wrong("config.json", gelu.as_deref(), "swish");
    wrong("config.json", edited("_type\": \"bert\"", "_type\": \"llama\"").as_deref(), "llama");
    wrong("config.json", edited("heads\": 3", "heads\": 5").as_deref(), "5 heads");
    wrong("config.json", edited("heads\": 3", "heads\": 0").as_deref(), "heads");
    wrong("config.json", edited("layers\": 2", "layers\": 900000000").as_deref(), "layer.2");
    wrong("config.json", edited("size\": 24", "size\": 27").as_deref(), "shape");
    let modules = r#"[{"path": "../..", "type": "x.Transformer"}]"#;
    wrong("modules.json", Some(modules), "leaves the folder");
    wrong("modules.json", Some(r#"[{"path": "2", "type": "x.Dense"}]"#), "Dense");
    let pooling = Some(r#"{"pooling_mode_max_tokens": true}"#);
    wrong("1_Pooling/config.json", pooling, "pooling");
    let missing = Sentence::read(&temporary.path().join("nowhere")).err().unwrap();
    assert!(missing.to_string().contains("no such folder"));
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_model2vec_folder_is_read_like_its_matrix() {
    let folder = tempfile::tempdir().unwrap();
    let from = fixtures().join("static");
    std::fs::copy(from.join("tokenizer.json"), folder.path().join("tokenizer.json")).unwrap();
    let bytes = std::fs::read(from.join("model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let names = file.names();
    let matrix = file.tensor(names[0]).unwrap();
    let renamed = safetensors::serialize([("embeddings", matrix)], None).unwrap();
    std::fs::write(folder.path().join("model.safetensors"), renamed).unwrap();
    let config = r#"{"model_type": "model2vec", "normalize": true}"#;
    std::fs::write(folder.path().join("config.json"), config).unwrap();

    let texts: Vec<String> =
        ["the river is a prime", "(a whale)", "tax, tax!"].map(Into::into).into();
    let (found, plain) = (encoded(folder.path(), &texts), encoded(&from, &texts));
    for (found, plain) in found.rows().into_iter().zip(plain.rows()) {
        assert!((found.dot(&found) - 1.0).abs() < 1e-5, "normalized");
        assert!(cosine(found, plain) > 0.9999);
    }
}
