//! The Route pane.

use super::*;
use crate::analysis::router::MostProbable;
use crate::explorer::command::RouteCommand;
use crate::explorer::layout::Layout;
use crate::explorer::state::route::Similar;

/// A state whose prompt was asked and answered.
fn asked(width: u16, height: u16, prompt: &str) -> State {
    let mut state = state(width, height);
    press(&mut state, KeyCode::Char('p'));
    answer(&mut state, prompt);
    state
}

fn answer(state: &mut State, prompt: &str) {
    type_text(state, prompt);
    let version = state.route.version;
    update(state, Event::Job(JobResult::Routed(version, Ok(route()))));
}

fn control(state: &mut State, key: char) -> Vec<Effect> {
    let key = KeyEvent::new(KeyCode::Char(key), KeyModifiers::CONTROL);
    resolve(state, key).map(|event| update(state, event)).unwrap_or_default()
}

#[test]
fn a_prompt_has_lines_and_the_arrows_go_through_them_first() {
    let mut state = asked(80, 24, "first");
    control(&mut state, 'j');
    let effects = type_text(&mut state, "second");
    let Some(Effect::Route(_, prompt)) = effects.last() else { panic!() };
    assert_eq!(prompt, "first\nsecond");
    assert!(screen(&state).contains("first") && screen(&state).contains("second"));
    press(&mut state, KeyCode::Up);
    assert_eq!((state.route.editor.cursor().0, state.route.cursor), (0, 0));
    press(&mut state, KeyCode::Down);
    press(&mut state, KeyCode::Down);
    assert_eq!((state.route.editor.cursor().0, state.route.cursor), (1, 1), "then the models");
}

#[test]
fn pasted_text_keeps_its_lines_and_loses_control_characters() {
    let mut state = state(80, 24);
    press(&mut state, KeyCode::Char('p'));
    let effects = update(&mut state, Event::Input(Input::Paste("one\r\n\ttwo\u{1b}[2J".into())));
    let Some(Effect::Route(_, prompt)) = effects.last() else { panic!() };
    assert_eq!(prompt, "one\n    two\\u{1b}[2J");
    let long = "x".repeat(crate::explorer::state::route::LONGEST + 1);
    update(&mut state, Event::Input(Input::Paste(long)));
    assert!(state.notice.as_ref().is_some_and(|notice| notice.bad));
    let path = update(&mut state, Event::Input(Input::Paste("/some/file.txt".into())));
    assert_eq!(path, [Effect::Drop("/some/file.txt".into())], "looked up outside");
    update(&mut state, Event::Job(JobResult::Dropped("from the file".into())));
    assert!(state.route.asked.ends_with("from the file"));
    update(&mut state, Event::Job(JobResult::Failed(JobKind::PromptFile, "gone".into())));
    assert!(state.notice.as_ref().is_some_and(|notice| notice.bad));
}

#[test]
fn a_filter_counts_completes_and_can_be_taken_back() {
    let mut state = asked(80, 24, "q?");
    press(&mut state, KeyCode::Enter);
    press(&mut state, KeyCode::Char('f'));
    type_text(&mut state, "code");
    assert!(screen(&state).contains("Tab coder"), "{}", screen(&state));
    assert!(!state.filter.is_on(), "half a word changes nothing");
    let effects = press(&mut state, KeyCode::Tab);
    assert_eq!(state.modes.line().unwrap().input.value(), "coder ");
    assert!(matches!(effects.last(), Some(Effect::Route(..))), "asked again");
    let pool = state.preferences().pool.unwrap();
    let coders = pool.iter().filter(|m| **m).count();
    assert!(screen(&state).contains(&format!("{coders} of 24 models")));
    insta::assert_snapshot!("filter", screen(&state));
    press(&mut state, KeyCode::Enter);
    assert!(screen(&state).contains(&format!("coder · {coders} of 24")));
    press(&mut state, KeyCode::Char('f'));
    type_text(&mut state, " and nonsense");
    assert!(screen(&state).contains("no attribute is called"));
    press(&mut state, KeyCode::Esc);
    assert_eq!(state.filter.text, "coder");
    assert_eq!(state.preferences().pool, Some(pool), "as before");
}

