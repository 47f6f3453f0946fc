//! Extracts the question from a raw prompt: without chat template and examples.

use std::collections::HashSet;

use serde_json::Value;

use super::json;

/// Starts of a user turn in chat templates.
const USER: &[&str] = &[
    "<|im_start|>user",
    "<|start_header_id|>user<|end_header_id|>",
    "<start_of_turn>user",
    "<|start|>user<|message|>",
    "<|START_OF_TURN_TOKEN|><|USER_TOKEN|>",
    "<|user|>",
    "<|User|>",
    "<｜User｜>",
    "<|prompter|>",
    "[INST]",
    "<</SYS>>",
    "### Instruction:",
    "### User:",
    "GPT4 Correct User:",
    "USER:",
];
/// Ends of a user turn.
const END: &[&str] = &[
    "<|im_end|>",
    "<|eot_id|>",
    "<|end_of_text|>",
    "<end_of_turn>",
    "<|end_of_turn|>",
    "<|END_OF_TURN_TOKEN|>",
    "<|end|>",
    "<|endoftext|>",
    "<|assistant|>",
    "<|Assistant|>",
    "<｜Assistant｜>",
    "[/INST]",
    "</s>",
    "### Response:",
    "### Assistant:",
    "ASSISTANT:",
    "GPT4 Correct Assistant:",
];
const BEGIN: &[&str] =
    &["<s>", "<bos>", "<|begin_of_text|>", "<｜begin▁of▁sentence｜>", "<|startoftext|>"];
/// Maximum length of a label such as `Question:`.
const LABEL: usize = 24;

/// The question of a prompt.
pub(super) fn core(prompt: &str) -> String {
    if let Some(last) = messages(prompt) {
        return last;
    }
    let begin = |text: &str| {
        BEGIN.iter().find_map(|mark| text.trim_start().strip_prefix(mark).map(str::to_owned))
    };
    let mut text = prompt.trim().to_owned();
    while let Some(rest) = begin(&text) {
        text = rest;
    }
    // The last user turn with any text.
    let mut turns: Vec<usize> = USER
        .iter()
        .flat_map(|mark| text.match_indices(mark).map(|(at, mark)| at + mark.len()))
        .collect();
    turns.sort_unstable();
    let last = turns.iter().rev().find_map(|&at| {
        let rest = &text[at..];
        let end = END.iter().filter_map(|mark| rest.find(mark)).min().unwrap_or(rest.len());
        let text = rest[..end].trim();
        (!text.is_empty()).then_some(text)
    });
    without_examples(last.unwrap_or(&text)).to_owned()
}

/// The last user message, if the prompt is a JSON list of messages.
fn messages(prompt: &str) -> Option<String> {
    if !prompt.trim_start().starts_with("[{") {
        return None;
    }
    let messages: Vec<Value> = json::parse(prompt.as_bytes()).ok()?;
    let users = messages.iter().rev().filter(|message| message["role"] == "user");
    users
        .filter_map(|message| message["content"].as_str())
        .map(|text| without_examples(text.trim()).to_owned())
        .find(|text| !text.is_empty())
}

/// The last of several blocks that start with the same label, such as `Q:`.
fn without_examples(text: &str) -> &str {
    let label = |block: &str| {
        let (label, _) = block.trim_start().split_once(':')?;
        (label.len() <= LABEL && !label.contains('\n')).then(|| label.to_owned())
    };
    let mut starts: Vec<(usize, String)> = Vec::new();
    let mut at = 0;
    for block in text.split("\n\n") {
        if let Some(label) = label(block) {
            starts.push((at, label));
        }
        at += block.len() + 2;
    }
    let repeated = starts
        .iter()
        .rev()
        .find(|(at, label)| starts.iter().any(|(before, same)| before < at && same == label));
    let first = starts.first().filter(|(at, _)| *at == 0).map(|(_, label)| label);
    match repeated {
        // The blocks of an example each start with its label.
        Some((at, label)) if first.is_none_or(|first| first == label) => text[*at..].trim(),
        Some(_) => starts
            .iter()
            .rev()
            .find(|(_, label)| Some(label) == first)
            .map_or(text, |(at, _)| text[*at..].trim()),
        None => text,
    }
}

/// True if two prompts may be the same question in two templates: most words of the shorter one are in the
/// longer one.
pub(super) fn alike(one: &str, two: &str) -> bool {
    let words = |text: &str| -> HashSet<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect()
    };
    let (one, two) = (words(one), words(two));
    let shared = one.intersection(&two).count();
    shared * 5 >= one.len().min(two.len()) * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_and_examples_go() {
        for prompt in [
            "Why is it wet?",
            "<s>[INST] Why is it wet? [/INST]",
            "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nWhy is it wet?<|im_end|>\n<|im_start|>assistant\n",
            "<bos><start_of_turn>user\nHow?<end_of_turn>\n<start_of_turn>model\nSo.<end_of_turn>\n<start_of_turn>user\nWhy is it wet?<end_of_turn>\n",
            "[{\"role\": \"system\", \"content\": \"x\"}, {\"role\": \"user\", \"content\": \"Why is it wet?\"}]",
        ] {
            assert_eq!(core(prompt), "Why is it wet?", "{prompt}");
        }
        let shots = "Q: How?\nA: So.\n\nQ: Who?\nA: I.\n\nQ: Why is it wet?\nA:";
        assert_eq!(core(shots), "Q: Why is it wet?\nA:");
        assert_eq!(core("A text.\n\nQuestion: why?"), "A text.\n\nQuestion: why?");
    }

    #[test]
    fn likeness() {
        assert!(alike("Why is it wet?", "USER why is it wet? go"));
        assert!(!alike("Why is it wet?", "Who broke the green chair?"));
    }
}
