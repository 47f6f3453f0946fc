//! What is written, decoded again.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::cover::Cover;
use super::layer::{Layer, Writing};
use super::painter::paint;
use super::reply::IMAGE;
use super::{Canvas, Graphics, Painting, Protocol, Scene, iterm, kitty, sixel};
use crate::picture::{Dot, Indexed, Picture, Pixels, Rgb, decoded};

const PLOT: Rect = Rect { x: 3, y: 2, width: 30, height: 10 };
const GROUND: Rgb = (17, 20, 26);

fn canvas(protocol: Protocol) -> Canvas {
    Canvas { protocol, cell: (8.0, 16.0), colors: 256, largest: None }
}

/// A disc on the ground, right of the middle by some pixels.
fn scene(right: f64) -> Scene {
    let size = (f64::from(PLOT.width) * 8.0, f64::from(PLOT.height) * 16.0);
    Scene {
        plot: PLOT,
        with_texts: true,
        scale: 1.0,
        picture: Picture {
            size,
            background: GROUND,
            shapes: Vec::new(),
            texts: Vec::new(),
            lines: Vec::new(),
            line: GROUND,
            dots: vec![Dot::disc((size.0 / 2.0 + right, size.1 / 2.0), 20.0, (230, 159, 0))],
            names: Vec::new(),
        },
        crowd: None,
    }
}

fn painting(protocol: Protocol, version: u64) -> Painting {
    paint(canvas(protocol), version, scene(version as f64)).unwrap()
}

/// The cover of a frame on which a box lies over the plot, or nothing.
fn cover(over: Rect, protocol: Protocol) -> Cover {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 16));
    for at in over.positions() {
        buffer[(at.x, at.y)].set_bg(Color::Rgb(9, 9, 9));
    }
    Cover::take(&mut buffer, PLOT, Color::Rgb(17, 20, 26), protocol != Protocol::Kitty)
}

const NOTHING: Rect = Rect { x: 0, y: 0, width: 0, height: 0 };
const BOX: Rect = Rect { x: 10, y: 4, width: 6, height: 3 };

/// The keys and the payload of each command of kitty's graphics.
fn commands(bytes: &[u8]) -> Vec<(BTreeMap<String, String>, String)> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.split("\x1b_G")
        .skip(1)
        .map(|rest| {
            let (command, _) = rest.split_once("\x1b\\").unwrap();
            let (keys, payload) = command.split_once(';').unwrap_or((command, ""));
            let pairs = keys.split(',').map(|pair| pair.split_once('=').unwrap());
            let keys = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
            (keys.collect(), payload.to_owned())
        })
        .collect()
}

/// What a terminal shows that receives sixels at places of the screen, on a plot of another color.
fn shown_sixels(bytes: &[u8], plot: Rect, canvas: Canvas) -> Pixels {
    let [_, _, width, height] = canvas.pixels(Rect { x: 0, y: 0, ..plot });
    let mut whole = Pixels { width, height, rgb: vec![255; (3 * width * height) as usize] };
    let text = std::str::from_utf8(bytes).unwrap();
    for tile in text.split_inclusive("\x1b\\") {
        let (place, sixels) = tile.strip_prefix("\x1b[").unwrap().split_once('H').unwrap();
        let (y, x) = place.split_once(';').unwrap();
        let (x, y) = (x.parse::<u16>().unwrap() - 1, y.parse::<u16>().unwrap() - 1);
        let [left, top, ..] = canvas.pixels(Rect::new(x - plot.x, y - plot.y, 0, 0));
        let part = decoded_sixels(sixels.as_bytes());
        let (most, tallest) = canvas.largest.unwrap_or((width, height));
        assert!(part.width <= most && part.height <= tallest, "{}", part.width);
        for (row, line) in part.rgb.chunks(3 * part.width as usize).enumerate() {
            let at = 3 * ((top as usize + row) * width as usize + left as usize);
            let hidden = &mut whole.rgb[at..at + line.len()];
            assert!(hidden.iter().all(|channel| *channel == 255), "tiles overlap");
            hidden.copy_from_slice(line);
        }
    }
    whole
}