#[test]
fn escape_clears_the_floor_before_the_filter_and_the_title_states_the_order() {
    let mut state = asked(120, 35, "q?");
    press(&mut state, KeyCode::Enter);
    press(&mut state, KeyCode::Char('f'));
    type_text(&mut state, "coder ");
    press(&mut state, KeyCode::Enter);
    let hint = |state: &State| screen(state).lines().last().unwrap().contains("Esc clear floor");
    assert!(!hint(&state));
    press(&mut state, KeyCode::Char('.'));
    let text = screen(&state);
    assert!(text.contains("Cheapest above 50%, then by P") && hint(&state), "{text}");
    let effects = press(&mut state, KeyCode::Esc);
    assert!(matches!(effects[..], [Effect::Route(..)]), "{effects:?}");
    assert_eq!(state.preferences().min_quality, None);
    assert!(state.filter.is_on(), "one thing at a time");
    press(&mut state, KeyCode::Esc);
    assert!(!state.filter.is_on());
    // Elsewhere Esc leaves the limits alone.
    press(&mut state, KeyCode::Char('.'));
    press(&mut state, KeyCode::Char('1'));
    press(&mut state, KeyCode::Esc);
    assert_eq!(state.preferences().min_quality, Some(0.5));
}

#[test]
fn intervals_have_numbers_and_ties_leave_out_the_leader() {
    for (width, height) in [(80, 24), (120, 35), (200, 60)] {
        let mut state = asked(width, height, "q?");
        press(&mut state, KeyCode::Enter);
        let text = screen(&state);
        assert!(text.contains("91%  75–97") && text.contains("80%"), "{text}");
        assert!(text.contains(" ★  ●") && text.contains(" 2≈ ◐"), "{text}");
        let mut cheap = route();
        cheap.why.most_probable = Some(MostProbable { model: 10, p: 0.95, cost: None });
        let version = state.route.version;
        update(&mut state, Event::Job(JobResult::Routed(version, Ok(cheap))));
        let text = screen(&state);
        assert!(text.contains(" 2  ◐") && text.contains(" 3≈ ○"), "{text}");
        assert!(text.contains("≈ tied"), "{text}");
    }
}

#[test]
fn predicted_accuracies_on_similar_benchmarks_are_marked() {
    let mut state = asked(80, 24, "q?");
    let effects = press(&mut state, KeyCode::Enter);
    assert!(effects.contains(&Effect::Forecast), "{effects:?}");
    let line = |state: &State| {
        let text = screen(state);
        text.lines().find(|line| line.contains(" 70% arithmetic")).unwrap().to_owned()
    };
    assert!(line(&state).contains("–  ") && !line(&state).contains('~'), "{}", line(&state));
    update(&mut state, Event::Job(JobResult::Forecasted(Arc::new(grid()))));
    assert!(line(&state).contains('~'), "{}", line(&state));
    assert!(screen(&state).contains("~ predicted"));
}

#[test]
fn the_views_and_where_pinned_prompts_are_stand_on_the_rule() {
    let mut state = asked(120, 35, "q?");
    press(&mut state, KeyCode::Enter);
    press(&mut state, KeyCode::Char('P'));
    assert!(screen(&state).contains("1 prompt pinned, side by side in the view pinned (m)"));
    press(&mut state, KeyCode::Char('z'));
    let text = screen(&state);
    assert!(text.contains("m ranking · why · plot · pinned 1 · history"), "{text}");
}

#[test]
fn cost_counts_more_and_less() {
    let mut state = asked(80, 24, "q?");
    press(&mut state, KeyCode::Enter);
    for _ in 0..12 {
        press(&mut state, KeyCode::Char('>'));
    }
    assert!((state.preferences().cost_weight - 10.0).abs() < 1e-9);
    let effects = press(&mut state, KeyCode::Char('<'));
    assert!(matches!(effects.last(), Some(Effect::Route(..))));
    assert!(screen(&state).contains("cost weight 9"));
}

