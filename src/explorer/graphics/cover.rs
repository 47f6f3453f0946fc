//! The cells of the plot that a frame leaves to the picture, and the texts on top of it.

use ratatui::buffer::{Buffer, Cell, CellDiffOption, CellWidth};
use ratatui::layout::Rect;
use ratatui::style::Color;

use crate::explorer::depth::rgb;
use crate::picture::{Anchor, Rgb, Text, has_letter};

/// The advance of the embedded font and the height of its baseline above the bottom of a cell, relative to
/// the font size and to the cell.
const ADVANCE: f64 = 0.602;
const BASE: f64 = 0.24;

/// Cells of the screen, with their places.
type Cells = Vec<(u16, u16, Cell)>;

/// What the map itself draws over its picture.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// Texts on free cells, if they are not part of the picture.
    texts: Cells,
    /// Texts with a background, which covers the picture.
    boxes: Cells,
}

/// The plot of a frame. Cells that the map leaves to a picture have no background color; everything drawn
/// over the map has one. A text of the map with a background has it as the color of its underline.
pub struct Cover {
    pub plot: Rect,
    /// By cell, row by row: true where the picture is visible.
    pub free: Vec<bool>,
    /// The letters on free cells, if they become part of the picture: cell in the plot, letter and color.
    letters: Option<Vec<(u16, u16, char, Rgb)>>,
    words: Words,
}

impl Cover {
    /// Reads it from a frame, and fills the free cells with the background color. If texts are `painted`, they
    /// become part of the picture, and free cells are not sent to the terminal.
    pub fn take(buffer: &mut Buffer, plot: Rect, ground: Color, painted: bool) -> Self {
        let mut cover = Self {
            plot,
            free: Vec::with_capacity(plot.area() as usize),
            letters: painted.then(Vec::new),
            words: Words::default(),
        };
        for y in plot.top()..plot.bottom() {
            // The cells that a wide letter extends into are as free as its first cell.
            let (mut reached, mut before, mut boxed) = (0, false, false);
            for x in plot.left()..plot.right() {
                let Some(cell) = buffer.cell_mut((x, y)) else {
                    cover.free.push(false);
                    continue;
                };
                let ground_left = cell.bg == Color::Reset;
                if reached == 0 {
                    boxed = ground_left && cell.underline_color != Color::Reset;
                }
                let mut free = if reached > 0 { before } else { ground_left && !boxed };
                reached = if reached > 0 { reached } else { cell.cell_width().max(1) } - 1;
                if free && painted {
                    // Letters that the font lacks stay in their cells, which cover the picture.
                    free = cover.paint(cell, (x - plot.x, y - plot.y));
                    if free {
                        cell.set_symbol(" ").set_diff_option(CellDiffOption::Skip);
                    }
                }
                if ground_left {
                    let own = std::mem::replace(&mut cell.underline_color, Color::Reset);
                    cell.bg = if own == Color::Reset { ground } else { own };
                }
                if ground_left && boxed {
                    cover.words.boxes.push((x, y, cell.clone()));
                } else if free && !painted && cell.symbol() != " " {
                    cover.words.texts.push((x, y, cell.clone()));
                }
                before = free;
                cover.free.push(free);
            }
        }
        cover
    }

    pub fn words(&self) -> &Words {
        &self.words
    }

    /// Replaces the words by those of an older frame, whose picture is still shown.
    pub fn hold(&mut self, buffer: &mut Buffer, older: &Words, ground: Color) {
        let painted = self.letters.is_some();
        for (x, y, _) in self.words.texts.iter().chain(&self.words.boxes) {
            if let Some(cell) = buffer.cell_mut((*x, *y)) {
                cell.reset();
                cell.bg = ground;
                if painted {
                    cell.set_diff_option(CellDiffOption::Skip);
                }
            }
        }
        for (x, y, _) in &self.words.boxes {
            self.free[at(self.plot, (*x, *y))] = true;
        }
        for (x, y, word) in older.texts.iter().chain(&older.boxes) {
            let mut reach = *x..x.saturating_add(word.cell_width().max(1));
            let cell = buffer.cell_mut((*x, *y)).filter(|_| reach.all(|x| self.is_free(x, *y)));
            if let Some(cell) = cell {
                cell.clone_from(word);
            }
        }
        for (x, y, _) in &older.boxes {
            if self.is_free(*x, *y) {
                self.free[at(self.plot, (*x, *y))] = false;
            }
        }
    }

    /// True where the picture is visible, by cell of the screen.
    pub fn is_free(&self, x: u16, y: u16) -> bool {
        self.plot.contains((x, y).into()) && self.free[at(self.plot, (x, y))]
    }