/// The picture that sixels show on a ground of another color.
fn decoded_sixels(bytes: &[u8]) -> Pixels {
    let text = std::str::from_utf8(bytes).unwrap();
    let body = text.strip_prefix("\x1bP0;1;0q\"1;1;").unwrap().strip_suffix("\x1b\\").unwrap();
    let end = body.find('#').unwrap();
    let (width, height) = body[..end].split_once(';').unwrap();
    let (width, height): (usize, usize) = (width.parse().unwrap(), height.parse().unwrap());
    let mut rgb = vec![255; 3 * width * height];
    let (mut palette, mut color) = (BTreeMap::new(), 0);
    let (mut x, mut y) = (0, 0);
    let mut rest = &body[end..];
    let number = |text: &mut &str| -> usize {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap();
        let (digits, after) = text.split_at(end);
        *text = after;
        digits.parse().unwrap()
    };
    while let Some(first) = rest.chars().next() {
        rest = &rest[1..];
        let mut times = 1;
        let sixel = match first {
            '#' => {
                color = number(&mut rest);
                if let Some(after) = rest.strip_prefix(";2;") {
                    rest = after;
                    let mut channel = || {
                        let part = number(&mut rest);
                        rest = rest.strip_prefix(';').unwrap_or(rest);
                        (part as f64 * 2.55).round() as u8
                    };
                    palette.insert(color, [channel(), channel(), channel()]);
                }
                continue;
            }
            '$' => {
                x = 0;
                continue;
            }
            '-' => {
                (x, y) = (0, y + 6);
                continue;
            }
            '!' => {
                times = number(&mut rest);
                let sixel = rest.chars().next().unwrap();
                rest = &rest[1..];
                sixel
            }
            sixel => sixel,
        };
        let bits = sixel as usize - '?' as usize;
        for _ in 0..times {
            for row in (0..6).filter(|row| bits >> row & 1 == 1) {
                let at = 3 * ((y + row) * width + x);
                rgb[at..at + 3].copy_from_slice(&palette[&color]);
            }
            x += 1;
        }
    }
    Pixels { width: width as u32, height: height as u32, rgb }
}

/// A picture with stripes, noise and a ground, of a height that is no multiple of six.
fn indexed() -> Indexed {
    let (width, height) = (97_u32, 50_u32);
    let color = |i: u32| match (i % width, i / width) {
        (x, y) if x < 20 && y % 7 == 0 => [230, 10, 10],
        (x, y) if x > 80 => [(x * y % 200) as u8, (y * 5) as u8, 120],
        _ => [17, 20, 26],
    };
    Pixels { width, height, rgb: (0..width * height).flat_map(color).collect() }.indexed(256)
}

fn pixels(picture: &Indexed) -> Vec<[u8; 3]> {
    let color = |index: &u8| picture.palette[usize::from(*index)];
    picture.indices.iter().map(color).map(|(r, g, b)| [r, g, b]).collect()
}

#[test]
fn kitty_gets_the_file_in_chunks_and_iterm_in_one() {
    // Noise that does not fit one chunk.
    let (mut seed, mut noise) = (1_u32, Vec::new());
    for _ in 0..90 * 90 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.extend([(seed >> 26) as u8 * 4, 0, 0]);
    }
    let picture = Pixels { width: 90, height: 90, rgb: noise }.indexed(256);
    let png = picture.png();
    let sent = commands(&kitty::transmit(&png));
    assert!(sent.len() > 1 && sent.iter().all(|(_, payload)| payload.len() <= 4096));
    let (first, _) = &sent[0];
    assert_eq!((&*first["a"], &*first["f"], &*first["i"]), ("t", "100", &*IMAGE.to_string()));
    let more: Vec<bool> = sent.iter().map(|(keys, _)| keys["m"] == "1").collect();
    assert!(more.iter().rev().skip(1).all(|more| *more) && !more[more.len() - 1]);
    // No answer is asked for that would come among the keys.
    assert!(sent.iter().all(|(keys, _)| keys["q"] == "2"));
    let text: String = sent.into_iter().map(|(_, payload)| payload).collect();
    let file = STANDARD.decode(text).unwrap();
    assert!(file == png && decoded(&file).rgb == pixels(&picture).concat());

    let shown = iterm::show(&png, PLOT);
    let text = std::str::from_utf8(&shown).unwrap();
    let at = format!("\x1b[{};{}H", PLOT.y + 1, PLOT.x + 1);
    let text = text.strip_prefix(&at).unwrap();
    let body = text.strip_prefix("\x1b]1337;File=").unwrap().strip_suffix('\x07').unwrap();
    let (keys, payload) = body.split_once(':').unwrap();
    assert!(keys.contains("inline=1;") && keys.contains("width=30;height=10;"));
    assert!(keys.contains(&format!("size={};", png.len())));
    assert!(STANDARD.decode(payload).unwrap() == png);
}

