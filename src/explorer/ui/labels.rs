//! Labels of points, without overlaps.

use crate::explorer::ui::widgets::width;

/// A label to place next to a cell of the plot.
pub struct Wanted<'a> {
    pub x: usize,
    pub y: usize,
    pub text: &'a str,
    /// How many points it may cover.
    pub covers: usize,
}

/// The cells of the plot that are taken by points and by labels.
pub struct Grid {
    width: usize,
    height: usize,
    points: Vec<bool>,
    names: Vec<bool>,
}

impl Grid {
    pub fn new(width: usize, height: usize) -> Self {
        let cells = width * height;
        Self { width, height, points: vec![false; cells], names: vec![false; cells] }
    }

    pub fn add_point(&mut self, x: usize, y: usize) {
        if x < self.width && y < self.height {
            self.points[y * self.width + x] = true;
        }
    }

    /// True where nothing may be written.
    pub fn is_reserved(&self, x: usize, y: usize) -> bool {
        x < self.width && y < self.height && self.names[y * self.width + x]
    }

    /// Blocks cells for labels.
    pub fn reserve(&mut self, x: usize, y: usize, cells: usize) {
        if y < self.height {
            let row = y * self.width;
            self.names[row + x.min(self.width)..row + (x + cells).min(self.width)].fill(true);
        }
    }

    /// The cell where the label starts, which is then taken; `None` if there is no space.
    pub fn place(&mut self, wanted: &Wanted<'_>) -> Option<(usize, usize)> {
        let w = width(wanted.text);
        let (x, y) = (wanted.x as isize, wanted.y as isize);
        let half = (w / 2) as isize;
        let beside = [
            (x + 2, y),
            (x - 1 - w as isize, y),
            (x - half, y - 1),
            (x - half, y + 1),
            (x + 1, y - 1),
            (x + 1, y + 1),
        ];
        let best = beside
            .into_iter()
            .filter_map(|(x, y)| {
                let (x, y) = (usize::try_from(x).ok()?, usize::try_from(y).ok()?);
                self.covered(x, y, w).map(|covered| (covered, x, y))
            })
            .filter(|(covered, ..)| *covered <= wanted.covers)
            .min_by_key(|(covered, ..)| *covered)?;
        let (_, x, y) = best;
        // One more cell on each side keeps labels apart.
        self.reserve(x.saturating_sub(1), y, w + 2);
        Some((x, y))
    }

    /// The same for a label that may be anywhere within `reach` (columns, rows) of its cell: where it covers
    /// the fewest points, and of those the nearest place.
    pub fn place_near(
        &mut self,
        wanted: &Wanted<'_>,
        reach: (usize, usize),
    ) -> Option<(usize, usize)> {
        let w = width(wanted.text);
        let left = wanted.x.saturating_sub(w / 2);
        let rows = wanted.y.saturating_sub(reach.1)..=wanted.y + reach.1;
        let columns = left.saturating_sub(reach.0)..=left + reach.0;
        let places = rows.flat_map(|y| columns.clone().map(move |x| (x, y)));
        let best = places
            .filter_map(|(x, y)| self.covered(x, y, w).map(|covered| (covered, x, y)))
            .filter(|(covered, ..)| *covered <= wanted.covers)
            // A row is about as far as two columns.
            .min_by_key(|(covered, x, y)| {
                (*covered, x.abs_diff(left).pow(2) + 4 * y.abs_diff(wanted.y).pow(2))
            })?;
        let (_, x, y) = best;
        self.reserve(x.saturating_sub(1), y, w + 2);
        Some((x, y))
    }

    /// The number of points that a label would cover; `None` if it exceeds the edge or overlaps another
    /// label.
    fn covered(&self, x: usize, y: usize, w: usize) -> Option<usize> {
        if x + w > self.width || y >= self.height {
            return None;
        }
        let cells = y * self.width + x..y * self.width + x + w;
        let free = !self.names[cells.clone()].iter().any(|taken| *taken);
        free.then(|| self.points[cells].iter().filter(|point| **point).count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_avoid_each_other_and_more_points_than_they_may_cover() {
        let mut grid = Grid::new(12, 3);
        let want = |x, y, covers| Wanted { x, y, text: "name", covers };
        assert_eq!(grid.place(&want(0, 1, 0)), Some((2, 1)));
        // The left is taken, and the right has no space.
        assert_eq!(grid.place(&want(11, 1, 0)), None);
        grid.add_point(3, 0);
        assert_eq!(grid.place(&want(1, 0, usize::MAX)), Some((3, 0)));
        assert!(grid.place(&want(40, 40, usize::MAX)).is_none());
    }
}
