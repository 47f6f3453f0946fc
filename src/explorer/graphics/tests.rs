//! What is written, decoded again.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::cover::Cover;
use super::layer::{Layer, Writing};
use super::painter::paint;
use super::reply::IMAGE;
use super::{Canvas, Graphics, Painting, Protocol, Scene, iterm, kitty, sixel};
use crate::picture::{Dot, Indexed, Picture, Pixels, Rgb, decoded};

const PLOT: Rect = Rect { x: 3, y: 2, width: 30, height: 10 };
const GROUND: Rgb = (17, 20, 26);

fn canvas(protocol: Protocol) -> Canvas {
    Canvas { protocol, cell: (8, 16), colors: 256, largest: None }
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
fn kitty_is_sent_a_picture_once_and_overlays_only_move_its_pieces() {
    let mut layer = Layer::new(canvas(Protocol::Kitty));
    let (free, covered) = (cover(NOTHING, Protocol::Kitty), cover(BOX, Protocol::Kitty));
    assert!(layer.frame(Some(&free)).bytes.is_empty(), "nothing is painted yet");
    layer.take(painting(Protocol::Kitty, 1));
    let first = layer.frame(Some(&free));
    assert!(first.bytes.ends_with(b"\x1b[5n") && first.again.is_empty());
    let kinds = |bytes: &[u8]| -> Vec<String> {
        commands(bytes).into_iter().filter_map(|(keys, _)| keys.get("a").cloned()).collect()
    };
    assert_eq!(kinds(&first.bytes), ["t", "d", "p"]);
    assert_eq!(layer.frame(Some(&free)), Writing::default(), "sent once");
    // An overlay: the same image in pieces around it, under the text, and the cursor stays.
    let around = layer.frame(Some(&covered)).bytes;
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
    assert!(layer.awaits() && layer.frame(Some(&covered)).bytes.is_empty());
    layer.ready();
    assert_eq!(kinds(&layer.frame(Some(&covered)).bytes)[0], "t");
    // Where the map is gone, so is the image.
    let gone = commands(&layer.frame(None).bytes);
    assert_eq!((&*gone[0].0["a"], &*gone[0].0["d"]), ("d", "I"));
    assert!(layer.frame(None).bytes.is_empty());
}

#[test]
fn what_lies_in_cells_is_sent_again_only_where_an_overlay_has_left() {
    for protocol in [Protocol::Sixel, Protocol::Iterm] {
        let mut layer = Layer::new(canvas(protocol));
        let (free, covered) = (cover(NOTHING, protocol), cover(BOX, protocol));
        layer.take(painting(protocol, 1));
        let first = layer.frame(Some(&covered));
        let start = format!("\x1b7\x1b[{};{}H", PLOT.y + 1, PLOT.x + 1);
        assert!(first.bytes.starts_with(start.as_bytes()), "{protocol:?}");
        // What lies over the picture is written again: the picture took its cells.
        assert_eq!(first.again.len() as u32, BOX.area());
        assert!(first.again.iter().all(|at| BOX.contains((*at).into())));
        layer.ready();
        assert_eq!(layer.frame(Some(&covered)), Writing::default());
        let bared = layer.frame(Some(&free));
        assert!(!bared.bytes.is_empty() && bared.again.is_empty());
        layer.ready();
        assert!(layer.frame(Some(&covered)).bytes.is_empty(), "cells cover it by themselves");
        assert!(!layer.frame(Some(&free)).bytes.is_empty());
        let gone = layer.frame(None);
        assert_eq!((gone.bytes.len(), gone.again.len() as u32), (0, PLOT.area()));
        // A picture from before the first frame lacks the texts, and is not shown.
        layer.take(Painting { with_texts: false, ..painting(protocol, 3) });
        assert!(layer.frame(Some(&free)).bytes.is_empty());
    }
}

#[test]
fn a_scene_is_painted_once_on_a_thread() {
    let mut graphics = Graphics::new(canvas(Protocol::Kitty));
    assert!(!graphics.is_painting() && !graphics.paints_texts());
    graphics.want(scene(0.0));
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
    graphics.want(scene(0.0));
    assert!(!graphics.is_painting() && graphics.arrived().is_none());
    // After the screen was cleared it is sent again.
    graphics.ready();
    assert!(graphics.frame(Some(&free)).bytes.is_empty());
    graphics.forget();
    assert!(!graphics.frame(Some(&free)).bytes.is_empty());
}
