//! The Map pane.

use ratatui::style::{Color, Modifier};

use super::*;
use crate::explorer::layout::Layout;
use crate::explorer::theme::Ink;
use crate::explorer::ui::legend::Parts;

/// A cluster of half the models.
pub fn cluster(name: &str) -> Cluster {
    Cluster {
        name: name.into(),
        brief: name.into(),
        title: "like raven".into(),
        size: 12,
        stability: 0.8,
        prototype: plain(0),
        features: Vec::new(),
        coverage: 0.2,
    }
}

#[test]
fn dragging_marks_a_box_and_zooms_with_the_right_button() {
    let mut state = state(140, 42);
    for (x, y) in [(4, 4), (40, 20), (70, 34)] {
        update(&mut state, Event::Input(Input::Drag(Button::Left, x, y)));
        screen(&state);
    }
    update(&mut state, Event::Input(Input::Release));
    let marked = state.marked.len();
    assert!(marked > 3, "{marked}");
    press(&mut state, KeyCode::Char('B'));
    for (x, y) in [(4, 4), (80, 4), (4, 38)] {
        update(&mut state, Event::Input(Input::Drag(Button::Left, x, y)));
        screen(&state);
    }
    update(&mut state, Event::Input(Input::Release));
    assert!(!state.marked.is_empty() && state.marked.len() < 24);
    for (x, y) in [(30, 10), (50, 20)] {
        update(&mut state, Event::Input(Input::Drag(Button::Right, x, y)));
    }
    update(&mut state, Event::Input(Input::Release));
    assert!(state.map.zoom > 1.5);
    press(&mut state, KeyCode::Char('u'));
    assert!((state.map.zoom - 1.0).abs() < 1e-9, "zooming can be undone");
}

#[test]
fn the_map_turns_and_projects() {
    let mut state = state(140, 42);
    press(&mut state, KeyCode::Char('r'));
    assert!(state.map.space.is_some() && state.map.nearness.len() == 24);
    state.map.settle();
    let before = state.map.places.clone();
    press(&mut state, KeyCode::Char(']'));
    assert_ne!(state.map.places, before);
    assert!(screen(&state).contains("3-D ·"));
    press(&mut state, KeyCode::Char('R'));
    assert!(state.map.is_moving());
    let before = state.map.places.clone();
    update(&mut state, Event::Tick);
    assert_ne!(state.map.places, before, "it turns by itself");
    press(&mut state, KeyCode::Char('r'));
    assert_eq!(
        update(&mut state, Event::Command(Command::UseProjector(Projector::Tsne))),
        [Effect::Project(Projector::Tsne)]
    );
    let flat = Projection::pca(state.model_set.profiles(), 2).unwrap();
    update(&mut state, Event::Job(JobResult::Projected(Projector::Tsne, flat)));
    assert!(screen(&state).contains("t-SNE 1"));
    assert!(press(&mut state, KeyCode::Char('u')).is_empty(), "the first one is kept");
    assert_eq!(state.map.projector, Projector::Pca);
    update(&mut state, Event::Command(Command::UseProjector(Projector::Attribute(1))));
    update(&mut state, Event::Job(JobResult::Failed(JobKind::Projection, "no".into())));
    assert!(!state.map.projecting.is_running() && screen(&state).contains("✗ no"));
}

#[test]
fn the_map_goes_back_to_its_start_and_that_can_be_undone() {
    let mut state = state(140, 42);
    let first = state.map.look();
    for key in ['+', 'l', 'I', 'R'] {
        press(&mut state, KeyCode::Char(key));
    }
    update(&mut state, Event::Command(Command::NextColor));
    let then = state.map.look();
    assert!(then.zoom > 1.0 && then.space.is_some() && then.color != first.color);
    press(&mut state, KeyCode::Char('g'));
    assert_eq!(state.map.look(), first);
    assert!(!state.map.spinning);
    press(&mut state, KeyCode::Char('u'));
    assert_eq!(state.map.look().color, then.color);
}

#[test]
fn coverage_is_turned_out_and_in_again() {
    let mut state = state(140, 42);
    update(&mut state, Event::Command(Command::Focus(Pane::Map)));
    let without = Projector::WithoutCoverage;
    assert_eq!(press(&mut state, KeyCode::Char('V')), [Effect::Project(without)]);
    let found = Projection::pca(state.model_set.profiles(), 3).unwrap();
    update(&mut state, Event::Job(JobResult::Projected(without, found)));
    state.map.settle();
    assert!(screen(&state).contains("PC1 without coverage"), "{}", screen(&state));
    assert!(!screen(&state).contains("coverage explains"));
    assert_eq!(press(&mut state, KeyCode::Char('V')), [], "the first projection is known");
    assert_eq!(state.map.projector, Projector::Pca);
}

