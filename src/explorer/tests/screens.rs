//! Every screen, at every size.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ratatui::buffer::Cell;

use super::*;

#[test]
fn every_pane_at_three_sizes() {
    for (width, height) in [(80, 24), (140, 42), (200, 60)] {
        let mut state = filled(state(width, height));
        for &pane in Pane::ALL {
            update(&mut state, Event::Command(Command::Focus(pane)));
            update(&mut state, Event::Command(Command::Accept));
            state.notice = None;
            insta::assert_snapshot!(format!("{}-{width}x{height}", pane.title()), screen(&state));
        }
    }
}

#[test]
fn every_theme_at_three_sizes() {
    for (width, height) in [(80, 24), (140, 42), (200, 60)] {
        let mut state = filled(state(width, height));
        update(&mut state, Event::Command(Command::Focus(Pane::Map)));
        for name in Theme::bundled() {
            let (theme, warnings) = Theme::load(name, Depth::True).unwrap();
            assert!(warnings.is_empty(), "{warnings:?}");
            update(&mut state, Event::Outside(Outside::Themed(Box::new(theme), warnings)));
            insta::assert_snapshot!(format!("theme-{name}-{width}x{height}"), styles(&state));
        }
    }
}

#[test]
fn every_pane_in_its_styles() {
    let mut state = filled(state(140, 42));
    for &pane in Pane::ALL {
        update(&mut state, Event::Command(Command::Focus(pane)));
        update(&mut state, Event::Command(Command::Accept));
        state.notice = None;
        insta::assert_snapshot!(format!("styles-{}", pane.title()), styles(&state));
    }
}

/// The style of each cell as a letter, a blank for the most frequent one, and what the letters mean.
fn styles(state: &State) -> String {
    let mut terminal =
        Terminal::new(TestBackend::new(state.area.width, state.area.height)).unwrap();
    terminal.draw(|frame| view(frame, state)).unwrap();
    let buffer = terminal.backend().buffer();
    let style = |cell: &Cell| {
        let modifier = match cell.modifier {
            _ if cell.modifier.is_empty() => String::new(),
            modifier => format!(" {modifier:?}"),
        };
        format!("{} on {}{modifier}", cell.fg, cell.bg)
    };
    let mut found = Vec::<(String, usize)>::new();
    for cell in buffer.content() {
        let style = style(cell);
        match found.iter_mut().find(|(known, _)| *known == style) {
            Some((_, cells)) => *cells += 1,
            None => found.push((style, 1)),
        }
    }
    let most = found.iter().map(|(_, cells)| *cells).max().unwrap_or_default();
    let mut letters = ('a'..='z').chain('A'..='Z').chain('0'..='9');
    let named: Vec<(char, String)> = found
        .into_iter()
        .map(|(style, cells)| {
            (if cells == most { ' ' } else { letters.next().unwrap_or('?') }, style)
        })
        .collect();
    let letter = |cell: &Cell| {
        let style = style(cell);
        named.iter().find(|(_, known)| *known == style).map_or('?', |(letter, _)| *letter)
    };
    let rows = buffer.content().chunks(state.area.width.into());
    let rows = rows.map(|row| format!("|{}|", row.iter().map(letter).collect::<String>()));
    let legend = named.iter().map(|(letter, style)| format!("{letter} {style}"));
    rows.chain(legend).collect::<Vec<_>>().join("\n")
}

#[test]
fn help_shows_the_keymap_of_the_focused_pane() {
    let mut state = filled(state(140, 42));
    update(&mut state, Event::Command(Command::Focus(Pane::Map)));
    press(&mut state, KeyCode::Char('?'));
    assert!(state.help);
    insta::assert_snapshot!("help", screen(&state));
    update(&mut state, Event::Outside(Outside::Resized(80, 24)));
    assert!(screen(&state).contains("more · / search · Esc close"));
    for _ in 0..60 {
        press(&mut state, KeyCode::Down);
    }
    assert!(state.help && screen(&state).contains("Enter"), "the end can be read");
    press(&mut state, KeyCode::Esc);
    assert!(!state.help);
}

#[test]
fn a_small_window_shows_a_message() {
    let text = screen(&state(40, 10));
    assert!(text.contains("40×10, need 60×18"));
}

