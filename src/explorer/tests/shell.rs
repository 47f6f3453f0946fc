//! What is the same everywhere: keys, the list of commands, notices, the help, the mouse.

use ratatui::style::Color;

use super::*;
use crate::explorer::keys::{Binding, Context, KEYMAP};
use crate::explorer::layout::{Layout, tabs};
use crate::explorer::state::map::Marker;
use crate::explorer::theme::{HUES, Hue, Ink};
use crate::explorer::ui::hints::first_keys;

/// The main keys and what they mean, from the documentation.
fn main_keys() -> Vec<(String, String)> {
    let text = include_str!("../../../docs/explorer.md");
    let table = text.split("| main key | in every pane |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        (cells[0].trim_matches('`').to_owned(), cells[1].to_owned())
    })
    .collect()
}

#[test]
fn main_keys_mean_the_same_in_every_pane() {
    let keys = main_keys();
    assert!((5..=7).contains(&keys.len()), "{keys:?}");
    for (key, meaning) in &keys {
        let bound = |context: Context| {
            let has = |label: &str| label.split(' ').any(|one| one == key);
            KEYMAP.iter().find(|b| b.context == context && has(&b.label()))
        };
        let mut commands: Vec<&Command> = Pane::ALL
            .iter()
            .filter_map(|pane| bound(Context::Pane(*pane)))
            .chain(bound(Context::Everywhere))
            .map(|binding| &binding.command)
            .collect();
        commands.dedup();
        assert_eq!(commands.len(), 1, "{key} ({meaning}): {commands:?}");
    }
}

#[test]
fn other_letters_mean_one_thing_or_nothing() {
    // Movements; more and less; what is taken back.
    let free = ["h", "j", "k", "l", "g", "+", "=", "-", "x"];
    let mut meant: Vec<(String, &Command)> = Vec::new();
    for binding in KEYMAP.iter().filter(|b| matches!(b.context, Context::Pane(_))) {
        for key in binding.label().split(' ').filter(|key| key.chars().count() == 1) {
            if free.contains(&key) || key.chars().all(|c| "←→↑↓".contains(c)) {
                continue;
            }
            match meant.iter().find(|(known, _)| known == key) {
                Some((_, command)) => assert_eq!(**command, binding.command, "{key}"),
                None => meant.push((key.to_owned(), &binding.command)),
            }
        }
    }
}

#[test]
fn digits_go_to_panes_and_never_type() {
    let mut state = state(120, 35);
    for (key, pane) in [('4', Pane::Route), ('5', Pane::Evaluate), ('4', Pane::Route)] {
        press(&mut state, KeyCode::Char(key));
        assert_eq!(state.focus, pane);
    }
    assert!(state.route.editor.is_empty());
    for key in [KeyCode::Char('p'), KeyCode::Char('i'), KeyCode::Enter] {
        press(&mut state, key);
        type_text(&mut state, "5");
        assert_eq!(state.route.prompt(), "5", "{key:?} begins to type");
        press(&mut state, KeyCode::Backspace);
        press(&mut state, KeyCode::Esc);
    }
}

#[test]
fn any_pane_has_the_whole_window_and_gives_it_back() {
    let mut state = filled(state(200, 60));
    press(&mut state, KeyCode::Esc);
    for &pane in Pane::ALL {
        update(&mut state, Event::Command(Command::Focus(pane)));
        let before = Layout::of(&state).unwrap();
        press(&mut state, KeyCode::Char('z'));
        let layout = Layout::of(&state).unwrap();
        assert_eq!(layout.panes.len(), 1, "{pane:?}");
        assert!(layout.pane(pane).is_some_and(|area| area.width == 200 && area.height > 55));
        assert!(screen(&state).contains("z restore"));
        press(&mut state, KeyCode::Char('z'));
        assert_eq!(Layout::of(&state).unwrap(), before);
    }
    update(&mut state, Event::Outside(Outside::Resized(80, 24)));
    press(&mut state, KeyCode::Char('z'));
    assert!(state.notice.is_some() && !state.maximized, "there is no more to have");
}