#[test]
fn sixels_show_the_same_pixels() {
    let picture = indexed();
    let bytes = sixel::encode(&picture);
    let found = decoded_sixels(&bytes);
    assert_eq!((found.width, found.height), (picture.width, picture.height));
    let far = |a: &[u8; 3], b: &[u8]| a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    let off = pixels(&picture).iter().zip(found.rgb.chunks(3)).map(|(a, b)| far(a, b)).max();
    // Sixels have a hundred steps a channel.
    assert!(off.unwrap() <= 2, "{off:?}");
    let flat = Pixels { width: 97, height: 50, rgb: [17, 20, 26].repeat(97 * 50) };
    assert!(sixel::encode(&flat.indexed(256)).len() < 120, "runs are counted");
    assert!(bytes[1..bytes.len() - 2].iter().all(|byte| (b' '..=b'~').contains(byte)));
}

#[test]
fn large_pictures_are_tiled_and_cells_may_have_fractions() {
    for (cell, largest) in
        [((8.43, 16.6), None), ((8.0, 16.0), Some((100, 90))), ((8.43, 16.6), Some((130, 200)))]
    {
        let canvas = Canvas { cell, largest, ..canvas(Protocol::Sixel) };
        assert!(canvas.fits(PLOT));
        let [_, _, width, height] = canvas.pixels(Rect { x: 0, y: 0, ..PLOT });
        let rgb = |i: u32| [(i % width) as u8 / 2, (i / width) as u8 / 2, 120];
        let rgb = (0..width * height).flat_map(rgb).collect();
        let picture = Pixels { width, height, rgb }.indexed(256);
        let bytes = sixel::show(&picture, PLOT, canvas);
        let found = shown_sixels(&bytes, PLOT, canvas);
        let off = pixels(&picture).into_iter().flatten().zip(found.rgb);
        assert!(off.map(|(a, b)| a.abs_diff(b)).max().unwrap() <= 2, "{cell:?} {largest:?}");
    }
    let tiny = |largest| Canvas { largest: Some(largest), ..canvas(Protocol::Sixel) };
    assert!(!tiny((1000, 10)).fits(PLOT), "not even a cell");
    assert!(!tiny((20, 1000)).fits(PLOT), "too many tiles");
}

#[test]
fn kitty_is_sent_a_picture_once_and_overlays_only_move_its_pieces() {
    let mut layer = Layer::new(canvas(Protocol::Kitty));
    let (free, covered) = (cover(NOTHING, Protocol::Kitty), cover(BOX, Protocol::Kitty));
    assert!(layer.frame(Some(&free), false).bytes.is_empty(), "nothing is painted yet");
    layer.take(painting(Protocol::Kitty, 1));
    let first = layer.frame(Some(&free), false);
    assert!(first.bytes.ends_with(b"\x1b[5n") && first.again.is_empty());
    let kinds = |bytes: &[u8]| -> Vec<String> {
        commands(bytes).into_iter().filter_map(|(keys, _)| keys.get("a").cloned()).collect()
    };
    assert_eq!(kinds(&first.bytes), ["t", "d", "p"]);
    assert_eq!(layer.frame(Some(&free), false), Writing::default(), "sent once");
    // An overlay: the same image in pieces around it, under the text, and the cursor stays.
    let around = layer.frame(Some(&covered), false).bytes;
    assert_eq!(kinds(&around), ["d", "p", "p", "p", "p"]);
    let pieces: Vec<Rect> = commands(&around)
        .iter()
        .filter(|(keys, _)| keys["a"] == "p")
        .map(|(keys, _)| {
            assert_eq!((&*keys["z"], &*keys["C"]), ("-1", "1"));
            let n = |key: &str| keys[key].parse::<u16>().unwrap();
            assert_eq!((n("w"), n("h")), (n("c") * 8, n("r") * 16));
            Rect::new(PLOT.x + n("x") / 8, PLOT.y + n("y") / 16, n("c"), n("r"))
        })
        .collect();
    assert!(pieces.iter().all(|piece| !piece.intersects(BOX)));
    assert_eq!(pieces.iter().map(|piece| piece.area()).sum::<u32>(), PLOT.area() - BOX.area());
    // A newer picture waits until the terminal has shown the last one.
    layer.take(painting(Protocol::Kitty, 2));
    assert!(layer.awaits() && layer.frame(Some(&covered), false).bytes.is_empty());
    layer.ready();
    assert_eq!(kinds(&layer.frame(Some(&covered), false).bytes)[0], "t");
    // Where the map is gone, so is the image.
    let gone = commands(&layer.frame(None, false).bytes);
    assert_eq!((&*gone[0].0["a"], &*gone[0].0["d"]), ("d", "I"));
    assert!(layer.frame(None, false).bytes.is_empty());
}