#[test]
fn each_marker_draws_every_class() {
    let mut state = state(140, 42);
    for _ in 0..5 {
        press(&mut state, KeyCode::Char('m'));
        press(&mut state, KeyCode::Char('d'));
        let text = screen(&state);
        assert!(text.contains("heron") && text.contains("raven"));
    }
}

#[test]
fn clusters_color_the_map_and_mark_models() {
    let mut state = state(140, 42);
    let effects = update(&mut state, Event::Command(Command::ColorBy(ColorBy::Cluster)));
    assert_eq!(effects, [Effect::Cluster]);
    let found = Clusters {
        of: (0..24).map(|m| m % 2).collect(),
        clusters: vec![cluster("herons"), cluster("others")],
    };
    assert!(
        update(&mut state, Event::Job(JobResult::Clustered(found))).is_empty(),
        "asked only once"
    );
    let text = screen(&state);
    assert!(
        text.contains("herons · 80% stable · 12") && text.contains("L I K E   R A V E N"),
        "{text}"
    );
    press(&mut state, KeyCode::Char('\''));
    assert!(!screen(&state).contains("L I K E"), "the names are off");
    press(&mut state, KeyCode::Char('X'));
    assert_eq!(state.marked.len(), 12);
}

#[test]
fn the_map_shows_how_little_is_known_of_each_model() {
    let mut state = state(140, 42);
    update(&mut state, Event::Command(Command::ColorBy(ColorBy::Uncertainty)));
    let shown = screen(&state);
    assert!(shown.contains("color uncertainty"), "{shown}");
    assert!(shown.contains("≤ 0.4") && shown.contains("> 1.1"), "{shown}");
}

#[test]
fn losing_the_focus_ends_movements() {
    let mut state = state(140, 42);
    press(&mut state, KeyCode::Char('a'));
    assert!(state.map.is_moving());
    update(&mut state, Event::Outside(Outside::Focused(false)));
    assert!(!state.map.is_moving() && !state.terminal_focused);
    assert_eq!(press(&mut state, KeyCode::F(2)), [Effect::Mouse(false)]);
    assert_eq!(press(&mut state, KeyCode::F(2)), [Effect::Mouse(true)]);
}

#[test]
fn the_cursor_walks_over_the_map() {
    let mut state = state(120, 35);
    let start = state.selected;
    let mut seen = std::collections::BTreeSet::from([start]);
    for direction in [Direction::Left, Direction::Right, Direction::Up, Direction::Down] {
        for _ in 0..12 {
            update(&mut state, Event::Command(Command::Step(direction)));
            seen.insert(state.selected);
        }
    }
    assert!(seen.len() > 8, "{seen:?}");
    let nearest = state.neighbors[0].model;
    update(&mut state, Event::Command(Command::Focus(Pane::Model)));
    press(&mut state, KeyCode::Enter);
    assert_eq!(state.selected, nearest);
}

#[test]
fn a_click_selects_isolates_and_focuses() {
    let mut state = filled(state(140, 42));
    update(&mut state, Event::Command(Command::Focus(Pane::Map)));
    let text = screen(&state);
    let find = |what: &str| -> (u16, u16) {
        let (y, line) = text.lines().enumerate().find(|(_, line)| line.contains(what)).unwrap();
        // The backend prints a quote before each line.
        let x = line[..line.find(what).unwrap()].chars().count() - 1;
        (x as u16, y as u16)
    };
    let (x, y) = find("● heron 6");
    update(&mut state, Event::Input(Input::Click(x, y)));
    assert!(state.map.isolated.is_some());
    press(&mut state, KeyCode::Esc);
    assert!(state.map.isolated.is_none());
    let (x, y) = find("3 Probe");
    update(&mut state, Event::Input(Input::Click(x, y)));
    assert_eq!(state.focus, Pane::Probe);
    let zoom = state.map.zoom;
    update(&mut state, Event::Input(Input::Wheel(20, 20, true)));
    assert!(state.map.zoom > zoom);
    update(&mut state, Event::Input(Input::Wheel(20, 20, false)));
    assert!((state.map.zoom - 1.0).abs() < 1e-9);
}

/// The colors of the points of the map, by how often.
fn colors(state: &State) -> std::collections::HashMap<Color, usize> {
    let mut terminal =
        Terminal::new(TestBackend::new(state.area.width, state.area.height)).unwrap();
    terminal.draw(|frame| view(frame, state)).unwrap();
    let map = Layout::of(state).unwrap().pane(Pane::Map).unwrap();
    let mut colors = std::collections::HashMap::new();
    for at in map.positions() {
        let cell = &terminal.backend().buffer()[at];
        if cell.symbol() == "●" {
            *colors.entry(cell.fg).or_default() += 1;
        }
    }
    colors
}

