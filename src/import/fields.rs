//! The roles of document fields, by their names.

/// The role of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Context before the question.
    Context,
    /// The question; `main` if the name says nothing else.
    Question {
        /// The whole name means question, not only a part of it.
        main: bool,
    },
    /// All choices.
    Choices,
    /// One of the choices.
    Choice,
    /// The correct answer, or its explanation.
    Answer,
    /// Metadata that the model never sees: an id, a source, a level.
    Metadata,
    /// Unknown.
    Unknown,
}

const METADATA: &[&str] = &[
    "id",
    "ids",
    "idx",
    "index",
    "indices",
    "ind",
    "uid",
    "uuid",
    "guid",
    "qid",
    "pid",
    "hash",
    "url",
    "urls",
    "uri",
    "link",
    "type",
    "types",
    "number",
    "num",
    "count",
    "length",
    "license",
    "author",
    "authors",
    "writer",
    "validator",
    "annotator",
    "annotators",
    "worker",
    "date",
    "time",
    "timestamp",
    "year",
    "version",
    "split",
    "subset",
    "dataset",
    "canary",
    "lang",
    "language",
    "languages",
    "domain",
    "subdomain",
    "difficulty",
    "level",
    "grade",
    "score",
    "scores",
    "rating",
    "tag",
    "tags",
    "metadata",
    "meta",
    "file",
    "filename",
    "path",
    "image",
    "images",
    "audio",
    "video",
    "offset",
    "weight",
    "frequency",
    "confidence",
    "probability",
    "feedback",
    "extra",
    "revision",
    "revised",
    "estimate",
    "subject",
    "subjects",
    "subtopic",
    "topic",
    "category",
    "categories",
    "field",
    "subfield",
    "created",
    "entry",
    "format",
    "status",
    "stats",
    "dialect",
    "dialects",
];
const ANSWERS: &[&str] = &[
    "answer",
    "answers",
    "ans",
    "target",
    "targets",
    "label",
    "labels",
    "gold",
    "golds",
    "golden",
    "solution",
    "solutions",
    "correct",
    "incorrect",
    "distractor",
    "distractors",
    "rationale",
    "rationales",
    "explanation",
    "explanations",
    "reasoning",
    "cot",
    "reference",
    "references",
    "ref",
    "refs",
    "ideal",
    "completion",
    "completions",
    "output",
    "outputs",
    "canonical",
    "alias",
    "aliases",
    "prediction",
    "pred",
    "test",
    "tests",
    "truth",
    "response",
    "responses",
    "right",
];
const CHOICES: &[&str] =
    &["choices", "options", "endings", "candidates", "alternatives", "multiple", "endinglist"];
const CHOICE: &[&str] =
    &["choice", "option", "ending", "sol", "answer", "alternative", "candidate", "opt", "op"];
const CONTEXTS: &[&str] = &[
    "context",
    "contexts",
    "passage",
    "passages",
    "body",
    "story",
    "stories",
    "article",
    "paragraph",
    "paragraphs",
    "premise",
    "premises",
    "background",
    "support",
    "document",
    "documents",
    "ctx",
    "dialogue",
    "dialog",
    "conversation",
    "history",
    "narrative",
    "scenario",
    "situation",
    "abstract",
    "table",
    "text",
    "texts",
    "content",
    "obs",
    "observation",
    "preamble",
    "setting",
    "lecture",
    "transcript",
    "snippet",
    "excerpt",
    "theory",
    "rules",
    "evidence",
];
const QUESTIONS: &[&str] = &[
    "question",
    "questions",
    "query",
    "queries",
    "problem",
    "problems",
    "instruction",
    "instructions",
    "prompt",
    "prompts",
    "goal",
    "sentence",
    "sentences",
    "input",
    "inputs",
    "hypothesis",
    "claim",
    "statement",
    "statements",
    "conclusion",
    "stem",
    "quiz",
    "request",
    "utterance",
    "turns",
    "riddle",
    "puzzle",
    "exercise",
    "sent",
    "task",
    "assertion",
    "messages",
    "docstring",
    "phrase",
];

/// The words of a name: `questionStem`, `question_stem` and `Question Stem` have the same two; digits are a
/// word.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = ' ';
    for c in name.chars() {
        let kind = |c: char| (c.is_alphabetic(), c.is_numeric());
        let begins = kind(c) != kind(last) || (c.is_uppercase() && !last.is_uppercase());
        if c.is_alphanumeric() {
            if begins || words.is_empty() {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase());
            }
        }
        last = c;
    }
    words
}

/// True for tests of a program, which the model may have been shown.
pub(super) fn is_tests(name: &str) -> bool {
    words(name).iter().any(|word| word == "test" || word == "tests")
}

/// The role of a field with this name.
pub(super) fn role(name: &str) -> Role {
    let words = words(name);
    let any = |list: &[&str]| words.iter().any(|word| list.contains(&&**word));
    // `answerA`, `choice1`, `mc_answer2`, `ending0`, `opa` and `A` are choices; `answer` is not.
    let suffix = words.last().filter(|last| {
        last.bytes().all(|b| b.is_ascii_digit())
            || (last.len() == 1 && last.as_bytes()[0].is_ascii_lowercase())
    });
    let lettered = matches!(name, "opa" | "opb" | "opc" | "opd" | "ope")
        || (name.len() == 1 && name.as_bytes()[0].is_ascii_uppercase());
    if lettered {
        return Role::Choice;
    }
    if any(METADATA) {
        return Role::Metadata;
    }
    if any(CHOICES) {
        return Role::Choices;
    }
    let numbered = suffix.is_some() && words.len() >= 2;
    if numbered && CHOICE.contains(&&*words[words.len() - 2]) && !any(&["correct", "incorrect"]) {
        return Role::Choice;
    }
    if any(ANSWERS) {
        return Role::Answer;
    }
    if any(QUESTIONS) {
        let main = words.len() == 1 || (numbered && words.len() == 2);
        return Role::Question { main };
    }
    if any(CONTEXTS) {
        return Role::Context;
    }
    Role::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_fields_are_for() {
        let main = Role::Question { main: true };
        for (name, wanted) in [
            ("question", main),
            ("Question", main),
            ("query", main),
            ("sentence1", main),
            ("hypothesis", main),
            ("question_stem", Role::Question { main: false }),
            ("questionConcept", Role::Question { main: false }),
            ("question_id", Role::Metadata),
            ("Extra Revised Question", Role::Metadata),
            ("Question Writer", Role::Metadata),
            ("flores_passage", Role::Context),
            ("ctx_a", Role::Context),
            ("Body", Role::Context),
            ("premise", Role::Context),
            ("choices", Role::Choices),
            ("answer_choices", Role::Choices),
            ("answerA", Role::Choice),
            ("mc_answer4", Role::Choice),
            ("option_b", Role::Choice),
            ("sol1", Role::Choice),
            ("B", Role::Choice),
            ("answerKey", Role::Answer),
            ("Correct Answer", Role::Answer),
            ("Incorrect Answer 1", Role::Answer),
            ("activity_label", Role::Answer),
            ("canonical_solution", Role::Answer),
            ("word", Role::Unknown),
            ("source", Role::Unknown),
        ] {
            assert_eq!(role(name), wanted, "{name}");
        }
    }
}