#[test]
fn prompts_are_pinned_compared_and_found_again() {
    let mut state = asked(80, 24, "one?");
    press(&mut state, KeyCode::Enter);
    press(&mut state, KeyCode::Char('P'));
    press(&mut state, KeyCode::Char('p'));
    control(&mut state, 'u');
    answer(&mut state, "two?");
    press(&mut state, KeyCode::Enter);
    press(&mut state, KeyCode::Char('m'));
    assert!(screen(&state).contains("Most similar benchmarks"));
    press(&mut state, KeyCode::Char('m'));
    insta::assert_snapshot!("plot", screen(&state));
    press(&mut state, KeyCode::Char('m'));
    insta::assert_snapshot!("pinned", screen(&state));
    press(&mut state, KeyCode::Char('m'));
    let history = screen(&state);
    assert!(history.find("two?").unwrap() < history.rfind("one?").unwrap(), "newest first");
    control(&mut state, 'p');
    assert_eq!(state.route.asked, "one?");
    control(&mut state, 'n');
    assert_eq!(state.route.asked, "two?");
    control(&mut state, 'p');
    press(&mut state, KeyCode::Char('P'));
    assert!(state.route.pinned.is_empty(), "pinned before: no longer");
}

#[test]
fn the_map_is_colored_by_a_prompt_and_back() {
    let mut state = asked(120, 35, "q?");
    press(&mut state, KeyCode::Enter);
    press(&mut state, KeyCode::Char('%'));
    assert!(screen(&state).contains("color P(correct)"), "{}", screen(&state));
    press(&mut state, KeyCode::Char('%'));
    assert!(screen(&state).contains("color family"));
}

#[test]
fn names_and_documents_go_to_the_clipboard() {
    let mut state = asked(80, 24, "q?");
    press(&mut state, KeyCode::Enter);
    press(&mut state, KeyCode::Down);
    let name = state.name(state.selected).to_owned();
    assert_eq!(press(&mut state, KeyCode::Char('y')), [Effect::Copy(name)]);
    let effects = press(&mut state, KeyCode::Char('Y'));
    let [Effect::Copy(text)] = &effects[..] else { panic!("{effects:?}") };
    let document: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(document["prompt"], "q?");
    assert_eq!(document["candidates"].as_array().unwrap().len(), 24);
}

#[test]
fn out_of_scope_is_shown() {
    let mut state = asked(80, 24, "q?");
    let version = state.route.version;
    update(
        &mut state,
        Event::Job(JobResult::Routed(version, Ok(Route { scope: Scope::Out, ..route() }))),
    );
    assert!(screen(&state).contains("Unlike any training question"));
    // The row under the mouse is still the row that is drawn.
    let row = screen(&state).lines().position(|line| line.contains(" 2≈")).unwrap() as u16;
    update(&mut state, Event::Input(Input::Click(10, row)));
    assert_eq!(state.route.cursor, 1);
}

#[test]
fn limits_are_asked_for_and_impossible_ones_refused() {
    let mut state = asked(140, 42, "q?");
    press(&mut state, KeyCode::Enter);
    let effects = press(&mut state, KeyCode::Char('.'));
    assert!(matches!(effects[..], [Effect::Route(..)]), "a new route is asked for");
    assert_eq!(state.preferences().min_quality, Some(0.5));
    press(&mut state, KeyCode::Char('.'));
    press(&mut state, KeyCode::Char('#'));
    let preferences = state.preferences();
    assert_eq!((preferences.min_quality, preferences.cheapest_tie), (Some(0.55), true));
    for _ in 0..2 {
        press(&mut state, KeyCode::Char(','));
    }
    assert_eq!(state.preferences().min_quality, None);
    let within: Vec<_> = (0..4)
        .map(|_| {
            press(&mut state, KeyCode::Char('='));
            state.preferences().cheapest_within
        })
        .collect();
    assert_eq!(within, [Some(0.02), Some(0.05), Some(0.1), None]);

    press(&mut state, KeyCode::Char('$'));
    type_text(&mut state, "12");
    assert!(screen(&state).contains("4 models"), "3, 6, 9 and 12 billion parameters");
    press(&mut state, KeyCode::Enter);
    assert_eq!(state.preferences().max_cost, Some(12.0));
    assert!(screen(&state).contains("≤ 12B"));
    press(&mut state, KeyCode::Char('f'));
    type_text(&mut state, "params_b > 40");
    let problem = state.modes.line().unwrap().problem.clone();
    assert!(problem.is_some_and(|problem| problem.contains("is that cheap")));
    press(&mut state, KeyCode::Enter);
    assert!(!state.filter.is_on(), "it would leave no model");
    for (typed, wrong) in [("1", "that cheap"), ("-3", "negative"), ("much", "not a number")] {
        press(&mut state, KeyCode::Char('$'));
        for _ in 0..4 {
            press(&mut state, KeyCode::Backspace);
        }
        type_text(&mut state, typed);
        press(&mut state, KeyCode::Enter);
        assert!(state.notice.as_ref().is_some_and(|n| n.bad && n.text.contains(wrong)), "{typed}");
        assert_eq!(state.preferences().max_cost, Some(12.0));
    }
    press(&mut state, KeyCode::Char('$'));
    for _ in 0..4 {
        press(&mut state, KeyCode::Backspace);
    }
    press(&mut state, KeyCode::Enter);
    assert_eq!(state.preferences().max_cost, None);
}

