//! Bytes of terminals, whole and split.

use std::collections::VecDeque;

use ratatui::crossterm::event::{
    Event, KeyCode, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind,
};

use proptest::prelude::*;

use super::decoder::Decoder;
use super::sequences::key;
use crate::explorer::graphics::reply::{IMAGE, Reply};

/// Feeds pieces and gives up whatever is left at the end.
fn decoded<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Event> {
    let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
    for piece in pieces {
        decoder.feed(piece, &mut events);
    }
    while decoder.patience().is_some() {
        decoder.give_up(&mut events);
    }
    events.into()
}

fn press(code: KeyCode) -> Event {
    key(code, KeyModifiers::NONE)
}

const REPLIES: &[&[u8]] = &[
    b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\",
    b"\x1b]11;rgb:0000/0000/0000\x07",
    b"\x1b]10;rgba:ffff/ffff/ffff/ffff\x1b\\",
    b"\x1b]4;255;rgb:eeee/eeee/eeee\x1b\\",
    b"\x1b]52;c;cXVpdA==\x07",
    "\x1b]lein Titel – œ\x1b\\".as_bytes(),
    b"\x1bP>|tmux 3.3a\x1b\\",
    b"\x1bP>|XTerm(390)\x1b\\",
    b"\x1bP!|00000000\x1b\\",
    b"\x1bP1$r0;1m\x1b\\",
    b"\x1bP1+r544e=787465726d\x1b\\",
    b"\x1bP0+r\x1b\\",
    b"\x1b_Gi=31;OK\x1b\\",
    b"\x1b^private\x1b\\",
    b"\x1bXstring\x1b\\",
    b"\x1b[?62;22c",
    b"\x1b[?1;2c",
    b"\x1b[>41;390;0c",
    b"\x1b[=1;0c",
    b"\x1b[24;80R",
    b"\x1b[0;0R",
    b"\x1b[?24;80;1R",
    b"\x1b[0n",
    b"\x1b[?997;1n",
    b"\x1b[?2026;2$y",
    b"\x1b[4;1$y",
    b"\x1b[?1u",
    b"\x1b[8;36;120t",
    b"\x1b[4;720;1280t",
    b"\x1b[?1;0;256S",
    b"\x1b[2;1;1;120;120;1;0x",
    b"\x9d11;rgb:ffff/ffff/ffff\x9c",
    b"\x90>|term\x9c",
    b"\x9b?62;c",
    b"\xc2\x9d11;rgb:ffff/ffff/ffff\x07",
    b"\xc2\x9b?62;c",
];

#[test]
fn no_reply_is_a_key_wherever_it_is_split() {
    for reply in REPLIES {
        let shown = String::from_utf8_lossy(reply).escape_debug().to_string();
        for at in 0..=reply.len() {
            let (a, b) = reply.split_at(at);
            let found = decoded([a, b, b"q"]);
            assert_eq!(found, [press(KeyCode::Char('q'))], "{shown} split at {at}");
        }
        let mut bytes: Vec<&[u8]> = reply.chunks(1).collect();
        bytes.push(b"q");
        assert_eq!(decoded(bytes), [press(KeyCode::Char('q'))], "{shown} byte by byte");
        let both = [*reply, *reply, b"q"].concat();
        assert_eq!(decoded([&both[..]]), [press(KeyCode::Char('q'))], "{shown} twice");
    }
}

#[test]
fn the_rest_of_a_reply_is_none_even_after_esc_was_taken_for_the_key() {
    for reply in [REPLIES[0], REPLIES[6], REPLIES[12], REPLIES[15], REPLIES[24]] {
        let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
        decoder.feed(&reply[..1], &mut events);
        decoder.give_up(&mut events);
        decoder.feed(&reply[1..], &mut events);
        assert_eq!(events, [press(KeyCode::Esc)]);
        assert_eq!(decoder.patience(), None);
    }
}