#[test]
fn no_size_and_no_name_make_it_panic_or_leak() {
    let odd = [
        "日本語モデル",
        "👩‍🔬👩‍🔬-7b",
        "e\u{301}\u{301}\u{301}",
        "\u{1b}[2J\u{7}evil\u{9b}m",
        "\u{202e}gpj",
        "",
        "a very long name indeed, longer than any pane",
    ];
    let names = |m: usize| format!("{}{m}", odd[m % odd.len()]);
    let widths = [1, 2, 3, 7, 20, 40, 59, 60, 61, 79, 80, 100, 119, 120, 140, 179, 180, 200, 250];
    let heights = [1, 2, 3, 5, 10, 17, 18, 19, 24, 37, 38, 50, 80];
    let mut state = filled(state_of(model_set(names), 80, 24));
    update(&mut state, Event::Command(Command::Space));
    state.mark([1, 2, 3, 4]);
    for &pane in Pane::ALL {
        update(&mut state, Event::Command(Command::Focus(pane)));
        for width in widths {
            for height in heights {
                update(&mut state, Event::Outside(Outside::Resized(width, height)));
                let text = screen(&state);
                assert!(!text.chars().any(|c| c != '\n' && c.is_control() || c == '\u{202e}'));
                for over in [
                    Event::Command(Command::Help),
                    Event::Command(Command::Palette),
                    Event::Command(Command::Colors),
                    Event::Command(Command::Select),
                ] {
                    update(&mut state, over);
                    let text = screen(&state);
                    assert!(!text.chars().any(|c| c != '\n' && c.is_control() || c == '\u{202e}'));
                    update(&mut state, Event::Command(Command::Dismiss));
                }
            }
        }
    }
}

#[test]
fn a_window_may_change_its_size_between_a_frame_and_the_event_that_tells_of_it() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut state = filled(state(200, 60));
    let mut terminal = Terminal::new(TestBackend::new(200, 60)).unwrap();
    let overs = [
        Event::Command(Command::Help),
        Event::Command(Command::Palette),
        Event::Command(Command::Colors),
        Event::Command(Command::Search),
        Event::Command(Command::Select),
    ];
    for _ in 0..1500 {
        match rng.random_range(0..8) {
            0 => drop(update(
                &mut state,
                Event::Command(Command::Focus(Pane::ALL[rng.random_range(0..Pane::ALL.len())])),
            )),
            1 => drop(update(&mut state, overs[rng.random_range(0..overs.len())].clone())),
            2 => drop(press(
                &mut state,
                KeyCode::Char(b"jkhlmdatx+-"[rng.random_range(0..11)].into()),
            )),
            3 => drop(press(&mut state, KeyCode::Esc)),
            4 => {
                // The event of the size before may come after the window has changed again.
                let size = terminal.size().unwrap();
                update(&mut state, Event::Outside(Outside::Resized(size.width, size.height)));
            }
            _ => {}
        }
        if rng.random_bool(0.7) {
            let (width, height) = (rng.random_range(1..=220), rng.random_range(1..=70));
            terminal.backend_mut().resize(width, height);
        }
        terminal.draw(|frame| view(frame, &state)).unwrap();
    }
}

#[test]
fn nothing_at_all_can_be_explored() {
    let mut empty = model_set(plain);
    empty.models = std::sync::Arc::default();
    empty.attributes = std::sync::Arc::default();
    empty.benchmarks.clear();
    empty.vectors = Array2::zeros((0, 6)).into();
    let mut state = state_of(empty, 140, 42);
    for key in "hjkl+-FcCIamn p12345z".chars() {
        press(&mut state, KeyCode::Char(key));
        screen(&state);
        press(&mut state, KeyCode::Esc);
    }
}

#[test]
fn every_key_of_the_keymap_is_safe_everywhere() {
    for &pane in Pane::ALL {
        let mut state = filled(state(140, 42));
        update(&mut state, Event::Command(Command::Focus(pane)));
        for binding in crate::explorer::keys::KEYMAP.iter() {
            update(&mut state, Event::Command(binding.command.clone()));
            screen(&state);
        }
    }
}