#[test]
fn points_fade_to_their_chances_while_a_prompt_is_typed() {
    let mut state = state(140, 42);
    press(&mut state, KeyCode::Char('p'));
    let before = colors(&state).len();
    type_text(&mut state, "What is 17 × 23?");
    let version = state.route.version;
    update(&mut state, Event::Job(JobResult::Routed(version, Ok(route()))));
    assert!(state.map.is_moving());
    for _ in 0..6 {
        update(&mut state, Event::Tick);
    }
    assert!(!state.map.is_moving());
    assert!(colors(&state).len() > before + 8, "each model has its own brightness");
    assert!(screen(&state).contains("brightness: chance"));
    let (best, worst) = (route().candidates[0].model, route().candidates[23].model);
    assert!(state.map.glow.of(best) > 0.99 && state.map.glow.of(worst) < 0.2);
    press(&mut state, KeyCode::Esc);
    state.motion = false;
    update(&mut state, Event::Tick);
    assert!(!state.map.glow.is_on() && colors(&state).len() <= before, "as before");
}

#[test]
fn what_the_mouse_points_at_lights_up() {
    let mut state = filled(state(200, 60));
    press(&mut state, KeyCode::Enter);
    update(&mut state, Event::Command(Command::Focus(Pane::Map)));
    let area = Layout::of(&state).unwrap().pane(Pane::Map).unwrap();
    let parts = Parts::of(&state, area);
    let at = (area.y..area.bottom())
        .flat_map(|y| (area.x..area.right()).map(move |x| (x, y)))
        .find(|(x, y)| parts.class_at(*x, *y) == Some(1))
        .unwrap();
    update(&mut state, Event::Input(Input::Hover(at.0, at.1)));
    let lit: Vec<usize> = (0..24).filter(|m| state.is_lit(*m)).collect();
    assert_eq!(lit.len(), state.map.coloring.classes[1].count);
    assert!(lit.iter().all(|m| state.map.coloring.class_of(*m) == 1));
    update(&mut state, Event::Input(Input::Hover(area.x + 2, area.y + 2)));
    assert!((0..24).all(|m| state.is_lit(m)));
    // A row of the ranking.
    let text = screen(&state);
    let (y, line) = text.lines().enumerate().find(|(_, line)| line.contains("  3≈ ")).unwrap();
    let x = line[..line.find("  3≈ ").unwrap()].chars().count() as u16 + 4;
    update(&mut state, Event::Input(Input::Hover(x, y as u16)));
    assert_eq!(screen(&state).matches('◎').count(), 1);
    press(&mut state, KeyCode::Char('l'));
    assert!(!screen(&state).contains('◎'));
}

#[test]
fn what_stands_back_can_still_be_read() {
    for pane in Pane::ALL {
        let mut state = filled(state(140, 42));
        update(&mut state, Event::Command(Command::Focus(*pane)));
        state.map.isolated = Some(0);
        let mut terminal = Terminal::new(TestBackend::new(140, 42)).unwrap();
        terminal.draw(|frame| view(frame, &state)).unwrap();
        let dim = |fg: Color| fg == state.theme[Ink::MapDim];
        let cells = terminal.backend().buffer().content();
        let mut dim = cells.iter().filter(|cell| dim(cell.fg)).peekable();
        let map = Layout::of(&state).unwrap().pane(Pane::Map);
        assert_eq!(dim.peek().is_some(), map.is_some(), "the points of other classes are dim");
        let written = dim.find(|cell| cell.symbol().contains(char::is_alphanumeric));
        assert!(written.is_none(), "{}: {written:?}", pane.title());
    }
}

#[test]
fn without_colors_no_point_is_dim_because_of_what_it_covers() {
    let mut state = filled(state(140, 42));
    let (theme, _) = Theme::load("dark", Depth::None).unwrap();
    update(&mut state, Event::Outside(Outside::Themed(Box::new(theme), Vec::new())));
    press(&mut state, KeyCode::Esc);
    state.map.places[3] = state.map.origin;
    for density in [false, true] {
        state.map.density = Some(density);
        let mut terminal = Terminal::new(TestBackend::new(140, 42)).unwrap();
        terminal.draw(|frame| view(frame, &state)).unwrap();
        let map = Layout::of(&state).unwrap().pane(Pane::Map).unwrap();
        let plot = Parts::of(&state, map).plot;
        let cells: Vec<_> = plot.positions().map(|at| &terminal.backend().buffer()[at]).collect();
        let dim = |symbols: &[&str]| -> Vec<bool> {
            let found = cells.iter().filter(|cell| symbols.contains(&cell.symbol()));
            found.map(|cell| cell.modifier.contains(Modifier::DIM)).collect()
        };
        let points = dim(&["●", "▲", "■", "▼"]);
        assert!(points.len() > 15 && points.iter().all(|dim| !dim), "{points:?}");
        let covered = dim(if density { &["░", "▒", "▓"] } else { &["┊", "┈"] });
        assert!(covered.len() > 8 && covered.iter().all(|dim| *dim), "{covered:?}");
    }
}
