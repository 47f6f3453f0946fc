use std::sync::atomic::AtomicBool;

use ndarray::Array2;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::dataset::{Kind, Values};
use crate::embedder::Score;

const QUICK: Settings =
    Settings { folds: 5, repetitions: 1, shuffles: 199, resamples: 200, seed: 1 };

fn noise(rows: usize, seed: u64) -> Array2<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Array2::from_shape_simple_fn((rows, 12), || StandardNormal.sample(&mut rng))
}

/// Models `f0-0`, `f1-1`, …: fifteen families that take turns.
fn prober(vectors: &Array2<f32>, run: impl Fn(usize) -> bool) -> Prober {
    let n = vectors.nrows();
    let families = (0..n).map(|m| Some(format!("f{}", m % 15))).collect();
    let families = Attribute { name: "family".into(), values: Values::Class(families) };
    let score = Score { accuracy: 0.5, responses: 100 };
    let scores = (0..n).map(|m| run(m).then_some(score)).collect();
    let benchmark = Benchmark {
        name: "b".into(),
        kind: Kind::Correctness,
        description: String::new(),
        questions: 100,
        scores,
    };
    let names: Vec<String> = (0..n).map(|m| format!("m{m}")).collect();
    Prober::new(vectors.view(), &names, &[families], &[benchmark])
}

fn flag(values: impl Fn(usize) -> bool) -> Attribute {
    let values = (0..90).map(|m| (m != 2).then(|| values(m))).collect();
    Attribute { name: "planted".into(), values: Values::Flag(values) }
}

fn found(vectors: &Array2<f32>, run: impl Fn(usize) -> bool, attribute: &Attribute) -> Report {
    prober(vectors, run).probe(attribute, &QUICK, &AtomicBool::new(false)).unwrap()
}

#[test]
fn a_planted_attribute_is_found_and_the_unknown_model_predicted() {
    let planted = |m: usize| m.is_multiple_of(4) || m == 2;
    let mut x = noise(90, 7);
    (0..90).filter(|m| planted(*m)).for_each(|m| x[[m, 3]] += 6.0);
    let report = found(&x, |_| true, &flag(planted));
    assert_eq!((report.models, report.dealt, report.folds), (89, "families", 15));
    assert!(report.balanced_accuracy > 0.9 && report.auc > 0.95, "{report:?}");
    assert!(report.low <= report.accuracy && report.accuracy <= report.high);
    assert!((report.p_value - 1.0 / 200.0).abs() < 1e-9);
    assert!(report.beats_controls && report.unbeaten.is_empty());
    assert!(report.random.nearest.figures.auc.value > 0.8);
    let right: usize = report.confusion[0][0] + report.confusion[1][1];
    assert!(right > 80 && report.confusion.iter().flatten().sum::<usize>() == 89);
    assert_eq!(report.unknown(), [2]);
    let unknown = &report.predictions[2];
    assert!(unknown.predicted == "yes" && unknown.truth.is_none() && unknown.surprise.is_none());
}

#[test]
fn the_largest_error_comes_first() {
    let mut x = noise(90, 8);
    (0..90).filter(|m| m % 4 == 0).for_each(|m| x[[m, 3]] += 8.0);
    // A wrong label.
    let report = found(&x, |_| true, &flag(|m| m % 4 == 0 && m != 40));
    assert_eq!(report.most_wrong()[0], 40);
}

#[test]
fn coverage_is_not_a_skill() {
    // The attribute is coverage of the benchmark, and the vectors encode just that.
    let run = |m: usize| m.is_multiple_of(3);
    let mut x = noise(90, 9);
    (0..90).filter(|m| run(*m)).for_each(|m| x[[m, 4]] += 3.0);
    let report = found(&x, run, &flag(run));
    assert!(report.auc > 0.85 && report.p_value < 0.01, "{report:?}");
    assert!(!report.beats_controls);
    assert_eq!(report.unbeaten, ["ability and benchmarks run"]);
}