#[test]
fn what_lies_in_cells_is_sent_again_only_where_an_overlay_has_left() {
    for protocol in [Protocol::Sixel, Protocol::Iterm] {
        let mut layer = Layer::new(canvas(protocol));
        let (free, covered) = (cover(NOTHING, protocol), cover(BOX, protocol));
        layer.take(painting(protocol, 1));
        let first = layer.frame(Some(&covered), false);
        let start = format!("\x1b7\x1b[{};{}H", PLOT.y + 1, PLOT.x + 1);
        assert!(first.bytes.starts_with(start.as_bytes()), "{protocol:?}");
        // Before the first picture its cells are cleared.
        assert_eq!(first.before.len() as u32, PLOT.area() - BOX.area());
        // What the picture took is written again: what lies over it, and what is right of it and below, as
        // terminals round its size up.
        let edge = u32::from(PLOT.width + PLOT.height + 1);
        let (over, beside): (Vec<_>, Vec<_>) =
            first.again.iter().partition(|at| BOX.contains((**at).into()));
        assert_eq!((over.len() as u32, beside.len() as u32), (BOX.area(), edge));
        assert!(beside.iter().all(|(x, y)| *x == PLOT.right() || *y == PLOT.bottom()));
        layer.ready();
        assert_eq!(layer.frame(Some(&covered), false), Writing::default());
        // A picture that comes soon will cover what an overlay has erased.
        assert!(layer.frame(Some(&free), true).bytes.is_empty());
        let bared = layer.frame(Some(&free), false);
        assert!(!bared.bytes.is_empty() && bared.before.is_empty());
        assert_eq!(bared.again.len() as u32, edge);
        layer.ready();
        assert!(
            layer.frame(Some(&covered), false).bytes.is_empty(),
            "cells cover it by themselves"
        );
        assert!(!layer.frame(Some(&free), false).bytes.is_empty());
        let gone = layer.frame(None, false);
        assert_eq!((gone.bytes.len(), gone.again.len() as u32), (0, PLOT.area()));
        // A picture from before the first frame lacks the texts, and is not shown.
        layer.take(Painting { with_texts: false, ..painting(protocol, 3) });
        assert!(layer.frame(Some(&free), false).bytes.is_empty());
    }
}

#[test]
fn a_scene_is_painted_once_on_a_thread() {
    let mut graphics = Graphics::new(canvas(Protocol::Kitty));
    assert!(!graphics.is_painting() && !graphics.paints_texts());
    graphics.want(scene(0.0), None);
    assert!(graphics.is_painting());
    while graphics.arrived().is_none() {
        std::thread::yield_now();
    }
    let free = cover(NOTHING, Protocol::Kitty);
    let bytes = graphics.frame(Some(&free)).bytes;
    let sent = commands(&bytes);
    let payload: String = sent.iter().map(|(_, payload)| payload.as_str()).collect();
    let shown = decoded(&STANDARD.decode(payload).unwrap());
    assert_eq!((shown.width, shown.height), (240, 160));
    let at = |x: usize, y: usize| shown.rgb.as_chunks::<3>().0[y * 240 + x];
    assert_eq!(at(2, 2), [17, 20, 26]);
    assert!(at(120, 80)[0] > 190);
    graphics.want(scene(0.0), None);
    assert!(!graphics.is_painting() && graphics.arrived().is_none());
    // After the screen was cleared it is sent again.
    graphics.ready();
    assert!(graphics.frame(Some(&free)).bytes.is_empty());
    graphics.forget();
    assert!(!graphics.frame(Some(&free)).bytes.is_empty());
}

