//! The graphics protocol of kitty: an image is transmitted once, and placed in pieces below the text.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::reply::IMAGE;

/// The maximum number of base64 bytes per command.
const CHUNK: usize = 4096;

/// Transmits a PNG file, replacing the one before, without showing it.
pub fn transmit(png: &[u8]) -> Vec<u8> {
    let text = STANDARD.encode(png);
    let chunks: Vec<&[u8]> = text.as_bytes().chunks(CHUNK).collect();
    let mut out = Vec::with_capacity(text.len() + 24 * chunks.len());
    for (i, chunk) in chunks.iter().enumerate() {
        let more = u8::from(i + 1 < chunks.len());
        let head = if i == 0 {
            format!("\x1b_Ga=t,t=d,f=100,i={IMAGE},q=2,m={more};")
        } else {
            format!("\x1b_Gm={more},q=2;")
        };
        out.extend(head.as_bytes());
        out.extend(*chunk);
        out.extend(b"\x1b\\");
    }
    out
}

/// Shows the image in pieces of the plot, below the text and above the background. Pieces are in cells
/// relative to the plot; the cursor does not move.
pub fn place(plot: Rect, pieces: &[Rect], canvas: Canvas) -> Vec<u8> {
    let mut out = format!("\x1b7\x1b_Ga=d,d=i,i={IMAGE},q=2\x1b\\");
    for (i, piece) in pieces.iter().enumerate() {
        let (x, y) = (plot.x + piece.x + 1, plot.y + piece.y + 1);
        let [left, top, width, height] = canvas.pixels(*piece);
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "\x1b[{y};{x}H\x1b_Ga=p,i={IMAGE},p={},x={left},y={top},w={width},h={height},c={},r={},z=-1,C=1,q=2\x1b\\",
            i + 1,
            piece.width,
            piece.height,
        );
    }
    out += "\x1b8";
    out.into_bytes()
}

/// Deletes the image and its placements.
pub fn delete() -> String {
    format!("\x1b_Ga=d,d=I,i={IMAGE},q=2\x1b\\")
}