#[test]
fn a_reply_without_an_end_leaves_the_keyboard_alive() {
    for start in ["\x1b]11;rgb:ff", "\x1bP>|tm", "\x1b_G", "\x1b[?2026"] {
        let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
        decoder.feed(start.as_bytes(), &mut events);
        assert!(events.is_empty() && decoder.patience().is_some(), "{start:?}");
        decoder.give_up(&mut events);
        decoder.feed(b"q", &mut events);
        assert_eq!(events, [press(KeyCode::Char('q'))], "{start:?}");

        let found = decoded([start.as_bytes(), b"\x03"]);
        assert_eq!(found, [key(KeyCode::Char('c'), KeyModifiers::CONTROL)], "{start:?}");
        let found = decoded([start.as_bytes(), b"\x1b[A"]);
        assert_eq!(found, [press(KeyCode::Up)], "{start:?}");
    }
    let endless = [b"\x1b[".as_slice(), &[b'1'; 5000]].concat();
    assert_eq!(decoded([&endless[..], b"\x1b[A"]), [press(KeyCode::Up)]);
}

#[test]
fn keys_are_what_they_were() {
    let [shift, alt, control] = [KeyModifiers::SHIFT, KeyModifiers::ALT, KeyModifiers::CONTROL];
    let none = KeyModifiers::NONE;
    for (bytes, code, modifiers) in [
        ("q", KeyCode::Char('q'), none),
        ("Q", KeyCode::Char('Q'), shift),
        ("é", KeyCode::Char('é'), none),
        ("👍", KeyCode::Char('👍'), none),
        ("\r", KeyCode::Enter, none),
        ("\n", KeyCode::Char('j'), control),
        ("\t", KeyCode::Tab, none),
        ("\x7f", KeyCode::Backspace, none),
        ("\x00", KeyCode::Char(' '), control),
        ("\x1a", KeyCode::Char('z'), control),
        ("\x1b", KeyCode::Esc, none),
        ("\x1bq", KeyCode::Char('q'), alt),
        ("\x1bé", KeyCode::Char('é'), alt),
        ("\x1b\r", KeyCode::Enter, alt),
        ("\x1bO", KeyCode::Char('O'), alt | shift),
        ("\x1b[", KeyCode::Char('['), alt),
        ("\x1b]", KeyCode::Char(']'), alt),
        ("\x1bP", KeyCode::Char('P'), alt | shift),
        ("\x1b[A", KeyCode::Up, none),
        ("\x1bOB", KeyCode::Down, none),
        ("\x1b[1;5C", KeyCode::Right, control),
        ("\x1b[1;2D", KeyCode::Left, shift),
        ("\x1b[H", KeyCode::Home, none),
        ("\x1b[4~", KeyCode::End, none),
        ("\x1b[Z", KeyCode::BackTab, shift),
        ("\x1b[3~", KeyCode::Delete, none),
        ("\x1b[5;3~", KeyCode::PageUp, alt),
        ("\x1bOP", KeyCode::F(1), none),
        ("\x1b[[E", KeyCode::F(5), none),
        ("\x1b[15~", KeyCode::F(5), none),
        ("\x1b[24~", KeyCode::F(12), none),
        ("\x1b[1;2S", KeyCode::F(4), shift),
        ("\x1b[97;5u", KeyCode::Char('a'), control),
        ("\x1b[27;5;13~", KeyCode::Enter, control),
        ("\x1bOp", KeyCode::Char('0'), none),
    ] {
        let bytes = bytes.as_bytes();
        for at in 0..bytes.len() {
            let (a, b) = bytes.split_at(at);
            assert_eq!(decoded([a, b]), [key(code, modifiers)], "{bytes:?} split at {at}");
        }
    }
    let released = decoded([b"\x1b[97;1:3u".as_slice()]);
    assert!(matches!(released[..], [Event::Key(key)] if key.kind == KeyEventKind::Release));
    assert_eq!(decoded([b"\x1b\x1b".as_slice()]), [press(KeyCode::Esc), press(KeyCode::Esc)]);
    assert_eq!(decoded([b"\xff\xc3q".as_slice()]), [press(KeyCode::Char('q'))]);
}