#[test]
fn a_filter_becomes_a_pool_that_is_found_again() {
    let mut state = asked(140, 42, "q?");
    press(&mut state, KeyCode::Enter);
    control(&mut state, 's');
    assert!(state.modes.line().is_none(), "there is nothing to save");
    press(&mut state, KeyCode::Char('f'));
    type_text(&mut state, "coder ");
    press(&mut state, KeyCode::Enter);
    control(&mut state, 's');
    type_text(&mut state, "coders");
    let effects = press(&mut state, KeyCode::Enter);
    assert_eq!(effects, [Effect::SavePool("coders".into(), "coder".into())]);
    press(&mut state, KeyCode::Char('@'));
    type_text(&mut state, "all");
    press(&mut state, KeyCode::Enter);
    assert!(!state.filter.is_on());
    press(&mut state, KeyCode::Char('@'));
    assert!(screen(&state).contains("coders"));
    type_text(&mut state, "coders");
    let effects = press(&mut state, KeyCode::Enter);
    assert!(matches!(effects[..], [Effect::Route(..)]));
    assert!(state.filter.is_on() && state.filter.has(0) && !state.filter.has(1));

    state.pools.named.insert("gone".into(), "nobody_has_this > 3".into());
    update(&mut state, Event::Command(Command::UsePool(Some("gone".into()))));
    assert!(state.notice.as_ref().is_some_and(|notice| notice.bad));
    assert_eq!(state.filter.text, "coder", "the filter stays as it was");
    update(&mut state, Event::Command(Command::Focus(Pane::Route)));
    press(&mut state, KeyCode::Char('f'));
    type_text(&mut state, " coding > 10");
    press(&mut state, KeyCode::Enter);
    control(&mut state, 's');
    type_text(&mut state, "able coders");
    assert!(press(&mut state, KeyCode::Enter).is_empty(), "a pool cannot ask for accuracies");
    assert!(state.notice.as_ref().is_some_and(|n| n.text.contains("Pool not saved")));
}

#[test]
fn predictions_of_other_kinds_than_correctness_are_marked() {
    let mut state = asked(200, 60, "Which answer is liked?");
    let remark = "predicts preference (wins over a reference), not";
    assert!(!screen(&state).contains(remark));
    let mut route = route();
    route.evidence[0].kind = Kind::Preference;
    let version = state.route.version;
    update(&mut state, Event::Job(JobResult::Routed(version, Ok(route))));
    let text = screen(&state);
    assert!(text.contains(remark) && text.contains("P(preferred)"), "{text}");
    assert!(text.contains("predicted win rate over a"), "{text}");
}

/// The answer to a prompt, out of scope.
fn out_of_scope(state: &mut State) {
    let version = state.route.version;
    let route = Route { scope: Scope::Out, familiarity: Some(0.2), ..route() };
    update(state, Event::Job(JobResult::Routed(version, Ok(route))));
}

#[test]
fn the_gauge_reads_at_a_glance_and_out_of_scope_takes_the_percentages_away() {
    for (width, height) in [(80, 24), (120, 35), (140, 42), (200, 60)] {
        let mut state = asked(width, height, "q?");
        let text = screen(&state);
        assert!(text.contains("Scope out ──── near ──── in ━━●━"), "{text}");
        assert!(text.contains("83%") || text.contains("91%"), "{text}");
        out_of_scope(&mut state);
        let text = screen(&state);
        assert!(text.contains("Scope out ━●━━ near ────"), "{text}");
        let unlike = text.find("Unlike any training question:").unwrap();
        let strongest = text.find("strongest overall").unwrap();
        assert!(unlike < strongest && !text.contains("91%"), "{text}");
        assert!(text.contains("raven-12b-v0 leads"), "{text}");
    }
    let mut state = asked(140, 42, "q?");
    press(&mut state, KeyCode::Enter);
    press(&mut state, KeyCode::Char('P'));
    out_of_scope(&mut state);
    press(&mut state, KeyCode::Enter);
    insta::assert_snapshot!("out-of-scope", screen(&state));
}

