//! The inline image protocol of iTerm2, which other terminals support too: a PNG file with its size in cells.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ratatui::layout::Rect;

/// Shows a PNG file in place of the cells of the plot, and moves the cursor.
pub fn show(png: &[u8], plot: Rect) -> Vec<u8> {
    let head = format!(
        "\x1b[{};{}H\x1b]1337;File=inline=1;size={};width={};height={};preserveAspectRatio=0;\
         doNotMoveCursor=1:",
        plot.y + 1,
        plot.x + 1,
        png.len(),
        plot.width,
        plot.height
    );
    [head.as_bytes(), STANDARD.encode(png).as_bytes(), b"\x07"].concat()
}
