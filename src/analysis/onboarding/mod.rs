//! Places a new model by a few of its responses, without training.
//!
//! An embedder's logit is linear in a model's vector, so placing a new model is a Bayesian logistic
//! regression on projected questions: the prior is a normal distribution fitted to the vectors of the trained
//! models, the posterior its Laplace approximation given the responses. Nothing is retrained, and no other
//! model moves.

mod ask;
mod catalogue;
mod coreset;
mod new_model;
mod posterior;
mod prior;
mod questions;

pub use ask::Asked;
pub(crate) use ask::{Target, ask};
pub use catalogue::Catalogue;
pub(crate) use coreset::score_errors;
pub(crate) use coreset::{Labels, coreset};
pub use new_model::{NewModel, Placer};
pub(crate) use posterior::Posterior;
pub(crate) use prior::Prior;
pub(crate) use questions::Questions;

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2};

    fn questions() -> Questions {
        let x = Array2::from_shape_fn((60, 3), |(i, j)| match j {
            0 => 1.0,
            1 => f64::from(u8::from(i % 2 == 0)) - 0.5,
            _ => (i % 7) as f64 / 7.0 - 0.5,
        });
        Questions { x, offset: Array1::zeros(60) }
    }

    fn prior() -> Prior {
        Prior { mean: Array1::zeros(3), covariance: Array2::eye(3), precision: Array2::eye(3) }
    }

    #[test]
    fn responses_move_the_vector_and_narrow_what_is_not_known() {
        let (questions, prior) = (questions(), prior());
        let labels: Vec<f32> = (0..60).map(|i| f32::from(u8::from(i % 2 == 0))).collect();
        let before = Posterior::prior_only(&prior);
        let after = Posterior::fold_in(&prior, &questions, &labels).unwrap();
        assert!(after.mean[1] > 1.0 && after.mean[0].abs() < 0.3, "{:?}", after.mean);
        assert!(after.covariance.diag().sum() < before.covariance.diag().sum());
        let (was, is) = (before.accuracy(&questions), after.accuracy(&questions));
        assert!(is.high - is.low < was.high - was.low && is.low < is.mean && is.mean < is.high);
    }

    #[test]
    fn the_predicted_variance_is_that_after_the_answers() {
        let (questions, prior) = (questions(), prior());
        let nothing = Posterior::prior_only(&prior);
        let target = Target::new(&nothing, std::slice::from_ref(&questions));
        let open: Vec<usize> = (0..60).collect();
        let asked = ask(&nothing, &target, &questions, &open, 10, 1);
        let mut seen: Vec<usize> = asked.iter().map(|a| a.question).collect();
        assert!(asked.windows(2).all(|w| w[1].deviation <= w[0].deviation));
        assert!(asked[0].deviation < target.deviation(&nothing));
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 10, "nothing is asked twice");
    }
}