#[test]
fn commands_are_found_by_what_people_call_them() {
    for (typed, found) in [
        ("3d", "Toggle 3-D"),
        ("pareto", "Switch the view: markers, list or plot"),
        ("export", "Export to a file …"),
        ("cluster", "Color the map by cluster"),
        ("lasso", "Switch dragging: box, lasso, zoom"),
        ("umap", "Choose a projection …"),
        ("t-sne", "Project by t-SNE"),
        ("quality", "Raise the quality floor"),
        ("axis", "Choose the axes …"),
        ("theme", "Choose a theme …"),
        ("heat", "Color the map by P(correct) on the prompt"),
        ("reset", "Reset the view"),
        ("fullscreen", "Maximize the pane, or restore it"),
    ] {
        let mut state = state(140, 42);
        press(&mut state, KeyCode::Char(':'));
        type_text(&mut state, typed);
        let picker = state.modes.picker().unwrap();
        let labels: Vec<&str> =
            picker.hits.iter().take(8).map(|at| picker.items[*at].label.as_str()).collect();
        assert!(labels.contains(&found), "{typed}: {labels:?}");
        let described = picker.under_cursor().unwrap();
        assert!(described.label.starts_with(char::is_uppercase), "{}", described.label);
    }
}

#[test]
fn a_notice_covers_nothing_and_goes_by_itself() {
    for (width, height) in [(60, 18), (80, 24), (140, 42)] {
        let mut state = filled(state(width, height));
        press(&mut state, KeyCode::Esc);
        state.show_error(&"a long word on what went wrong ".repeat(12));
        let layout = Layout::of(&state).unwrap();
        assert!(layout.hints.height > 1);
        assert!(layout.panes.iter().all(|(_, area)| !area.intersects(layout.hints)));
        assert!(screen(&state).contains("✗ a long word"));
        assert!(state.notice.as_ref().unwrap().lasts() > Duration::from_secs(4));
        update(&mut state, Event::Outside(Outside::Faded));
        assert!(state.notice.is_none());
        state.show_notice("done");
        assert_eq!(Layout::of(&state).unwrap().hints.height, 1);
        assert_eq!(state.notice.as_ref().unwrap().lasts(), Duration::from_secs(4));
    }
}

#[test]
fn the_help_closes_by_any_key_which_is_done_and_a_slash_searches() {
    let mut state = state(140, 42);
    press(&mut state, KeyCode::Char('?'));
    press(&mut state, KeyCode::Char('c'));
    assert!(!state.help && state.modes.picker().is_some_and(|p| p.title == "Color by"));
    press(&mut state, KeyCode::Esc);
    press(&mut state, KeyCode::Char('?'));
    press(&mut state, KeyCode::Char('/'));
    assert!(!state.help && state.modes.picker().is_some_and(|p| p.title == "Commands"));
    press(&mut state, KeyCode::Esc);
    press(&mut state, KeyCode::Char('?'));
    press(&mut state, KeyCode::Char('?'));
    assert!(!state.help);
}

#[test]
fn a_key_without_a_meaning_says_so() {
    let mut state = state(120, 35);
    press(&mut state, KeyCode::Char('5'));
    press(&mut state, KeyCode::Char('s'));
    assert!(screen(&state).contains("s does nothing here"));
    assert!(resolve(&state, KeyEvent::new(KeyCode::F(9), KeyModifiers::NONE)).is_none());
}

