//! Portfolios: the few models that together cover the prompts best.

use ndarray::{Array2, ArrayView1};

/// One step of a portfolio.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The added model: its index in the embedder.
    pub model: usize,
    /// The expected accuracy if each prompt goes to the best of the models so far.
    pub quality: f64,
    /// The total cost of the models so far, if all costs are known.
    pub cost: Option<f64>,
}

/// Up to `k` models of `pool` (fewer if no other adds anything), best first, chosen greedily to maximize the
/// mean over the prompts of the highest probability among them. `p` is prompts × models; `costs` has one
/// entry per model.
///
/// That mean is monotone and submodular in the set of models, so without a budget the greedy choice
/// reaches at least 1 − 1/e ≈ 63% of the best set's (Nemhauser, Wolsey and Fisher 1978). With a
/// budget on the sum of costs, the better of greedy by gain and greedy by gain per cost is taken,
/// which reaches at least half of that (Leskovec et al. 2007, section 3.1); models of unknown
/// cost are left out.
#[must_use]
pub fn portfolio(
    p: &Array2<f32>,
    pool: &[usize],
    k: usize,
    costs: &dyn Fn(usize) -> Option<f64>,
    budget: Option<f64>,
) -> Vec<Step> {
    let by_gain = greedy(p, pool, k, costs, budget, false);
    if budget.is_none() {
        return by_gain;
    }
    let by_worth = greedy(p, pool, k, costs, budget, true);
    let quality = |steps: &[Step]| steps.last().map_or(0.0, |step| step.quality);
    if quality(&by_worth) > quality(&by_gain) { by_worth } else { by_gain }
}

fn greedy(
    p: &Array2<f32>,
    pool: &[usize],
    k: usize,
    costs: &dyn Fn(usize) -> Option<f64>,
    budget: Option<f64>,
    per_cost: bool,
) -> Vec<Step> {
    let mut covered = vec![0.0_f32; p.nrows()];
    let mut left: Vec<usize> = pool.to_vec();
    let mut steps: Vec<Step> = Vec::new();
    let mut spent = Some(0.0);
    let gain = |column: ArrayView1<f32>, covered: &[f32]| -> f64 {
        column.iter().zip(covered).map(|(p, c)| f64::from((p - c).max(0.0))).sum()
    };
    while steps.len() < k {
        if let Some(budget) = budget {
            let rest = budget - spent.unwrap_or_default();
            left.retain(|&m| costs(m).is_some_and(|cost| cost <= rest));
        }
        let worth = |m: usize| {
            let gain = gain(p.column(m), &covered);
            if per_cost { gain / costs(m).unwrap_or(1.0).max(1e-9) } else { gain }
        };
        let each = left.iter().enumerate().map(|(at, &m)| (at, m, worth(m)));
        // The first of equals.
        let best = each.rev().max_by(|a, b| a.2.total_cmp(&b.2));
        // A model that no prompt would go to is not part of a portfolio.
        let Some((at, model, _)) = best.filter(|(.., worth)| *worth > 0.0) else { break };
        left.remove(at);
        covered.iter_mut().zip(p.column(model)).for_each(|(c, p)| *c = c.max(*p));
        spent = spent.zip(costs(model)).map(|(sum, cost)| sum + cost);
        let sum: f64 = covered.iter().map(|c| f64::from(*c)).sum();
        steps.push(Step { model, quality: sum / covered.len().max(1) as f64, cost: spent });
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    fn models(steps: &[Step]) -> Vec<usize> {
        steps.iter().map(|step| step.model).collect()
    }

    #[test]
    fn specialists_complete_each_other() {
        // The second model is second best alone, but adds least to the first.
        let p = array![[0.9, 0.85, 0.1], [0.8, 0.8, 0.1], [0.1, 0.2, 0.7]];
        let steps = portfolio(&p, &[0, 1, 2], 2, &|_| None, None);
        assert_eq!(models(&steps), [1, 2]);
        assert!((steps[1].quality - (0.85 + 0.8 + 0.7) / 3.0).abs() < 1e-6);
        assert_eq!(steps[1].cost, None);
        let one_does = array![[0.9, 0.5], [0.8, 0.8]];
        assert_eq!(models(&portfolio(&one_does, &[0, 1], 2, &|_| None, None)), [0]);
    }

    #[test]
    fn a_budget_is_kept_and_cheap_models_may_beat_a_dear_one() {
        let p = array![[0.9, 0.8, 0.1], [0.9, 0.1, 0.8]];
        let costs = |m: usize| Some([10.0, 1.0, 1.0][m]);
        assert_eq!(models(&portfolio(&p, &[0, 1, 2], 3, &costs, Some(2.0))), [1, 2]);
        let steps = portfolio(&p, &[0, 1, 2], 3, &costs, Some(10.0));
        assert!(steps.last().unwrap().cost.unwrap() <= 10.0);
    }

    proptest! {
        #[test]
        fn greedy_reaches_its_guarantee(
            values in prop::collection::vec(0.0_f32..1.0, 5 * 6), k in 1_usize..4
        ) {
            let p = Array2::from_shape_vec((5, 6), values).unwrap();
            let quality = |set: &[usize]| -> f64 {
                let best = p.rows().into_iter().map(|row| {
                    f64::from(set.iter().map(|&m| row[m]).fold(0.0, f32::max))
                });
                best.sum::<f64>() / 5.0
            };
            let sets = (0_u32..1 << 6).filter(|set| set.count_ones() as usize == k);
            let best = sets
                .map(|set| quality(&(0..6).filter(|m| set >> m & 1 == 1).collect::<Vec<_>>()))
                .fold(0.0, f64::max);
            let steps = portfolio(&p, &[0, 1, 2, 3, 4, 5], k, &|_| None, None);
            let reached = steps.last().unwrap().quality;
            prop_assert!((reached - quality(&models(&steps))).abs() < 1e-6);
            prop_assert!(reached >= (1.0 - (-1.0_f64).exp()) * best - 1e-6);
            prop_assert!(steps.windows(2).all(|w| w[1].quality >= w[0].quality - 1e-9));
        }
    }
}
