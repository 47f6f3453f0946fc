use super::comparison::PATTERNS;
use super::parser::{TESTS, WORK, written_column};
use super::tokens::written;
use super::*;
use crate::dataset::Values;
use proptest::prelude::*;

fn table() -> (Vec<String>, Vec<Attribute>) {
    let names = ["qwen-7b", "llama-70b", "gpt-4", "star \"coder\""];
    let attribute = |name: &str, values| Attribute { name: name.into(), values };
    let family = [Some("qwen"), Some("llama"), None, Some("big code")];
    let attributes = vec![
        attribute("open", Values::Flag(vec![Some(true), Some(true), Some(false), Some(true)])),
        attribute("coder", Values::Flag(vec![Some(false), None, Some(false), Some(true)])),
        attribute("params_b", Values::Number(vec![Some(7.0), Some(70.0), None, Some(15.5)])),
        attribute("family", Values::Class(family.iter().map(|f| f.map(String::from)).collect())),
        attribute("max tokens", Values::Number(vec![Some(1.0), Some(2.0), Some(3.0), None])),
    ];
    (names.map(String::from).to_vec(), attributes)
}

/// The indices of the selected models.
fn selected(expression: &str) -> Vec<usize> {
    let (models, attributes) = table();
    let mask = select(expression, &models, &attributes);
    let mask = mask.unwrap_or_else(|problem| panic!("{expression}: {problem}"));
    (0..mask.len()).filter(|&m| mask[m]).collect()
}

fn problem(expression: &str) -> String {
    let (models, attributes) = table();
    select(expression, &models, &attributes).expect_err(expression).to_string()
}

fn offers(expression: &str) -> Vec<String> {
    let (models, attributes) = table();
    complete(expression, &models, &attributes).offers
}

#[test]
fn flags_numbers_text_and_names_are_compared() {
    assert_eq!(selected("open and params_b <= 15.5"), [0, 3]);
    assert_eq!(selected("params_b < 15.5 or not open"), [0, 2]);
    assert_eq!(selected("name ~ QWEN"), [0]);
    assert_eq!(selected("name ~ '^(qwen|llama).*\\db$'"), [0, 1]);
    assert_eq!(selected("name !~ b and open = no"), [2]);
    assert_eq!(selected("family = QWEN or family = \"big code\""), [0, 3]);
    assert_eq!(selected("params_b in (7, 70)"), [0, 1]);
    assert_eq!(selected("family not in (qwen, llama)"), [3]);
    assert_eq!(selected("`max tokens` > 1"), [1, 2]);
    assert_eq!(selected("name = \"star \"\"coder\"\"\""), [3]);
}

#[test]
fn and_binds_tighter_than_or_and_parentheses_tighter_still() {
    assert_eq!(selected("params_b == 7 or open and family = llama"), [0, 1]);
    assert_eq!(selected("(params_b = 7 or open) AND family = llama"), [1]);
    assert_eq!(selected("not (open and coder)"), [0, 2]);
}

#[test]
fn tests_beside_each_other_must_all_hold() {
    assert_eq!(selected("open params_b<=15.5"), [0, 3]);
    assert_eq!(selected("family=qwen open=yes"), [0]);
    assert_eq!(selected("open not coder or params_b = 15.5 coder"), [0, 3]);
    assert_eq!(selected("open (coder or family = llama)"), [1, 3]);
    assert_eq!(selected("family not in (llama) `max tokens` = 1"), [0]);
}

#[test]
fn size_and_year_are_derived() {
    assert_eq!(selected("size < 10"), [0]);
    assert!(problem("year = 2024").contains("no attribute is called `year`"));
    let (models, mut attributes) = table();
    let release = vec![Some(2023.9), Some(2024.0), Some(2024.99), None];
    attributes.push(Attribute { name: "release".into(), values: Values::Number(release) });
    let of = |expression: &str, attributes: &[Attribute]| {
        let mask = select(expression, &models, attributes).unwrap();
        (0..mask.len()).filter(|&m| mask[m]).collect::<Vec<_>>()
    };
    assert_eq!(of("year = 2024", &attributes), [1, 2]);
    assert_eq!(of("year < 2024", &attributes), [0]);
    assert!(complete("ye", &models, &attributes).offers == ["year"]);
    // An attribute of that name takes precedence.
    let own = Values::Number(vec![Some(1.0), None, None, None]);
    attributes.push(Attribute { name: "size".into(), values: own });
    assert_eq!(of("size = 1", &attributes), [0]);
}

#[test]
fn unknown_is_neither_true_nor_false() {
    assert_eq!(selected("coder or not coder"), [0, 2, 3]);
    assert_eq!(selected("params_b > 1 or params_b <= 1"), [0, 1, 3]);
    assert_eq!(selected("coder is unknown"), [1]);
    assert_eq!(selected("params_b is known and not (coder is unknown)"), [0, 3]);
    assert_eq!(selected("open or coder"), [0, 1, 3], "a true side decides");
}