#[test]
fn hints_are_clicked_and_tabs_fit() {
    let mut state = state(120, 35);
    let text = screen(&state);
    let line = text.lines().nth(34).unwrap();
    let x = line[..line.find("/ search").unwrap()].chars().count() - 1;
    update(&mut state, Event::Input(Input::Click(x as u16 + 2, 34)));
    assert!(state.modes.picker().is_some_and(|picker| picker.of_models));
    for width in 60..=200 {
        for &focus in Pane::ALL {
            let all = tabs(Rect::new(0, 0, width, 1), focus);
            assert!(all.iter().all(|(.., place)| place.right() <= width && place.width >= 3));
            let (_, name, _) = all.iter().find(|(pane, ..)| *pane == focus).unwrap();
            assert!(!name.is_empty(), "{focus:?} at {width}");
        }
        assert!(width < 100 || tabs(Rect::new(0, 0, width, 1), Pane::Map)[7].1 == "Questions");
    }
}

#[test]
fn the_hints_of_a_narrow_window_have_the_five_main_keys_of_the_pane() {
    let mut state = filled(state(80, 24));
    state.with_data = true;
    press(&mut state, KeyCode::Esc);
    for &pane in Pane::ALL {
        update(&mut state, Event::Command(Command::Focus(pane)));
        let text = screen(&state);
        let line = text.lines().last().unwrap();
        for command in first_keys(pane) {
            let bound = |context: Context| {
                let hinted = |b: &&Binding| b.context == context && !b.hint.is_empty();
                KEYMAP.iter().filter(hinted).find(|b| b.command == command)
            };
            let binding = [Context::Pane(pane), Context::Everywhere, Context::Always];
            let binding = binding.into_iter().find_map(bound);
            let binding = binding.unwrap_or_else(|| panic!("{pane:?}: {command:?} has no key"));
            let label = binding.label();
            let key = label.split(' ').next().unwrap();
            if state.is_of_use(&command) {
                assert!(line.contains(&format!(" {key} ")), "{pane:?}: {key} of {line}");
            }
        }
        assert!(line.contains("? help") && line.contains("q quit"), "{line}");
    }
}

#[test]
fn dragging_does_not_select_and_a_click_does() {
    let mut state = state(140, 42);
    let before = state.selected;
    let target = (0..24).find(|m| *m != before).unwrap();
    let (x, y) = state.map.seen(state.map.places[target]);
    let area = Layout::of(&state).unwrap().pane(Pane::Map).unwrap();
    let plot = crate::explorer::ui::legend::Parts::of(&state, area).plot;
    let at = |v: f64, from: u16, size: u16| from + (v * f64::from(size)) as u16;
    let (x, y) = (at(x, plot.x, plot.width), at(y, plot.y, plot.height));
    update(&mut state, Event::Input(Input::Click(x, y)));
    for step in 1..4 {
        update(&mut state, Event::Input(Input::Drag(Button::Left, x.saturating_sub(step), y)));
    }
    update(&mut state, Event::Input(Input::Release));
    assert_eq!(state.selected, before);
    update(&mut state, Event::Input(Input::Click(x, y)));
    update(&mut state, Event::Input(Input::Release));
    assert_eq!(state.selected, target);
    update(&mut state, Event::Input(Input::Hover(x, y)));
    let name = state.name(target).to_owned();
    assert!(screen(&state).matches(&name).count() > 2, "the map, the model, and the card");
    press(&mut state, KeyCode::Char('l'));
    assert!(state.hover.is_none());
}

#[test]
fn marked_models_keep_the_color_of_their_class() {
    let mut state = state(140, 42);
    press(&mut state, KeyCode::Char('w'));
    type_text(&mut state, "coder");
    press(&mut state, KeyCode::Enter);
    let mut terminal = Terminal::new(TestBackend::new(140, 42)).unwrap();
    terminal.draw(|frame| view(frame, &state)).unwrap();
    let colors: std::collections::HashSet<Color> = terminal
        .backend()
        .buffer()
        .content()
        .iter()
        .filter(|cell| cell.symbol() == "◆")
        .map(|cell| cell.fg)
        .collect();
    let classes: Vec<Color> = (0..HUES).map(|i| state.theme.hue(Hue::Class(i))).collect();
    assert!(colors.len() > 2 && !colors.contains(&state.theme[Ink::MapDim]), "{colors:?}");
    assert!(colors.iter().filter(|color| classes.contains(color)).count() > 2);
    assert!(screen(&state).contains("heron 2/6"), "the legend counts them");
}