#[test]
fn mouse_focus_and_pastes_are_what_they_were() {
    let at = |bytes: &[u8]| match decoded([bytes])[..] {
        [Event::Mouse(mouse)] => (mouse.kind, mouse.column, mouse.row),
        ref other => panic!("{other:?}"),
    };
    assert_eq!(at(b"\x1b[<0;5;7M"), (MouseEventKind::Down(MouseButton::Left), 4, 6));
    assert_eq!(at(b"\x1b[<2;5;7m"), (MouseEventKind::Up(MouseButton::Right), 4, 6));
    assert_eq!(at(b"\x1b[<32;300;7M"), (MouseEventKind::Drag(MouseButton::Left), 299, 6));
    assert_eq!(at(b"\x1b[<35;5;7M").0, MouseEventKind::Moved);
    assert_eq!(at(b"\x1b[<64;5;7M").0, MouseEventKind::ScrollUp);
    assert_eq!(at(b"\x1b[<65;5;7M").0, MouseEventKind::ScrollDown);
    assert_eq!(at(b"\x1b[32;5;7M"), (MouseEventKind::Down(MouseButton::Left), 4, 6));
    assert_eq!(at(b"\x1b[M %'"), (MouseEventKind::Down(MouseButton::Left), 4, 6));
    assert_eq!(decoded([b"\x1b[I\x1b[O".as_slice()]), [Event::FocusGained, Event::FocusLost]);

    let paste = "\x1b[200~två\r\x1b]11;x\x07\x1b[201~q".as_bytes();
    for at in 0..paste.len() {
        let (a, b) = paste.split_at(at);
        let wanted = [Event::Paste("två\r\x1b]11;x\x07".into()), press(KeyCode::Char('q'))];
        assert_eq!(decoded([a, b]), wanted, "split at {at}");
    }
    let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
    decoder.feed(b"\x1b[200~lost", &mut events);
    decoder.give_up(&mut events);
    assert_eq!(events, [Event::Paste("lost".into())]);
}

/// Feeds pieces of any size; the keys and the replies.
fn heard(bytes: &[u8], sizes: &[usize]) -> (Vec<Event>, Vec<Reply>) {
    let (mut decoder, mut events) = (Decoder::default(), VecDeque::new());
    let (mut rest, mut sizes) = (bytes, sizes.iter().cycle());
    while !rest.is_empty() {
        let size = sizes.next().map_or(1, |size| (*size).clamp(1, rest.len()));
        let (piece, after) = rest.split_at(size);
        decoder.feed(piece, &mut events);
        rest = after;
    }
    while decoder.patience().is_some() {
        decoder.give_up(&mut events);
    }
    (events.into(), std::iter::from_fn(|| decoder.reply()).collect())
}

/// What terminals answer to the questions of the start.
fn answers() -> Vec<(String, Reply)> {
    vec![
        (format!("\x1b_Gi={IMAGE};OK\x1b\\"), Reply::Kitty(true)),
        (format!("\x1b_Gi={IMAGE};EINVAL:no\x1b\\"), Reply::Kitty(false)),
        ("\x1bP>|foot(1.18.1)\x1b\\".into(), Reply::Name("foot(1.18.1)".into())),
        ("\x1b[6;20;10t".into(), Reply::Cell(10, 20)),
        ("\x1b[4;840;1400t".into(), Reply::Window(1400, 840)),
        ("\x1b[?1;0;256S".into(), Reply::Colors(256)),
        ("\x1b[?2;0;4096;2160S".into(), Reply::Largest(4096, 2160)),
        ("\x1b[?62;4;22c".into(), Reply::Attributes { sixel: true }),
        ("\x1b[0n".into(), Reply::Ready),
    ]
}

proptest! {
    #[test]
    fn no_bytes_are_too_much(bytes in prop::collection::vec(any::<u8>(), 0..400), size in 1_usize..9) {
        heard(&bytes, &[size]);
    }

    #[test]
    fn keys_between_answers_are_kept(
        keys in prop::collection::vec(proptest::char::range('!', '~'), 0..12),
        order in prop::collection::vec(0_usize..12, 9),
        sizes in prop::collection::vec(1_usize..12, 1..6),
    ) {
        let (mut bytes, mut wanted) = (String::new(), Vec::new());
        for (i, key) in keys.iter().enumerate() {
            for (answer, reply) in answers().into_iter().zip(&order).filter(|(_, at)| **at == i).map(|(a, _)| a) {
                bytes += &answer;
                wanted.push(reply);
            }
            bytes.push(*key);
        }
        let (events, replies) = heard(bytes.as_bytes(), &sizes);
        let typed: Vec<KeyCode> = events
            .iter()
            .map(|event| match event {
                Event::Key(key) => key.code,
                other => panic!("{other:?}"),
            })
            .collect();
        let expected: Vec<KeyCode> = keys.iter().map(|key| KeyCode::Char(*key)).collect();
        prop_assert_eq!(typed, expected);
        prop_assert_eq!(replies, wanted);
    }
}