#[test]
fn problems_have_a_position_and_a_suggestion() {
    let near = "column 10: no attribute is called `parms_b`; did you mean `params_b`?";
    assert_eq!(problem("open and parms_b <= 1"), near);
    assert_eq!(
        problem("zzz"),
        "column 1: no attribute is called `zzz`; models are found by name with: name ~ zzz"
    );
    assert_eq!(
        problem("family = qwem"),
        "column 10: no model has the family `qwem`; did you mean `qwen`?"
    );
    assert_eq!(problem("params_b"), "column 9: expected a comparison, as in: params_b <= 15");
    assert_eq!(problem("params_b <= big"), "column 13: `big` is not a number");
    assert_eq!(problem("family < 3"), "column 8: `<` does not fit text (allowed: = != ~ !~)");
    assert_eq!(problem("open = yes, coder"), "column 11: expected `and` or `or`");
    assert_eq!(problem("(open"), "column 6: expected `)`");
    assert_eq!(problem("open)"), "column 5: no parenthesis is open here");
    assert_eq!(problem("open && coder"), "column 6: `&` is not expected here; write `and`");
    assert_eq!(problem("größe = 1"), problem("größe"));
    assert_eq!(problem("open and 'x"), "column 10: the quote ' is not closed");
    assert_eq!(problem(""), "column 1: expected an attribute or `name`");
    assert!(problem("name ~ \"(\"").starts_with("column 8: not a valid regular expression"));
    assert!(problem(&"(".repeat(100_000)).contains("nested too deeply"));
    let (models, attributes) = table();
    let bad = select("日本 = 1", &models, &attributes).unwrap_err().into_usage("日本 = 1");
    assert!(bad.to_string().ends_with("\n  日本 = 1\n  ^"), "{bad}");
}

#[test]
fn only_what_fits_is_offered() {
    assert_eq!(offers("pa"), ["params_b"]);
    assert_eq!(offers("open and no"), ["not"]);
    assert_eq!(offers("open ")[..7], ["and", "or", "=", "!=", "in", "not in", "is"]);
    assert_eq!(offers("params_b <= 7 ")[..3], ["and", "or", "open"]);
    assert_eq!(offers("open fam"), ["family"]);
    assert_eq!(offers("params_b <= 7 si"), ["size"]);
    assert_eq!(offers("family = "), ["\"big code\"", "llama", "qwen"]);
    assert_eq!(offers("family = \"bi"), ["\"big code\""]);
    assert_eq!(offers("name in (qwen-7b, ll"), ["llama-70b"]);
    assert_eq!(offers("max"), ["`max tokens`"]);
    assert_eq!(offers("nonsense and "), [""; 0]);
    let (models, attributes) = table();
    assert_eq!(complete("open and fam", &models, &attributes).from, 9);
}

#[test]
fn work_is_bounded_and_can_be_stopped() {
    let (models, attributes) = table();
    let problem = |text: &str| select(text, &models, &attributes).unwrap_err().message;
    let many = |test: &str, n: usize| vec![test; n].join(" or ");
    assert!(select(&many("name ~ q", PATTERNS), &models, &attributes).is_ok());
    assert!(problem(&many("name ~ q", PATTERNS + 1)).contains("patterns"));
    assert!(problem("name ~ \"(.{0,99}){0,30}z\"").contains("too large"));
    let tests = WORK / models.len() + 1;
    assert!(select(&many("open", TESTS), &models, &attributes).is_ok());
    assert!(problem(&many("open", tests)).contains("too many tests"));
    let values = vec!["7"; tests].join(",");
    assert!(problem(&format!("params_b in ({values})")).contains("too many tests"));
    let stopped = select_until("name ~ q", &models, &attributes, &|| true).unwrap_err();
    assert!(stopped.message.contains("too long"));
}

proptest! {
    #[test]
    fn any_text_is_selected_or_a_problem_within_it(text in ".{0,40}") {
        let (models, attributes) = table();
        match select(&text, &models, &attributes) {
            Ok(mask) => prop_assert_eq!(mask.len(), models.len()),
            Err(problem) => {
                prop_assert!((1..=text.chars().count() + 1).contains(&problem.column));
            }
        }
        let completion = complete(&text, &models, &attributes);
        prop_assert!(text.is_char_boundary(completion.from));
    }

    #[test]
    fn text_of_its_own_words_never_panics(
        words in proptest::collection::vec(prop::sample::select(vec![
            "open", "coder", "params_b", "family", "name", "`max tokens`", "and", "or", "not",
            "in", "is", "known", "unknown", "(", ")", ",", "=", "!=", "<", "~", "7", "qwen",
            "\"big code\"", "'", "yes",
        ]), 0..14)
    ) {
        let text = words.join(" ");
        let (models, attributes) = table();
        let selected = select(&text, &models, &attributes);
        for offer in complete(&format!("{text} "), &models, &attributes).offers {
            prop_assert!(!offer.is_empty());
        }
        // A negation selects nothing that the expression selects.
        if let Ok(mask) = selected {
            let negated = select(&format!("not ({text})"), &models, &attributes);
            let negated = negated.expect("a negation of what can be read");
            prop_assert!(mask.iter().zip(&negated).all(|(a, b)| !(a & b)));
        }
    }

    #[test]
    fn every_name_and_column_can_be_written(name in "\\PC{1,12}", column in "\\PC{1,12}") {
        let models = vec!["other".to_owned(), name.clone()];
        let values = Values::Class(vec![None, Some(name.clone())]);
        let attributes = vec![Attribute { name: column.clone(), values }];
        let by_name = format!("name = {}", written(&name));
        let by_column = format!("{} = {}", written_column(&column), written(&name));
        for expression in [by_name, by_column] {
            let mask = select(&expression, &models, &attributes);
            prop_assert_eq!(mask.map(|mask| mask[1]), Ok(true), "{}", expression);
        }
    }
}