#[test]
fn a_session_does_not_open_in_an_error() {
    let mut state = state(140, 42);
    state.with_data = true;
    update(&mut state, Event::Command(Command::Focus(Pane::Questions)));
    update(&mut state, Event::Command(Command::Focus(Pane::Route)));
    let text = serde_json::to_string(&Session::of(&state)).unwrap();
    let mut again = self::state(140, 42);
    serde_json::from_str::<Session>(&text).unwrap().restore(&mut again);
    assert_eq!((again.wide, again.focus), (Pane::Map, Pane::Route));
    press(&mut again, KeyCode::Char('5'));
    assert!(again.route.editor.is_empty() && again.focus == Pane::Evaluate);
}

#[test]
fn a_filter_that_means_nothing_is_named_when_it_is_left() {
    let mut state = filled(state(140, 42));
    press(&mut state, KeyCode::Enter);
    press(&mut state, KeyCode::Char('f'));
    type_text(&mut state, "coder and foo > 3");
    press(&mut state, KeyCode::Enter);
    assert!(screen(&state).contains("Filter not applied"), "{}", screen(&state));
    press(&mut state, KeyCode::Char('6'));
    press(&mut state, KeyCode::Char('f'));
    type_text(&mut state, "coder and foo > 3");
    press(&mut state, KeyCode::Enter);
    assert!(screen(&state).contains("Filter not applied") && state.table.rows.len() == 24);
}

#[test]
fn a_console_without_braille_gets_none() {
    for pane in Pane::ALL {
        let mut state = filled(state(140, 42));
        state.has_braille = false;
        state.clusters = Job::Running;
        state.map.marker = Marker::Braille;
        update(&mut state, Event::Command(Command::Focus(*pane)));
        let is_braille = |c: char| ('\u{2800}'..='\u{28ff}').contains(&c);
        assert!(!screen(&state).contains(is_braille), "{}", screen(&state));
    }
    let mut state = state(140, 42);
    state.has_braille = false;
    for _ in 0..5 {
        press(&mut state, KeyCode::Char('m'));
        assert!(state.can_draw(state.map.marker));
    }
}

#[test]
fn the_help_takes_all_movements_and_leaves_what_is_behind_it() {
    for pane in [Pane::Map, Pane::Models, Pane::Route] {
        for (width, height) in [(80, 24), (200, 60)] {
            let mut state = filled(state(width, height));
            update(&mut state, Event::Command(Command::Focus(pane)));
            let before = state.selected;
            press(&mut state, KeyCode::Char('?'));
            let mut lowest = 0;
            for key in [KeyCode::PageDown, KeyCode::Down, KeyCode::End, KeyCode::Char('G')] {
                press(&mut state, key);
                assert!(state.help && state.help_scroll >= lowest, "{pane:?} {key:?}");
                lowest = state.help_scroll;
            }
            press(&mut state, KeyCode::Home);
            assert!(state.help && state.help_scroll == 0 && state.selected == before);
            press(&mut state, KeyCode::Char('q'));
            assert!(!state.help && !state.leaving, "q closes the help only");
        }
    }
}

#[test]
fn the_help_begins_with_the_keys_of_the_pane_and_those_that_hold_everywhere() {
    for (width, height) in [(120, 35), (140, 42), (200, 60)] {
        let mut state = state(width, height);
        press(&mut state, KeyCode::Char('?'));
        let text = screen(&state);
        for about in ["Zoom in", "Type a prompt and route it", "Color the map by …"] {
            assert!(text.contains(about), "{width}x{height} {about}\n{text}");
        }
    }
}
