//! The map in pixels: what a frame leaves to the picture, and what the picture shows.

use ratatui::buffer::Buffer;
use ratatui::style::Color;

use super::*;
use crate::explorer::depth::{contrast, mix};
use crate::explorer::graphics::cover::Cover;
use crate::explorer::graphics::{Canvas, Protocol, Scene};
use crate::explorer::theme::Ink;
use crate::explorer::ui::scene::{left_out, scene};
use crate::picture::Sign;

fn canvas(protocol: Protocol) -> Canvas {
    Canvas { protocol, cell: (8.0, 16.0), colors: 256, largest: None }
}

/// The scene of the state, as before its first picture.
fn wanted(state: &State) -> Option<Scene> {
    scene(state, state.area, canvas(Protocol::Kitty), None)
}

/// A terminal has answered, and the first picture has come.
fn painted(mut state: State) -> State {
    update(&mut state, Event::Outside(Outside::Pictures(Some("kitty graphics"))));
    let plot = wanted(&state).unwrap().plot;
    update(&mut state, Event::Outside(Outside::Painted(plot)));
    state
}

/// The frame of the state, and its cover.
fn frame(state: &State, protocol: Protocol) -> (Buffer, Option<Cover>) {
    let mut terminal =
        Terminal::new(TestBackend::new(state.area.width, state.area.height)).unwrap();
    let mut cover = None;
    let drawn = terminal
        .draw(|frame| {
            view(frame, state);
            if let Some(plot) = left_out(state, frame.area()) {
                let ground = state.theme[Ink::Background];
                let texts = protocol != Protocol::Kitty;
                cover = Some(Cover::take(frame.buffer_mut(), plot, ground, texts));
            }
        })
        .unwrap();
    (drawn.buffer.clone(), cover)
}

fn symbols(buffer: &Buffer, area: Rect) -> String {
    area.positions().map(|at| buffer[(at.x, at.y)].symbol().to_owned()).collect()
}

#[test]
fn the_plot_is_left_to_the_picture_but_for_its_words() {
    let cells = filled(state(140, 42));
    let (before, none) = frame(&cells, Protocol::Kitty);
    assert!(none.is_none(), "without an answer it is drawn in cells");
    let state = painted(cells);
    let (after, cover) = frame(&state, Protocol::Kitty);
    let cover = cover.unwrap();
    let plot = cover.plot;
    let (before, words) = (symbols(&before, plot), symbols(&after, plot));
    for sign in ["●", "◉", "★", "┊", "┈"] {
        assert!(before.contains(sign) && !words.contains(sign), "{sign}:\n{words}");
    }
    assert!(words.contains("PC1") && words.matches("b-v").count() > 4, "{words}");
    // All but the name of the selected model, which has a ground of its own.
    let covered: Vec<_> =
        plot.positions().zip(&cover.free).filter(|(_, free)| !**free).map(|(at, _)| at).collect();
    let name: String = covered.iter().map(|at| after[(at.x, at.y)].symbol()).collect();
    assert_eq!(name, state.short(state.selected));
    let background = state.theme[Ink::Background];
    assert!(plot.positions().all(|at| after[(at.x, at.y)].bg != Color::Reset));
    assert_eq!(after[(plot.x, plot.bottom() - 1)].bg, background);
}

#[test]
fn what_lies_over_the_map_is_never_left_to_the_picture() {
    let mut state = painted(filled(state(140, 42)));
    press(&mut state, KeyCode::Esc);
    let free = |state: &State| {
        let (buffer, cover) = frame(state, Protocol::Iterm);
        let cover = cover.unwrap();
        (buffer, cover.free.iter().filter(|free| **free).count(), cover)
    };
    let (_, before, _) = free(&state);
    for keys in ["?", ":"] {
        type_text(&mut state, keys);
        let (buffer, after, cover) = free(&state);
        assert!(after + 200 < before, "{keys}: {after} of {before}");
        // Whatever is written on free cells has become part of the picture.
        let free = cover.plot.positions().zip(&cover.free).filter(|(_, free)| **free);
        assert!(free.map(|(at, _)| buffer[(at.x, at.y)].symbol()).all(|symbol| symbol == " "));
        press(&mut state, KeyCode::Esc);
    }
    // The card beside the mouse.
    let plot = free(&state).2.plot;
    let (x, y) = state.map.seen(state.map.places[3]);
    let at = |v: f64, from: u16, size: u16| from + (v * f64::from(size)) as u16;
    let (x, y) = (at(x, plot.x, plot.width), at(y, plot.y, plot.height));
    update(&mut state, Event::Input(Input::Hover(x, y)));
    assert!(free(&state).1 + 20 < before);
}

