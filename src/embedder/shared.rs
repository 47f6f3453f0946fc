//! Counts of the training questions that two models share: the basis of their similarity.

/// Not stored for more models: the number of pairs is quadratic.
pub(super) const MOST: usize = 1024;

/// The number of training questions that both models of each pair answered, up to 65,535.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SharedCounts {
    /// The pairs (a, b) with a < b, by b and then by a.
    counts: Vec<u16>,
    models: usize,
}

impl SharedCounts {
    /// The largest count: means at least that many.
    pub const LARGEST: u32 = 65_535;

    /// Calls `count` for every pair (a, b) with a < b; `None` with too many models.
    pub(crate) fn of(models: usize, count: impl Fn(usize, usize) -> u32) -> Option<Self> {
        if models > MOST {
            return None;
        }
        let pairs = (0..models).flat_map(|b| (0..b).map(move |a| (a, b)));
        let counts = pairs.map(|(a, b)| saturated(count(a, b))).collect();
        Some(Self { counts, models })
    }

    /// From the counts in a file; `None` if there is not one for each pair.
    pub(super) fn from_counts(counts: Vec<u16>, models: usize) -> Option<Self> {
        (models <= MOST && counts.len() == pairs(models)).then_some(Self { counts, models })
    }

    /// The counts as stored in a file.
    pub(super) fn counts(&self) -> &[u16] {
        &self.counts
    }

    /// The count of a pair; `None` for a model with itself, and for unknown models.
    #[must_use]
    pub fn get(&self, a: usize, b: usize) -> Option<u32> {
        let (a, b) = (a.min(b), a.max(b));
        if a == b || b >= self.models {
            return None;
        }
        self.counts.get(pairs(b) + a).map(|n| u32::from(*n))
    }

    /// With one more model that shares these numbers of questions with the others; `None` if that is too
    /// many.
    pub(super) fn with(mut self, shared: &[u32]) -> Option<Self> {
        let counts = (0..self.models).map(|m| saturated(shared.get(m).copied().unwrap_or(0)));
        self.counts.extend(counts);
        self.models += 1;
        (self.models <= MOST).then_some(self)
    }
}

/// The number of pairs of this many models.
pub(super) fn pairs(models: usize) -> usize {
    models * models.saturating_sub(1) / 2
}

fn saturated(count: u32) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_found_in_either_order_and_grow_with_a_model() {
        let counts = SharedCounts::of(4, |a, b| (10 * a + b) as u32).unwrap();
        for b in 0..4 {
            for a in 0..b {
                let n = Some((10 * a + b) as u32);
                assert_eq!((counts.get(a, b), counts.get(b, a)), (n, n));
            }
            assert_eq!(counts.get(b, b), None);
        }
        assert_eq!(SharedCounts::from_counts(counts.counts().to_vec(), 4), Some(counts.clone()));
        assert_eq!(SharedCounts::from_counts(vec![1, 2], 4), None);
        let more = counts.with(&[7, 8, 100_000, 9]).unwrap();
        assert_eq!(more.get(4, 1), Some(8));
        assert_eq!(more.get(2, 4), Some(SharedCounts::LARGEST));
        assert_eq!(more.get(1, 3), Some(13));
        assert_eq!(more.get(0, 5), None);
    }

    #[test]
    fn of_too_many_models_nothing_is_counted() {
        assert_eq!(SharedCounts::of(MOST + 1, |_, _| 1), None);
        let full = SharedCounts::of(MOST, |_, _| 1).unwrap();
        assert_eq!(full.with(&[]), None);
    }
}
