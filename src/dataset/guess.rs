//! Guesses attributes from the names of models.

use regex_lite::Regex;

use super::{Attribute, Values};

/// Prefix of the names of guessed attributes.
pub const PREFIX: &str = "guessed_";

/// Words of instruction-tuned models.
const INSTRUCT: &[&str] = &[
    "instruct",
    "chat",
    "it",
    "sft",
    "dpo",
    "rlhf",
    "assistant",
    "tulu",
    "zephyr",
    "hermes",
    "inst",
];
/// Words of quantized models.
const QUANTIZED: &[&str] = &[
    "gptq", "awq", "gguf", "ggml", "exl2", "bnb", "nf4", "fp8", "fp4", "int8", "int4", "w8a8",
    "w4a16", "4bit", "8bit", "3bit", "2bit",
];
/// Prefixes of family names; longer ones first.
const FAMILIES: &[&str] = &[
    "codellama",
    "deepseek",
    "starcoder",
    "mixtral",
    "ministral",
    "mistral",
    "command",
    "nemotron",
    "internlm",
    "baichuan",
    "gemini",
    "claude",
    "pythia",
    "falcon",
    "vicuna",
    "alpaca",
    "llama",
    "gemma",
    "qwen",
    "bloom",
    "olmo",
    "phi",
    "yi",
    "glm",
    "grok",
    "gpt",
    "opt",
    "mpt",
    "jamba",
    "granite",
    "exaone",
    "kimi",
    "nova",
    "smollm",
];

/// Attributes guessed from names: size in billions, family, instruct, quantization. A column is included if
/// at least one model has a value.
#[must_use]
pub fn guess(models: &[String]) -> Vec<Attribute> {
    let words: Vec<Vec<String>> = models.iter().map(|name| words(name)).collect();
    let of = |name: &str, values: Values| {
        let known = (0..values.len()).any(|m| values.text(m).is_some());
        known.then(|| Attribute { name: format!("{PREFIX}{name}"), values })
    };
    let family = words.iter().map(|words| family(words)).collect();
    let any = |list: &'static [&'static str]| {
        let words = &words;
        words.iter().map(move |words| words.iter().any(|word| list.contains(&word.as_str())))
    };
    let quantized = words
        .iter()
        .map(|words| words.iter().find(|word| is_quantization(word)).cloned())
        .collect();
    // If a name does not mention it, that proves nothing: only what it mentions is known.
    let instruct = any(INSTRUCT).map(|is| is.then_some(true)).collect();
    [
        of("params_b", Values::Number(words.iter().map(|words| size(words)).collect())),
        of("family", Values::Class(family)),
        of("instruct", Values::Flag(instruct)),
        of("quantization", Values::Class(quantized)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The words of the last part of a name, in lower case; a point within a number stays.
fn words(name: &str) -> Vec<String> {
    let last = name.rsplit('/').next().unwrap_or(name);
    let parts = last.split(|c: char| !c.is_alphanumeric() && c != '.');
    parts
        .filter(|part| !part.is_empty())
        .map(|part| part.trim_matches('.').to_lowercase())
        .collect()
}

/// Parameters in billions: `7b`, `1.5b`, `350m`; the total for experts (`8x7b`).
fn size(words: &[String]) -> Option<f64> {
    let pattern = Regex::new(r"^(?:(\d+)x)?(\d+(?:\.\d+)?)(b|m)$").ok()?;
    words.iter().find_map(|word| {
        let found = pattern.captures(word)?;
        let experts = found.get(1).map_or(Some(1.0), |n| n.as_str().parse::<f64>().ok())?;
        let size: f64 = found[2].parse().ok()?;
        let size = if &found[3] == "m" { size / 1000.0 } else { size };
        Some(experts * size).filter(|size| (0.001..=10_000.0).contains(size))
    })
}

fn family(words: &[String]) -> Option<String> {
    words.iter().find_map(|word| {
        let family = FAMILIES.iter().find(|family| {
            let rest = word.strip_prefix(**family);
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphabetic()))
        });
        family.map(|family| (*family).to_owned())
    })
}

fn is_quantization(word: &str) -> bool {
    let gguf = word.starts_with('q')
        && word[1..].starts_with(|c: char| c.is_ascii_digit())
        && word.len() == 2;
    QUANTIZED.contains(&word) || gguf
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_suggest_size_family_and_more() {
        let models = [
            "meta/Llama-3.1-8B-Instruct",
            "mixtral-8x7b-v0.1-GPTQ",
            "qwen2.5-0.5b",
            "opaque",
            "opt-350m",
        ];
        let found = guess(&models.map(str::to_owned));
        let named = |name: &str| &found.iter().find(|one| one.name == name).unwrap().values;
        let sizes = vec![Some(8.0), Some(56.0), Some(0.5), None, Some(0.35)];
        assert_eq!(*named("guessed_params_b"), Values::Number(sizes));
        let family = named("guessed_family");
        let families: Vec<Option<String>> = (0..5).map(|m| family.text(m)).collect();
        let wanted = [Some("llama"), Some("mixtral"), Some("qwen"), None, Some("opt")];
        assert_eq!(families, wanted.map(|name| name.map(str::to_owned)));
        let instruct = vec![Some(true), None, None, None, None];
        assert_eq!(*named("guessed_instruct"), Values::Flag(instruct));
        assert_eq!(named("guessed_quantization").text(1).as_deref(), Some("gptq"));
        assert!(guess(&["opaque".into()]).is_empty());
    }
}
