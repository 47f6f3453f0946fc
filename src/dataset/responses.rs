//! Responses, in a few bytes each.

/// Labels by question and model: a sparse matrix in compressed rows, one per question. A response takes a
/// little over 4 bytes, or 8 if some labels are neither 0 nor 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Responses {
    /// `starts[q]..starts[q + 1]` are the responses of question `q`; one longer than the questions.
    starts: Vec<usize>,
    models: Vec<u32>,
    labels: Labels,
}

/// The responses of some questions by model.
pub(crate) struct ByModel {
    /// `starts[m]..starts[m + 1]` are the responses of model `m`.
    starts: Vec<usize>,
    rows: Vec<u32>,
    labels: Labels,
}

/// Labels, one per response; bits if all are 0 or 1.
#[derive(Clone, Debug, PartialEq)]
enum Labels {
    Bits { words: Vec<u64>, len: usize },
    Numbers(Vec<f32>),
}

impl Default for Labels {
    fn default() -> Self {
        Self::Bits { words: Vec::new(), len: 0 }
    }
}

impl Labels {
    /// This many zeros, stored like `like`.
    fn zeros(len: usize, like: &Self) -> Self {
        match like {
            Self::Bits { .. } => Self::Bits { words: vec![0; len.div_ceil(64)], len },
            Self::Numbers(_) => Self::Numbers(vec![0.0; len]),
        }
    }

    fn get(&self, at: usize) -> f32 {
        match self {
            Self::Bits { words, .. } => f32::from((words[at / 64] >> (at % 64) & 1) as u8),
            Self::Numbers(numbers) => numbers[at],
        }
    }

    /// Sets a label; bits can only be 0 or 1.
    fn set(&mut self, at: usize, label: f32) {
        match self {
            Self::Bits { words, .. } => {
                let bit = 1 << (at % 64);
                if label > 0.5 {
                    words[at / 64] |= bit;
                } else {
                    words[at / 64] &= !bit;
                }
            }
            Self::Numbers(numbers) => numbers[at] = label,
        }
    }

    fn push(&mut self, label: f32) {
        if let Self::Bits { len, .. } = self
            && ![0.0, 1.0].contains(&label)
        {
            let numbers = (0..*len).map(|at| self.get(at)).collect();
            *self = Self::Numbers(numbers);
        }
        match self {
            Self::Bits { words, len } => {
                if *len % 64 == 0 {
                    words.push(0);
                }
                *len += 1;
                let at = *len - 1;
                self.set(at, label);
            }
            Self::Numbers(numbers) => numbers.push(label),
        }
    }

    fn shrink(&mut self) {
        match self {
            Self::Bits { words, .. } => words.shrink_to_fit(),
            Self::Numbers(numbers) => numbers.shrink_to_fit(),
        }
    }
}

impl Responses {
    /// Compresses triples that are sorted by question and free of duplicates.
    pub(crate) fn from_sorted(
        questions: usize,
        triples: impl Iterator<Item = (u32, u32, f32)>,
    ) -> Self {
        let mut out = Self { starts: vec![0; questions + 1], ..Self::default() };
        out.models.reserve(triples.size_hint().0);
        for (question, model, label) in triples {
            out.starts[question as usize + 1] += 1;
            out.models.push(model);
            out.labels.push(label);
        }
        accumulate(&mut out.starts);
        out.models.shrink_to_fit();
        out.labels.shrink();
        out
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.models.len()
    }

    /// True if there are no responses.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.models.is_empty()
    }

    /// The responses to one question: (model, label), by ascending model.
    pub fn of(&self, question: usize) -> impl ExactSizeIterator<Item = (usize, f32)> + Clone + '_ {
        let range = self.starts[question]..self.starts[question + 1];
        let models = self.models[range.clone()].iter();
        models.zip(range).map(|(&model, at)| (model as usize, self.labels.get(at)))
    }

    /// The responses to `questions`, by model; a question is identified by its index in `questions`.
    pub(crate) fn by_model(&self, questions: &[usize], models: usize) -> ByModel {
        let mut starts = vec![0; models + 1];
        for &q in questions {
            for model in &self.models[self.starts[q]..self.starts[q + 1]] {
                starts[*model as usize + 1] += 1;
            }
        }
        accumulate(&mut starts);
        let mut next = starts.clone();
        let mut rows = vec![0; starts[models]];
        let mut labels = Labels::zeros(rows.len(), &self.labels);
        for (row, &q) in questions.iter().enumerate() {
            for (model, label) in self.of(q) {
                let at = next[model];
                rows[at] = row as u32;
                labels.set(at, label);
                next[model] += 1;
            }
        }
        ByModel { starts, rows, labels }
    }
}

impl ByModel {
    /// How many models.
    pub(crate) fn models(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// How many responses.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The range of a model's responses.
    pub(crate) fn range(&self, model: usize) -> std::ops::Range<usize> {
        self.starts[model]..self.starts[model + 1]
    }

    /// The rows of the questions that a model answered, ascending.
    pub(crate) fn rows(&self, model: usize) -> &[u32] {
        &self.rows[self.range(model)]
    }

    /// The responses of a model: (row, label), by ascending row.
    pub(crate) fn of(&self, model: usize) -> impl ExactSizeIterator<Item = (usize, f32)> + '_ {
        let rows = self.rows(model).iter().zip(self.range(model));
        rows.map(|(&row, at)| (row as usize, self.labels.get(at)))
    }
}