#[test]
fn texts_over_a_picture_stay_until_the_picture_that_they_belong_to() {
    const GROUND: Color = Color::Rgb(17, 20, 26);
    let frame = |at: u16, over: Rect| {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 16));
        buffer.set_string(at, 5, "語 name", Style::new().fg(Color::Rgb(9, 9, 9)));
        over.positions().for_each(|at| _ = buffer[(at.x, at.y)].set_char('x').set_bg(Color::Red));
        let cover = Cover::take(&mut buffer, PLOT, GROUND, false);
        (buffer, cover)
    };
    let line = |graphics: &mut Graphics, (mut buffer, mut cover): (Buffer, Cover)| -> String {
        if let Some(words) = graphics.held(PLOT) {
            cover.hold(&mut buffer, words, GROUND);
        }
        graphics.frame(Some(&cover));
        let symbols = (PLOT.x..PLOT.right()).map(|x| buffer[(x, 5)].symbol().to_owned());
        symbols.collect::<String>().trim_end().to_owned()
    };
    let painted = |graphics: &mut Graphics| {
        while graphics.arrived().is_none() {
            std::thread::yield_now();
        }
    };
    let mut graphics = Graphics::new(canvas(Protocol::Kitty));
    graphics.want(scene(0.0), None);
    painted(&mut graphics);
    // The scene has not changed since: these are its texts.
    graphics.want(scene(0.0), Some(&frame(5, NOTHING).1));
    let first = line(&mut graphics, frame(5, NOTHING));
    assert_eq!(first, "  語  name");
    graphics.ready();
    // A movement: its texts come with its picture.
    graphics.want(scene(3.0), Some(&frame(9, NOTHING).1));
    assert_eq!(line(&mut graphics, frame(9, NOTHING)), first);
    // An overlay is shown at once, even over half of a wide letter.
    let over = Rect { x: 6, y: 4, width: 2, height: 3 };
    assert_eq!(line(&mut graphics, frame(9, over)), "   xxname");
    painted(&mut graphics);
    assert_eq!(line(&mut graphics, frame(9, NOTHING)), "      語  name");
    // Nor before the terminal has confirmed the last picture.
    graphics.want(scene(6.0), Some(&frame(12, NOTHING).1));
    painted(&mut graphics);
    assert_eq!(line(&mut graphics, frame(12, NOTHING)), "      語  name");
    graphics.ready();
    assert_eq!(line(&mut graphics, frame(12, NOTHING)), "         語  name");
}

#[test]
fn a_name_with_a_background_covers_the_picture_that_it_belongs_to() {
    const GROUND: Color = Color::Rgb(17, 20, 26);
    let frame = |at: u16, painted: bool| {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 40, 16));
        buffer.set_string(at, 5, "name", Style::new().fg(Color::White).underline_color(Color::Red));
        let cover = Cover::take(&mut buffer, PLOT, GROUND, painted);
        (buffer, cover)
    };
    let boxed = |cover: &Cover| -> Vec<u16> {
        (PLOT.x..PLOT.right()).filter(|x| !cover.is_free(*x, 5)).collect()
    };
    for painted in [false, true] {
        let (buffer, older) = frame(8, painted);
        assert_eq!(boxed(&older), [8, 9, 10, 11]);
        let shown = |buffer: &Buffer, x: u16| {
            (buffer[(x, 5)].bg, buffer[(x, 5)].underline_color, buffer[(x, 5)].symbol().to_owned())
        };
        assert_eq!(shown(&buffer, 8), (Color::Red, Color::Reset, "n".into()));
        let (mut buffer, mut cover) = frame(10, painted);
        cover.hold(&mut buffer, older.words(), GROUND);
        assert_eq!(boxed(&cover), [8, 9, 10, 11]);
        assert_eq!(shown(&buffer, 8), (Color::Red, Color::Reset, "n".into()));
        assert_eq!(shown(&buffer, 13), (GROUND, Color::Reset, " ".into()));
        assert_eq!(buffer[(13, 5)].diff_option == CellDiffOption::Skip, painted);
    }
}