    /// Stores the letter of a cell, if it can be painted.
    fn paint(&mut self, cell: &Cell, (x, y): (u16, u16)) -> bool {
        let mut letters = cell.symbol().chars();
        match (letters.next(), letters.next()) {
            (None | Some(' '), None) => true,
            (Some(letter), None) if cell.cell_width() == 1 && has_letter(letter) => {
                if let Some(color) = rgb(cell.fg) {
                    self.letters.iter_mut().for_each(|all| all.push((x, y, letter, color)));
                    return true;
                }
                false
            }
            _ => false,
        }
    }

    /// The texts to paint, for cells of that size.
    pub fn texts(&self, (width, height): (f64, f64), halo: Rgb) -> Option<Vec<Text>> {
        let size = (width / ADVANCE).min(height);
        let follows = |a: &(u16, u16, char, Rgb), b: &(u16, u16, char, Rgb)| {
            a.1 == b.1 && a.0 + 1 == b.0 && a.3 == b.3
        };
        let letters = self.letters.as_ref()?;
        let texts = letters
            .chunk_by(follows)
            .map(|run| {
                let (x, y, _, fill) = run[0];
                Text {
                    at: (f64::from(x) * width, (f64::from(y) + 1.0 - BASE) * height),
                    end: Anchor::Start,
                    size,
                    fill,
                    halo: Some(halo),
                    words: run.iter().map(|(_, _, letter, _)| letter).collect(),
                }
            })
            .collect();
        Some(texts)
    }

    /// The free cells as rectangles relative to the plot: runs of a row, merged with equal runs of the rows
    /// above.
    pub fn pieces(&self) -> Vec<Rect> {
        let mut pieces: Vec<Rect> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let rows = self.free.chunks(usize::from(self.plot.width).max(1));
        for (y, row) in (0..).zip(rows) {
            let (mut x, mut still) = (0_u16, Vec::new());
            for run in row.chunk_by(|a, b| a == b) {
                let width = run.len() as u16;
                if run[0] {
                    let above = open
                        .iter()
                        .copied()
                        .find(|&i: &usize| pieces[i].x == x && pieces[i].width == width);
                    if let Some(above) = above {
                        pieces[above].height += 1;
                        still.push(above);
                    } else {
                        still.push(pieces.len());
                        pieces.push(Rect { x, y, width, height: 1 });
                    }
                }
                x += width;
            }
            open = still;
        }
        pieces
    }
}

/// The index of a cell of the screen in a plot that contains it.
fn at(plot: Rect, (x, y): (u16, u16)) -> usize {
    usize::from(y - plot.y) * usize::from(plot.width) + usize::from(x - plot.x)
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    const GROUND: Color = Color::Rgb(1, 2, 3);
    const PLOT: Rect = Rect { x: 2, y: 1, width: 10, height: 5 };

    fn frame() -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 14, 8));
        let ink = Style::new().fg(Color::Rgb(9, 9, 9));
        buffer.set_string(3, 2, "ab", ink);
        buffer.set_string(3, 4, "語c", ink);
        buffer.set_string(6, 2, "ov語", ink.bg(Color::Rgb(5, 5, 5)));
        buffer
    }

    #[test]
    fn what_has_a_ground_covers_the_picture() {
        let mut buffer = frame();
        let cover = Cover::take(&mut buffer, PLOT, GROUND, false);
        let covered: Vec<usize> = (0..50).filter(|i| !cover.free[*i]).collect();
        assert_eq!(covered, [14, 15, 16, 17]);
        assert_eq!(buffer[(3, 2)].symbol(), "a");
        assert_eq!((buffer[(3, 2)].bg, buffer[(0, 0)].bg), (GROUND, Color::Reset));
        assert!(cover.texts((8.0, 16.0), (0, 0, 0)).is_none());
        let pieces = cover.pieces();
        let area: u32 = pieces.iter().map(|piece| piece.area()).sum();
        assert_eq!((pieces.len(), area), (4, 46), "{pieces:?}");
        let apart = |a: &Rect, b: &Rect| a == b || !a.intersects(*b);
        assert!(pieces.iter().all(|a| pieces.iter().all(|b| apart(a, b))));
    }

    #[test]
    fn painted_texts_leave_their_cells_and_letters_without_a_font_stay() {
        let mut buffer = frame();
        let cover = Cover::take(&mut buffer, PLOT, GROUND, true);
        let texts = cover.texts((8.0, 16.0), (0, 0, 0)).unwrap();
        let words: Vec<&str> = texts.iter().map(|text| text.words.as_str()).collect();
        assert_eq!(words, ["ab", "c"]);
        assert!((texts[0].at.0 - 8.0).abs() < 1e-6);
        assert!((16.0..32.0).contains(&texts[0].at.1));
        assert_eq!(buffer[(3, 2)].diff_option, CellDiffOption::Skip);
        assert_eq!(buffer[(3, 4)].symbol(), "語");
        let free = |x: usize, y: usize| cover.free[y * 10 + x];
        assert!(free(1, 1) && !free(1, 3) && !free(2, 3) && free(3, 3) && !free(4, 1));
    }
}