#[test]
fn families_do_not_predict_each_other() {
    // Vectors encode the family and nothing else; the attribute is random by family.
    let mut x = noise(90, 10) * 0.3;
    let places = noise(15, 11);
    (0..90).for_each(|m| x.row_mut(m).scaled_add(2.0, &places.row(m % 15)));
    let coin = [0, 3, 4, 7, 9, 13, 14];
    let report = found(&x, |_| true, &flag(|m| coin.contains(&(m % 15))));
    let (random, grouped) = (report.random, report.grouped.unwrap());
    assert!(random.nearest.figures.balanced_accuracy.value > 0.95, "families leak in random folds");
    assert!(grouped.nearest.figures.balanced_accuracy.value < 0.75, "{grouped:?}");
    assert!(!report.beats_controls, "{report:?}");
}

#[test]
fn noise_is_not_an_attribute() {
    let report = found(&noise(90, 12), |_| true, &flag(|m| m % 4 == 0));
    assert!(report.p_value > 0.05 && report.balanced_accuracy < 0.65, "{report:?}");
    assert!(!report.beats_controls && report.unbeaten.contains(&"shuffled labels"));
}

#[test]
fn numbers_are_predicted_by_rank_and_scale() {
    let mut x = noise(90, 13);
    let size = |m: usize| 10_f64.powf((m * 37 % 90) as f64 / 30.0);
    (0..90).for_each(|m| x[[m, 5]] = size(m).ln() as f32);
    let sizes = (0..90).map(|m| (m > 3).then(|| size(m))).collect();
    let attribute = Attribute { name: "size".into(), values: Values::Number(sizes) };
    let report = found(&x, |_| true, &attribute);
    assert!(report.log && report.spearman.unwrap() > 0.9 && report.r2.unwrap() > 0.8, "{report:?}");
    assert!(report.beats_controls);
    let near = |m: usize| report.predictions[m].predicted.parse::<f64>().unwrap() / size(m);
    assert!((0..4).all(|m| (0.3..3.0).contains(&near(m))));
}

#[test]
fn several_classes_are_told_apart_and_families_that_are_classes_are_not_kept_whole() {
    let mut x = noise(90, 14);
    (0..90).for_each(|m| x[[m, m % 3 + 2]] += 6.0);
    let classes = (0..90).map(|m| Some(["a", "b", "c"][m % 3].to_owned())).collect();
    let attribute = Attribute { name: "class".into(), values: Values::Class(classes) };
    let report = found(&x, |_| true, &attribute);
    assert!(report.accuracy > 0.9 && report.auc > 0.95, "{report:?}");
    let family = (0..90).map(|m| Some(format!("f{}", m % 15))).collect();
    let family = Attribute { name: "family".into(), values: Values::Class(family) };
    let report = found(&x, |_| true, &family);
    assert!(report.grouped.is_none() && report.dealt == "random" && report.pulls.is_empty());
}

#[test]
fn the_same_seed_gives_the_same_report_and_a_cancelled_probe_stops() {
    let x = noise(90, 15);
    let attribute = flag(|m| m % 4 == 0);
    assert_eq!(found(&x, |_| true, &attribute), found(&x, |_| true, &attribute));
    let stopped = prober(&x, |_| true).probe(&attribute, &QUICK, &AtomicBool::new(true));
    assert!(stopped.is_err());
}

#[test]
fn too_many_are_refused_before_any_work() {
    let names: Vec<String> = (0..=MODELS).map(|m| format!("m{m}")).collect();
    let prober = Prober::new(Array2::zeros((names.len(), 4)).view(), &names, &[], &[]);
    let values = crate::dataset::Values::Flag((0..names.len()).map(|m| Some(m % 2 == 0)).collect());
    let attribute = Attribute { name: "even".into(), values };
    let cancel = AtomicBool::new(false);
    let refused = prober.probe(&attribute, &Settings::default(), &cancel);
    assert!(refused.err().unwrap().to_string().contains("4097 models are too many"));
    let few = Prober::new(Array2::zeros((4, 4)).view(), &names[..4], &[], &[]);
    assert!(few.check(ATTRIBUTES).is_ok());
    assert!(few.check(ATTRIBUTES + 1).unwrap_err().to_string().contains("choose one"));
}
