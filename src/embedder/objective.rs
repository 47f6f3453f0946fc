//! The training objective, with its gradient at the outputs of a network in closed form.
//!
//! The objective is the sum of two log losses of the responses: of the full logit, and of its general part
//! (level and ease) alone, so that the general part also works for models with weak specialities; plus the
//! cross entropy of the category. Only observed pairs are computed: few models answer a question, so dense
//! matrices of questions × models would be mostly empty.

use ndarray::{Array2, ArrayView2};

use super::levels::{Levels, Tested};
use super::network::{TERMS, bend, slope, softmax};
use crate::logit::sigmoid;

/// The weight of the category loss.
const NAMING: f32 = 0.3;

/// A question of a batch: its category and its responses.
pub(super) struct Example {
    pub(super) category: usize,
    pub(super) answers: Vec<(usize, f32)>,
}

/// The gradient of the objective.
pub(super) struct Slopes {
    /// With respect to the outputs of the network: questions × outputs.
    pub(super) outputs: Array2<f32>,
    /// With respect to the specialities: models × specialities.
    pub(super) specialities: Array2<f32>,
    /// The mean log loss of the full logit.
    pub(super) loss: f64,
}

/// The gradient on a batch.
pub(super) fn slopes(
    outputs: ArrayView2<'_, f32>,
    specialities: ArrayView2<'_, f32>,
    (levels, tested): (&Levels, &Tested),
    examples: &[Example],
) -> Slopes {
    let width = specialities.ncols();
    let mut by_outputs = Array2::zeros(outputs.dim());
    let mut by_specialities = Array2::zeros(specialities.dim());
    let responses: usize = examples.iter().map(|example| example.answers.len()).sum();
    let each = (responses.max(1) as f32).recip();
    let naming = NAMING / examples.len().max(1) as f32;
    let (mut loss, mut means) = (0.0, Vec::new());
    for ((row, mut by), example) in
        outputs.rows().into_iter().zip(by_outputs.rows_mut()).zip(examples)
    {
        let mut categories: Vec<f32> = row.iter().skip(TERMS + width).copied().collect();
        softmax(&mut categories);
        let (ease, bent, shift) = (row[0], slope(row[1]), row[2]);
        means.clear();
        levels.means(tested, &categories, example.answers.iter().map(|(m, _)| *m), &mut means);
        let (mut by_slope, mut by_ease, mut by_shift) = (0.0, 0.0, 0.0);
        let mut product = 1.0_f64;
        for ((m, y), level) in example.answers.iter().zip(&means) {
            let own = specialities.row(*m);
            let mut special = shift;
            for k in 0..width {
                special += row[TERMS + k] * own[k];
            }
            let general = bent * level + ease;
            let whole = general + special;
            // The loss and its derivative share one exponential, and the losses of many answers a logarithm.
            let small = (-whole.abs()).exp();
            loss += f64::from(whole.max(0.0) - y * whole);
            product *= 1.0 + f64::from(small);
            if product > 1e100 {
                loss += product.ln();
                product = 1.0;
            }
            let positive = (1.0 + small).recip();
            let p = if whole >= 0.0 { positive } else { 1.0 - positive };
            let error = (p - y) * each;
            let both = error + (sigmoid(general) - y) * each;
            by_ease += both;
            by_slope += both * level;
            by_shift += error;
            let mut pull = by_specialities.row_mut(*m);
            for k in 0..width {
                by[TERMS + k] += error * own[k];
                pull[k] += error * row[TERMS + k];
            }
        }
        loss += product.ln();
        by[0] = by_ease;
        by[1] = by_slope * bend(row[1]);
        by[2] = by_shift;
        for (c, p) in categories.iter().enumerate() {
            let hit = f32::from(u8::from(c == example.category));
            by[TERMS + width + c] = naming * (p - hit);
        }
    }
    let loss = loss * f64::from(each);
    Slopes { outputs: by_outputs, specialities: by_specialities, loss }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn softplus(x: f32) -> f32 {
        x.max(0.0) + (-x.abs()).exp().ln_1p()
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        let levels = Levels {
            mean: array![[0.5, -1.0], [1.5, 0.2], [-0.3, 0.9]],
            deviation: Array2::from_elem((3, 2), 0.1),
        };
        let answers = [vec![40, 0, 9], vec![0, 30, 9]];
        let tested = Tested::new(vec![0, 1], &answers, 3);
        let examples = [
            Example { category: 0, answers: vec![(0, 1.0), (2, 0.0)] },
            Example { category: 1, answers: vec![(1, 0.25)] },
        ];
        let outputs = array![
            [0.1_f32, -0.2, 0.3, 0.4, -0.5, 1.0, 0.2],
            [0.2, 0.6, -0.1, 0.3, 0.7, -0.4, 0.5]
        ];
        let special = array![[0.3_f32, -0.2], [0.5, 0.1], [-0.6, 0.4]];
        // The objective, with the categories in the level held fixed as in the gradient.
        let objective = |outputs: &Array2<f32>,
                         special: &Array2<f32>,
                         fixed: &Array2<f32>|
         -> f64 {
            let mut sum = 0.0;
            for (i, example) in examples.iter().enumerate() {
                let mut categories = fixed.row(i).iter().skip(5).copied().collect::<Vec<_>>();
                softmax(&mut categories);
                let mut means = Vec::new();
                levels.means(&tested, &categories, example.answers.iter().map(|a| a.0), &mut means);
                let row = outputs.row(i);
                for ((m, y), level) in example.answers.iter().zip(means) {
                    let general = slope(row[1]) * level + row[0];
                    let whole =
                        general + row[2] + row[3] * special[[*m, 0]] + row[4] * special[[*m, 1]];
                    let loss = |x: f32| f64::from(softplus(x) - y * x) / 3.0;
                    sum += loss(whole) + loss(general);
                }
                let mut named = row.iter().skip(5).copied().collect::<Vec<_>>();
                softmax(&mut named);
                sum -= f64::from(NAMING / 2.0) * f64::from(named[example.category]).ln();
            }
            sum
        };
        let found = slopes(outputs.view(), special.view(), (&levels, &tested), &examples);
        let step = 1e-2_f32;
        for (i, j) in [(0, 0), (0, 1), (0, 2), (0, 3), (1, 1), (1, 4), (0, 5), (1, 6)] {
            let (mut up, mut down) = (outputs.clone(), outputs.clone());
            up[[i, j]] += step;
            down[[i, j]] -= step;
            let slope = (objective(&up, &special, &outputs) - objective(&down, &special, &outputs))
                / f64::from(2.0 * step);
            assert!((slope - f64::from(found.outputs[[i, j]])).abs() < 2e-3, "{i} {j} {slope}");
        }
        for (i, j) in [(0, 0), (1, 1), (2, 0)] {
            let (mut up, mut down) = (special.clone(), special.clone());
            up[[i, j]] += step;
            down[[i, j]] -= step;
            let slope = (objective(&outputs, &up, &outputs) - objective(&outputs, &down, &outputs))
                / f64::from(2.0 * step);
            assert!(
                (slope - f64::from(found.specialities[[i, j]])).abs() < 2e-3,
                "{i} {j} {slope}"
            );
        }
    }
}