#[test]
fn enter_maximizes_and_shows_list_plot_and_why_at_once() {
    for (width, height) in [(140, 42), (200, 60)] {
        let mut state = asked(width, height, "q?");
        press(&mut state, KeyCode::Enter);
        assert!(!screen(&state).contains("Accuracy vs cost"));
        press(&mut state, KeyCode::Enter);
        assert!(state.maximized && state.focus == Pane::Route);
        let text = screen(&state);
        for part in ["P(correct)", "Accuracy vs cost", "Why ", "raven-12b-v0 leads", "hardly known"]
        {
            assert!(text.contains(part), "{part}\n{text}");
        }
        insta::assert_snapshot!(format!("beside-{width}x{height}"), text);
        press(&mut state, KeyCode::Char('m'));
        assert!(screen(&state).contains("P pins a prompt"), "what is none of the three");
        press(&mut state, KeyCode::Char('m'));
        press(&mut state, KeyCode::Char('m'));
        assert!(screen(&state).contains("Accuracy vs cost"));
        press(&mut state, KeyCode::Enter);
        assert!(!state.maximized && state.focus == Pane::Model, "then the model");
    }
    let mut state = asked(80, 24, "q?");
    press(&mut state, KeyCode::Enter);
    press(&mut state, KeyCode::Enter);
    assert_eq!(state.focus, Pane::Model, "there is no more room to have");
}

#[test]
fn points_and_rows_of_candidates_are_clicked() {
    let mut state = asked(140, 42, "q?");
    press(&mut state, KeyCode::Enter);
    press(&mut state, KeyCode::Enter);
    let text = screen(&state);
    let row = text.lines().position(|line| line.contains(" 2≈ ◐")).unwrap();
    update(&mut state, Event::Input(Input::Click(10, row as u16)));
    assert_eq!((state.route.cursor, state.selected), (1, 10));
    // The first star right of the list; the quote at the beginning of a line is none of the screen.
    let star = |(y, line): (usize, &str)| {
        let x = line.chars().enumerate().find(|(x, c)| *c == '★' && *x > 75)?.0;
        Some((x as u16 - 1, y as u16))
    };
    let star = text.lines().enumerate().find_map(star).unwrap();
    let layout = Layout::of(&state).unwrap();
    assert!(layout.pane(Pane::Route).unwrap().contains(star.into()));
    update(&mut state, Event::Input(Input::Click(star.0, star.1)));
    assert_eq!((state.route.cursor, state.selected), (0, 3), "the point of the first");
}

#[test]
fn similar_questions_show_who_was_correct() {
    let mut state = state(140, 42);
    state.with_data = true;
    press(&mut state, KeyCode::Char('p'));
    answer(&mut state, "q?");
    press(&mut state, KeyCode::Enter);
    press(&mut state, KeyCode::Enter);
    assert!(state.route.finding.is_running() && screen(&state).contains("reading the data set"));
    let similar = |prompt: &str, answers: &[(usize, f32)]| Similar {
        prompt: prompt.into(),
        category: "arithmetic".into(),
        cosine: 0.91,
        answers: answers.to_vec(),
    };
    let first = similar("What is 17 × 24?", &[(3, 1.0), (10, 0.0), (20, 0.0), (21, 1.0)]);
    let found = vec![first, similar("What is 18 × 23?", &[])];
    let version = state.route.similar_version;
    update(&mut state, Event::Job(JobResult::Similar(version - 1, Ok(found.clone()))));
    assert!(state.route.similar.is_empty(), "of an older prompt");
    update(&mut state, Event::Job(JobResult::Similar(version, Ok(found))));
    let text = screen(&state);
    let line = text.lines().find(|line| line.contains("What is 17 × 24?")).unwrap();
    assert!(line.contains(".91 ") && line.contains("50%  ✓  ✗  ·"), "{line}");
    insta::assert_snapshot!("similar", text);
    let looks = |effects: &[Effect]| effects.iter().any(|e| matches!(e, Effect::Similar(..)));
    let effects = press(&mut state, KeyCode::Char('>'));
    assert!(matches!(effects[..], [Effect::Route(..)]), "the prompt is the same: {effects:?}");
    press(&mut state, KeyCode::Char('f'));
    assert!(!looks(&type_text(&mut state, "family=lynx")) && state.filter.is_on());
    press(&mut state, KeyCode::Esc);
    press(&mut state, KeyCode::Char('p'));
    assert!(looks(&type_text(&mut state, "!")));
    assert!(screen(&state).contains("What is 17 × 24?"), "those of before stay meanwhile");
    let version = state.route.similar_version;
    let problem = Err("no such folder".to_owned());
    update(&mut state, Event::Job(JobResult::Similar(version, problem)));
    assert!(screen(&state).contains("no such folder") && state.notice.is_none());
    control(&mut state, 'u');
    assert!(state.route.similar.is_empty(), "no prompt, nothing like it");
}