#[test]
fn the_picture_shows_every_role_and_follows_the_state() {
    let mut state = painted(filled(state(140, 42)));
    press(&mut state, KeyCode::Esc);
    let first = wanted(&state).unwrap();
    assert_eq!(Some(&first), wanted(&state).as_ref(), "the same is not painted again");
    let signs = |scene: &Scene, sign: Sign| {
        scene.picture.dots.iter().filter(|dot| dot.sign == sign).count()
    };
    assert_eq!((signs(&first, Sign::Star), signs(&first, Sign::Diamond)), (1, 0));
    // 24 models: one is a star, and the selected one has a ring.
    assert_eq!(signs(&first, Sign::Disc), 24);
    assert!(first.crowd.is_some(), "contours are shown from the beginning");
    update(&mut state, Event::Command(Command::Focus(Pane::Map)));
    press(&mut state, KeyCode::Char('d'));
    assert!(wanted(&state).unwrap().crowd.is_none());
    press(&mut state, KeyCode::Char('d'));
    state.mark([2, 9, 11]);
    let marked = wanted(&state).unwrap();
    assert_ne!(marked, first);
    assert!(signs(&marked, Sign::Diamond) >= 2);
    assert_eq!(marked.crowd.unwrap().points.len(), 24);
    state.mark([]);
    press(&mut state, KeyCode::Char('m'));
    let shapes = wanted(&state).unwrap();
    assert!(signs(&shapes, Sign::Up) > 2 && signs(&shapes, Sign::Square) > 2);
    press(&mut state, KeyCode::Char('m'));
    assert_eq!(signs(&wanted(&state).unwrap(), Sign::Up), 0);
    // A movement paints on.
    press(&mut state, KeyCode::Char('r'));
    update(&mut state, Event::Tick);
    let turned = wanted(&state).unwrap();
    assert!(turned.picture.lines.is_empty() && turned.picture.shapes.len() == 3);
}

#[test]
fn every_point_can_be_seen_in_every_theme() {
    let mut state = painted(filled(state(140, 42)));
    press(&mut state, KeyCode::Esc);
    for name in Theme::bundled().filter(|name| *name != "terminal") {
        let (theme, _) = Theme::load(name, Depth::True).unwrap();
        update(&mut state, Event::Outside(Outside::Themed(Box::new(theme), Vec::new())));
        // The rest stands back while some are marked.
        for marked in [[].as_slice(), &[2, 9, 11]] {
            state.mark(marked.iter().copied());
            let picture = wanted(&state).unwrap().picture;
            let ground = picture.background;
            for dot in &picture.dots {
                let ratio = contrast(mix(ground, dot.fill, dot.opacity), ground);
                assert!(ratio >= 3.0, "{name}: {:?} has {ratio:.2}", dot.sign);
            }
            assert!(contrast(picture.line, ground) >= 3.0, "{name}: the axes");
        }
    }
}

#[test]
fn it_can_be_turned_off_and_colors_of_the_terminal_stay_in_cells() {
    let mut state = state(140, 42);
    assert_eq!(update(&mut state, Event::Command(Command::Pixels)), [Effect::Survey]);
    let mut state = painted(state);
    assert!(left_out(&state, state.area).is_some());
    assert!(update(&mut state, Event::Command(Command::Pixels)).is_empty());
    assert!(wanted(&state).is_none() && left_out(&state, state.area).is_none());
    assert!(screen(&state).contains("Pixels off") && screen(&state).contains('◉'));
    update(&mut state, Event::Command(Command::Pixels));
    assert!(wanted(&state).is_some() && screen(&state).contains("Pixels on: kitty graphics"));
    // Another size is drawn in cells until its picture comes.
    update(&mut state, Event::Outside(Outside::Resized(120, 35)));
    assert!(wanted(&state).is_some() && left_out(&state, state.area).is_none());
    for (theme, depth) in
        [("terminal", Depth::True), ("dark", Depth::Sixteen), ("dark", Depth::None)]
    {
        let (theme, _) = Theme::load(theme, depth).unwrap();
        update(&mut state, Event::Outside(Outside::Themed(Box::new(theme), Vec::new())));
        assert!(wanted(&state).is_none(), "{depth:?}");
    }
    let (theme, _) = Theme::load("mono", Depth::True).unwrap();
    update(&mut state, Event::Outside(Outside::Themed(Box::new(theme), Vec::new())));
    let shapes = wanted(&state).unwrap();
    assert!(shapes.picture.dots.iter().any(|dot| dot.sign == Sign::Up), "shapes tell grays apart");
    // No picture is sent in more tiles than the terminal may keep.
    let small = Canvas { largest: Some((100, 100)), ..canvas(Protocol::Sixel) };
    assert!(scene(&state, state.area, small, None).is_none());
}
