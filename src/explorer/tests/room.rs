//! Where there is room, nothing is cut: what is wide takes it from what can give way.

use super::card::describe;
use super::new_model::placed;
use super::*;
use crate::explorer::layout::Layout;
use crate::explorer::state::questions::Question;

/// As long as the longest names of real models.
const STEM: &str = "Meta-Llama-3.1-405B-Instruct-fp";
const BENCHMARKS: [&str; 3] = [
    "reasoning-gym/algorithmic-easy",
    "reasoning-gym/algorithmic-hard",
    "shaberi/tengu-gpt-4.1-or-panel",
];

fn long() -> ModelSet {
    let mut model_set = model_set(|m| format!("{STEM}{m}"));
    for (benchmark, name) in model_set.benchmarks.iter_mut().zip(BENCHMARKS) {
        benchmark.name = name.into();
    }
    let attributes = Arc::make_mut(&mut model_set.attributes);
    let makers = (0..24).map(|m| Some(["thinking-machines", "prime-intellect"][m % 2].into()));
    let maker = Attribute { name: "maker".into(), values: Values::Class(makers.collect()) };
    attributes.push(maker);
    model_set
}

/// The beginnings of a text that are followed by an ellipsis on a screen.
fn cut(screen: &str, text: &str) -> Vec<String> {
    let starts = text.char_indices().skip(3).map(|(end, _)| format!("{}…", &text[..end]));
    starts.filter(|start| screen.contains(start.as_str())).collect()
}