#[test]
fn what_a_prompt_costs_follows_from_its_answer() {
    let mut priced = model_set(plain);
    for (name, factor) in [("cost_in", 1.0), ("cost_out", 4.0)] {
        let prices = (0..24).map(|m| (m % 2 == 1).then_some(factor * 0.1 * f64::from(m)));
        Arc::make_mut(&mut priced.attributes)
            .push(Attribute { name: name.into(), values: Values::Number(prices.collect()) });
    }
    let mut state = state_of(priced, 140, 42);
    press(&mut state, KeyCode::Char('p'));
    answer(&mut state, "q?");
    press(&mut state, KeyCode::Enter);
    press(&mut state, KeyCode::Enter);
    // Two tokens at $0.3 and 500 at $1.2 per million.
    let text = screen(&state);
    assert!(text.contains("prompt") && text.contains("0.060¢"), "{text}");
    assert!(text.contains("$/M: mean of in and out · prompt: 2 in, 500 out"), "{text}");
    for (typed, tokens) in [("answer-tokens 900", 900), ("answer length 50", 50)] {
        press(&mut state, KeyCode::Char(':'));
        type_text(&mut state, typed);
        press(&mut state, KeyCode::Enter);
        assert_eq!(state.route.answer_tokens, tokens);
    }
    assert!(screen(&state).contains("0.0061¢"), "{}", screen(&state));
    press(&mut state, KeyCode::Char(':'));
    type_text(&mut state, "answer-tokens");
    press(&mut state, KeyCode::Enter);
    let palette = state.modes.picker().unwrap();
    assert_eq!(palette.input.value(), "answer-tokens ", "it asks for the number");
}

#[test]
fn the_help_of_the_router_explains_the_badges() {
    let mut state = asked(200, 60, "q?");
    press(&mut state, KeyCode::Enter);
    press(&mut state, KeyCode::Char('?'));
    let text = screen(&state);
    for measured in Measured::ALL {
        assert!(text.contains(measured.meaning()), "{text}");
    }
}

#[test]
fn a_long_prompt_shows_where_in_it_the_cursor_is() {
    let mut state = filled(state(120, 35));
    update(&mut state, Event::Command(Command::Prompt));
    update(&mut state, Event::Command(Command::Route(RouteCommand::Newline)));
    let lines: Vec<String> = (0..121).map(|n| format!("line{n}")).collect();
    update(&mut state, Event::Input(Input::Paste(lines.join("\n"))));
    let thumb = |state: &State| {
        let text = screen(state);
        let rows = text.lines().enumerate();
        let at: Vec<usize> = rows.filter(|(_, l)| l.contains("┃ │")).map(|(y, _)| y).collect();
        (at, text)
    };
    let (low, text) = thumb(&state);
    assert!(text.contains("line 122 of 122"), "{text}");
    for _ in 0..121 {
        press(&mut state, KeyCode::Up);
    }
    let (high, text) = thumb(&state);
    assert!(text.contains("line 1 of 122"), "{text}");
    assert!(high.first() < low.first(), "{high:?} {low:?}");
}