/// Turns counts, each one place behind its row, into the starts of the rows (prefix sums).
fn accumulate(counts: &mut [usize]) {
    for at in 1..counts.len() {
        counts[at] += counts[at - 1];
    }
}

/// Collects responses in any order: a little over 4 bytes each, and 8 bytes for each run of responses to one
/// question.
#[derive(Default)]
pub(super) struct Incoming {
    /// The question of each run, and how many responses it has.
    runs: Vec<(u32, u32)>,
    models: Vec<u32>,
    labels: Labels,
}

/// Two responses of one model to one question.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Duplicate {
    pub(super) question: u32,
    pub(super) model: u32,
}

impl Incoming {
    /// Adds a response.
    pub(super) fn push(&mut self, question: u32, model: u32, label: f32) {
        match self.runs.last_mut() {
            Some((last, n)) if *last == question && *n < u32::MAX => *n += 1,
            _ => self.runs.push((question, 1)),
        }
        self.models.push(model);
        self.labels.push(label);
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.models.len()
    }

    /// Sorts them by question and model. Responses that arrived in order are not moved.
    pub(super) fn finish(self, questions: usize) -> Result<Responses, Duplicate> {
        let Self { runs, mut models, mut labels } = self;
        let mut starts = vec![0_usize; questions + 1];
        for (question, n) in &runs {
            starts[*question as usize + 1] += *n as usize;
        }
        accumulate(&mut starts);
        if !runs.is_sorted_by_key(|(question, _)| *question) {
            let mut next = starts.clone();
            let mut sorted = vec![0; models.len()];
            let mut moved = Labels::zeros(models.len(), &labels);
            let mut from = 0;
            for (question, n) in &runs {
                let to = next[*question as usize];
                for i in 0..*n as usize {
                    sorted[to + i] = models[from + i];
                    moved.set(to + i, labels.get(from + i));
                }
                from += *n as usize;
                next[*question as usize] = to + *n as usize;
            }
            (models, labels) = (sorted, moved);
        }
        drop(runs);
        models.shrink_to_fit();
        labels.shrink();
        let mut row: Vec<(u32, f32)> = Vec::new();
        for q in 0..questions {
            let range = starts[q]..starts[q + 1];
            let own = &mut models[range.clone()];
            if !own.is_sorted() {
                row.clear();
                row.extend(own.iter().zip(range.clone()).map(|(m, at)| (*m, labels.get(at))));
                row.sort_by_key(|(model, _)| *model);
                for (i, (model, label)) in row.iter().enumerate() {
                    own[i] = *model;
                    labels.set(range.start + i, *label);
                }
            }
            if let Some(twice) = own.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(Duplicate { question: q as u32, model: twice[0] });
            }
        }
        Ok(Responses { starts, models, labels })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrived(all: &[(u32, u32, f32)]) -> Result<Responses, Duplicate> {
        let mut incoming = Incoming::default();
        all.iter().for_each(|&(question, model, label)| incoming.push(question, model, label));
        incoming.finish(3)
    }

    #[test]
    fn the_order_in_which_responses_arrive_does_not_matter() {
        for half in [0.5, 1.0] {
            let sorted = [(0, 1, 1.0), (0, 4, 0.0), (2, 0, half), (2, 1, 0.0), (2, 3, 1.0)];
            let expected = Responses::from_sorted(3, sorted.into_iter());
            assert_eq!(expected.of(2).collect::<Vec<_>>(), [(0, half), (1, 0.0), (3, 1.0)]);
            for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [1, 0, 3, 4, 2], [2, 0, 3, 1, 4]] {
                assert_eq!(arrived(&order.map(|i| sorted[i])).unwrap(), expected, "{order:?}");
            }
        }
        let twice = [(2, 1, 1.0), (0, 1, 0.0), (2, 1, 0.0)];
        assert_eq!(arrived(&twice), Err(Duplicate { question: 2, model: 1 }));
    }

    #[test]
    fn many_labels_keep_their_bits() {
        let label = |i: u32| f32::from(u8::from(i.is_multiple_of(3)));
        let all = Responses::from_sorted(1, (0..200).map(|i| (0, i, label(i))));
        assert!(all.of(0).all(|(m, y)| (y - label(m as u32)).abs() < 1e-6) && all.len() == 200);
        assert!(matches!(all.labels, Labels::Bits { .. }));
        let by_model = all.by_model(&[0], 200);
        assert!((0..200).all(|m| by_model.of(m).collect::<Vec<_>>() == [(0, label(m as u32))]));
    }

    #[test]
    fn by_model_names_questions_by_their_place() {
        let all = [(0, 1, 1.0), (1, 0, 0.25), (1, 1, 0.0), (2, 1, 1.0)];
        let all = Responses::from_sorted(3, all.into_iter());
        let by_model = all.by_model(&[2, 1], 3);
        assert_eq!(by_model.models(), 3);
        assert_eq!(by_model.of(0).collect::<Vec<_>>(), [(1, 0.25)]);
        assert_eq!(by_model.of(1).collect::<Vec<_>>(), [(0, 1.0), (1, 0.0)]);
        assert_eq!(by_model.of(2).len(), 0);
    }
}