/// A pane, without those beside it.
fn shown(state: &mut State, pane: Pane) -> String {
    update(state, Event::Command(Command::Focus(pane)));
    state.notice = None;
    let area = Layout::of(state).unwrap().pane(pane).unwrap();
    // Before each line there is a quotation mark.
    let line = |line: &str| -> String {
        line.chars().skip(1 + usize::from(area.x)).take(area.width.into()).collect()
    };
    let text = screen(state);
    let lines = text.lines().skip(area.y.into()).take(area.height.into());
    lines.map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn names_of_models_and_benchmarks_are_whole_from_120_columns_on() {
    for (width, height) in [(120, 35), (160, 45), (200, 60)] {
        let mut state = filled(state_of(long(), width, height));
        update(&mut state, Event::Command(Command::Dismiss));
        state.new_model.placed = Some(placed());
        let panes = [Pane::Model, Pane::NewModel, Pane::Models, Pane::Compare, Pane::Forecast];
        for pane in panes {
            let text = shown(&mut state, pane);
            assert!(cut(&text, STEM).is_empty(), "{pane:?} at {width}:\n{text}");
            // Titles of narrow columns take two lines, or show their ends.
            if !matches!(pane, Pane::Models | Pane::Forecast) {
                let cut = BENCHMARKS.iter().any(|name| !cut(&text, name).is_empty());
                assert!(!cut, "{pane:?} at {width}:\n{text}");
            }
        }
    }
}

#[test]
fn a_probe_lists_models_and_classes_in_full() {
    let names = |m: usize| format!("vicuna-13b-v1.5-togethe-{m:02}");
    let mut state = filled(state_of(model_set(names), 120, 35));
    for attribute in 0..3 {
        state.probe.cursor = attribute;
        for section in 0..crate::explorer::state::probe::SECTIONS {
            state.probe.section = section;
            let text = shown(&mut state, Pane::Probe);
            assert!(cut(&text, &names(0)).is_empty(), "{text}");
            let classes = ["heron", "otter", "lynx", "raven", "≤ 37.5"];
            assert!(classes.iter().all(|class| cut(&text, class).is_empty()), "{text}");
            assert!(!text.contains("(trained with classes weighted …"), "{text}");
        }
    }
}

#[test]
fn the_card_of_a_group_names_its_models_and_benchmarks_in_full() {
    for (width, height) in [(120, 35), (200, 60)] {
        let names = |m: usize| format!("Qwen3-235B-A22B-Thinking-25{m:02}");
        let mut state = filled(state_of(
            ModelSet { models: Arc::new((0..24).map(names).collect()), ..long() },
            width,
            height,
        ));
        update(&mut state, Event::Command(Command::Focus(Pane::Map)));
        update(&mut state, Event::Command(Command::ColorBy(ColorBy::Attribute(0))));
        let effects = press(&mut state, KeyCode::Char('D'));
        describe(&mut state, &effects);
        let text = screen(&state);
        assert!(cut(&text, &names(0)[..27]).is_empty(), "{text}");
        assert!(BENCHMARKS.iter().all(|name| text.contains(name)), "{text}");
    }
}

#[test]
fn what_is_left_over_in_a_table_goes_to_columns_that_are_cut() {
    let mut state = filled(state_of(long(), 120, 35));
    update(&mut state, Event::Command(Command::Maximize));
    let text = shown(&mut state, Pane::Models);
    assert!(text.contains("thinking-machines ") && text.contains("prime-intellect"), "{text}");
}

#[test]
fn a_question_has_its_category_and_its_models_in_full() {
    let mut state = filled(state_of(long(), 120, 35));
    (state.questions.question_set, state.with_data) = (Job::Running, true);
    let question = |q: usize| Question {
        prompt: format!("a question that is much longer than the list is wide, number {q}"),
        category: q % 2,
        split: "val",
        answers: (0..24).map(|m| (m, 1.0)).collect(),
    };
    let question_set = QuestionSet {
        categories: BENCHMARKS[..2].iter().map(|name| (*name).into()).collect(),
        questions: (0..5).map(question).collect(),
        prompts: (0..5).map(|q| format!("question {q}")).collect(),
        of: (0..5).collect(),
        twins: (0..5).collect(),
    };
    update(&mut state, Event::Command(Command::Focus(Pane::Questions)));
    update(&mut state, Event::Job(JobResult::QuestionsRead(Arc::new(question_set))));
    let forecasts = (0..5).map(|_| vec![0.5; 24]).collect();
    update(&mut state, Event::Job(JobResult::QuestionsForecast(0, forecasts)));
    let text = shown(&mut state, Pane::Questions);
    assert!(BENCHMARKS[..2].iter().all(|name| text.contains(name)), "{text}");
    assert!(text.contains(&format!("{STEM}0 ")) && cut(&text, STEM).is_empty(), "{text}");
    assert!(text.contains("● predicted ─"), "the remark that fits: {text}");
}

#[test]
fn a_list_is_as_wide_as_its_longest_entry() {
    let mut model_set = long();
    for (benchmark, end) in model_set.benchmarks.iter_mut().zip(["4.1", "5.1", "panel"]) {
        benchmark.name = format!("shaberi/tengu-the-longest-of-them-gpt-{end}");
    }
    let names: Vec<String> = model_set.benchmarks.iter().map(|b| b.name.clone()).collect();
    let mut state = filled(state_of(model_set, 120, 35));
    update(&mut state, Event::Command(Command::Colors));
    let text = screen(&state);
    let list = names.iter().all(|name| text.contains(&format!("accuracy on {name} ")));
    assert!(list, "{text}");
}

#[test]
fn a_long_filter_gives_way_to_what_is_selected_marked_and_colored() {
    for (width, height) in [(80, 24), (120, 35), (160, 45)] {
        let real = ModelSet { simulated: false, ..model_set(plain) };
        let mut state = filled(state_of(real, width, height));
        update(&mut state, Event::Command(Command::Focus(Pane::Map)));
        state.mark([2, 6]);
        press(&mut state, KeyCode::Char('f'));
        type_text(
            &mut state,
            "family=lynx size<40 answers>=2 arithmetic>1 coding>1 size>1 family=lynx",
        );
        press(&mut state, KeyCode::Enter);
        let text = screen(&state);
        let status = text.lines().next().unwrap();
        let name = state.name(state.selected).to_owned();
        let kept = [" of 24 models", "filter famil", &name, "2 marked", "color family"];
        assert!(kept.iter().all(|part| status.contains(part)), "{status}");
        assert!(!status.contains("trained on"), "{status}");
    }
}

#[test]
fn a_heading_has_the_longest_remark_that_fits_or_none() {
    use crate::explorer::ui::widgets::{heading, heading_with};
    let (theme, _) = Theme::load("dark", Depth::True).unwrap();
    let text = |line: ratatui::text::Line| line.to_string();
    assert_eq!(text(heading(&theme, 20, "Answers", "all of them")), "Answers  all of them ");
    assert_eq!(text(heading(&theme, 19, "Answers", "all of them")), "Answers ───────────");
    let remarks = ["all of them", "all"];
    assert_eq!(text(heading_with(&theme, 16, "Answers", &remarks)), "Answers  all ───");
}
