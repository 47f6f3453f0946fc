//! Clusters of models that are good at the same things, what they have in common, and how stable they are.

mod card;
mod coverage;
mod features;

use std::sync::atomic::AtomicBool;

use linfa::DatasetBase;
use linfa::traits::{Fit, Predict};
use linfa_clustering::KMeans;
use linfa_nn::distance::L2Dist;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::dataset::Attribute;
use crate::embedder::Benchmark;
use crate::error::{Error, Result};
use crate::progress::proceed;
use features::features;

pub use card::{Card, Coverage, Groups, Lift, Near, Run, card};
pub use features::Feature;

/// Minimum and maximum number of clusters; in between, the mean silhouette decides (Rousseeuw 1987). Two
/// would say little more than the first axis of the map.
const LEAST: usize = 3;
const MOST: usize = 8;
/// Maximum number of models for silhouettes and subsamples.
const SAMPLE: usize = 1200;
/// Number of subsamples for the stability, and the share of the models in each.
const SUBSAMPLES: usize = 20;
const SHARE: f64 = 0.8;
/// Coverage is regressed out of the vectors if it explains more than this share of one of the first two axes
/// of the map.
const EXPLAINED: f64 = 1.0 / 3.0;
/// A feature that this share of the models has, and that is this many times as frequent as in the rest, is
/// enough to name a cluster.
const SOLID: f64 = 0.8;
const STRONG: f64 = 2.0;
/// Number of attributes in the name of a mixed cluster.
const MIXED: usize = 2;
/// Or else the one attribute that this share of the models has.
const NEARLY_ALL: f64 = 0.9;

/// The data for clustering and naming.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// The models' names.
    pub models: &'a [String],
    /// Models × dimensions: the profiles, without overall ability.
    pub vectors: ArrayView2<'a, f32>,
    /// The attributes of the models.
    pub attributes: &'a [Attribute],
    /// Their scores and coverage.
    pub benchmarks: &'a [Benchmark],
    /// The share of the first two axes of the map that coverage explains, if known.
    pub axes_by_coverage: Option<[f64; 2]>,
}

/// One cluster.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cluster {
    /// The feature that distinguishes its models, with lift and counts, or a typical model. It also says if
    /// the cluster mostly reflects where its models were evaluated.
    pub name: String,
    /// The same without counts and what they are compared with, for a line with little room.
    #[serde(skip)]
    pub brief: String,
    /// What it is named after, alone: a feature, or `like` and a model without its organization.
    #[serde(skip)]
    pub title: String,
    /// How many models it has.
    pub size: usize,
    /// Its stability when a fifth of the models is left out: the mean over subsamples of its best Jaccard
    /// index (Hennig 2007), in [0, 1]. Below 0.6 it is not reliable.
    pub stability: f64,
    /// The model nearest to its center, of the half with the most answers.
    pub prototype: String,
    /// What distinguishes its models from the rest.
    pub features: Vec<Feature>,
    /// The share of its models that coverage predicts to be in it.
    pub coverage: f64,
}

/// A clustering, largest cluster first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Clusters {
    /// The cluster of each model.
    pub of: Vec<usize>,
    /// The clusters.
    pub clusters: Vec<Cluster>,
}

/// Groups the models by k-means on the directions of their vectors, with coverage regressed out if it
/// explains much of them, and names the groups.
///
/// # Errors
/// [`Error::Usage`] with fewer than ten models; [`Error::Cancelled`]; [`Error::Failed`] if it does not converge.
pub fn clusters(known: &Known<'_>, seed: u64, cancel: &AtomicBool) -> Result<Clusters> {
    let n = known.vectors.nrows();
    if n < 10 || known.vectors.ncols() == 0 {
        return Err(Error::Usage("clusters need at least ten models with vectors".into()));
    }
    let run = coverage::run(known.benchmarks, n);
    let x = directions(known, &run)?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(&mut rng);
    let sample = x.select(Axis(0), &order[..n.min(SAMPLE)]);
    let mut best: Option<(f64, usize)> = None;
    for k in LEAST..=MOST.min(n / 3) {
        proceed(cancel, "the clustering")?;
        let score = silhouette(&sample, &assign(&sample, &sample, k)?, k);
        if best.is_none_or(|(known, _)| score > known) {
            best = Some((score, k));
        }
    }
    let k = best.map_or(LEAST, |(_, k)| k);
    let found = by_size(&assign(&x, &x, k)?, k);
    let k = found.iter().max().map_or(0, |last| last + 1);
    let mut jaccard = vec![0.0; k];
    for _ in 0..SUBSAMPLES {
        proceed(cancel, "the clustering")?;
        order.shuffle(&mut rng);
        let kept = ((n as f64 * SHARE) as usize).min(SAMPLE);
        let again = assign(&x.select(Axis(0), &order[..kept]), &x, k)?;
        for (cluster, sum) in jaccard.iter_mut().enumerate() {
            *sum += best_jaccard(&found, cluster, &again, k) / SUBSAMPLES as f64;
        }
    }
    let predicted = coverage::predict(&run, &found, k);
    let described = jaccard.into_iter().zip(predicted).enumerate().map(|(c, (stability, by))| {
        let inside: Vec<bool> = found.iter().map(|of| *of == c).collect();
        let prototype = prototypes(&x, &inside, known.benchmarks).first().copied();
        let prototype = prototype.and_then(|m| known.models.get(m)).cloned().unwrap_or_default();
        let features = features(&inside, known.attributes, known.benchmarks);
        let profile = || features::profile(known.benchmarks, &inside);
        let title = match solid(&features) {
            Some(feature) => feature.brief.clone(),
            None => format!("like {}", prototype.rsplit('/').next().unwrap_or_default()),
        };
        let [name, brief] = name(&prototype, &features, profile, by.mostly);
        let size = inside.iter().filter(|inside| **inside).count();
        Cluster { name, brief, title, size, stability, prototype, features, coverage: by.recall }
    });
    let mut clusters: Vec<Cluster> = described.collect();
    apart(clusters.iter_mut().map(|cluster| &mut cluster.name));
    apart(clusters.iter_mut().map(|cluster| &mut cluster.brief));
    Ok(Clusters { clusters, of: found })
}

/// The vectors with coverage regressed out: what follows from the list of benchmarks that a model was
/// evaluated on.
///
/// # Errors
/// [`Error::Usage`] if all models were evaluated on the same benchmarks; [`Error::Failed`] if the regression has
/// no solution.
pub fn without_coverage(known: &Known<'_>) -> Result<Array2<f32>> {
    let run = coverage::run(known.benchmarks, known.vectors.nrows());
    let alike = run.rows().into_iter().all(|row| row == run.row(0));
    if alike {
        return Err(Error::Usage(
            "there is no coverage to turn out: all models were evaluated on the same benchmarks"
                .into(),
        ));
    }
    Ok(coverage::without(&known.vectors.mapv(f64::from), &run)?.mapv(|x| x as f32))
}

/// The directions of the vectors, with coverage (models × benchmarks in `run`) regressed out if it explains
/// much of them.
fn directions(known: &Known<'_>, run: &Array2<f64>) -> Result<Array2<f64>> {
    let mut x = known.vectors.mapv(f64::from);
    if known.axes_by_coverage.is_some_and(|[first, second]| first.max(second) > EXPLAINED) {
        x = coverage::without(&x, run)?;
    }
    // Similarity is cosine: otherwise all models with few answers would form one group.
    for mut row in x.rows_mut() {
        let length = row.dot(&row).sqrt();
        if length > 0.0 {
            row /= length;
        }
    }
    Ok(x)
}

/// Fits k-means on `fitted` and returns the cluster of each row of `all`.
fn assign(fitted: &Array2<f64>, all: &Array2<f64>, k: usize) -> Result<Vec<usize>> {
    let runs = if fitted.nrows() > SAMPLE { 2 } else { 5 };
    let model = KMeans::<f64, L2Dist>::params(k)
        .n_runs(runs)
        .fit(&DatasetBase::from(fitted.clone()))
        .map_err(|e| Error::Failed(format!("the clusters did not converge: {e}")))?;
    Ok(model.predict(all).to_vec())
}

/// The same clusters, numbered by size, without empty ones.
fn by_size(of: &[usize], k: usize) -> Vec<usize> {
    let size = |c: &usize| of.iter().filter(|other| *other == c).count();
    let mut order: Vec<usize> = (0..k).collect();
    order.sort_by_key(|c| std::cmp::Reverse(size(c)));
    of.iter().map(|c| order.iter().position(|other| other == c).unwrap_or_default()).collect()
}

/// The mean silhouette: how much nearer points are to their own cluster than to the next.
fn silhouette(x: &Array2<f64>, of: &[usize], k: usize) -> f64 {
    let n = x.nrows();
    let squares: Vec<f64> = x.rows().into_iter().map(|row| row.dot(&row)).collect();
    let products = x.dot(&x.t());
    let total: f64 = (0..n)
        .map(|i| {
            let (mut sums, mut sizes) = (vec![0.0; k], vec![0_usize; k]);
            for j in (0..n).filter(|j| *j != i) {
                sums[of[j]] += (squares[i] + squares[j] - 2.0 * products[[i, j]]).max(0.0).sqrt();
                sizes[of[j]] += 1;
            }
            if sizes[of[i]] == 0 {
                return 0.0;
            }
            let mean = |c: usize| sums[c] / sizes[c].max(1) as f64;
            let own = mean(of[i]);
            let others = (0..k).filter(|c| *c != of[i] && sizes[*c] > 0);
            let next = others.map(mean).reduce(f64::min);
            next.map_or(0.0, |next| (next - own) / own.max(next).max(1e-12))
        })
        .sum();
    total / n.max(1) as f64
}

fn best_jaccard(of: &[usize], cluster: usize, again: &[usize], k: usize) -> f64 {
    let (mut both, mut sizes, mut own) = (vec![0_usize; k], vec![0_usize; k], 0);
    for (a, b) in of.iter().zip(again) {
        sizes[*b] += 1;
        if *a == cluster {
            own += 1;
            both[*b] += 1;
        }
    }
    let index = |c: usize| both[c] as f64 / (own + sizes[c] - both[c]).max(1) as f64;
    (0..k).map(index).fold(0.0, f64::max)
}

/// The half of a group's models with the most answers, those nearest to its mean first: what a model with few
/// answers is like is mostly a guess.
fn prototypes(x: &Array2<f64>, inside: &[bool], benchmarks: &[Benchmark]) -> Vec<usize> {
    let answers = |m| benchmarks.iter().map(|b| u64::from(b.scores.responses(m))).sum::<u64>();
    let mut own: Vec<usize> = (0..inside.len()).filter(|m| inside[*m]).collect();
    let Some(mean) = mean(x, |m| inside[m]) else { return own };
    own.sort_by_key(|m| std::cmp::Reverse(answers(*m)));
    let median = own.get(own.len().saturating_sub(1) / 2).map_or(0, |m| answers(*m));
    own.retain(|m| answers(*m) >= median);
    let mut apart: Vec<(f64, usize)> = own.into_iter().map(|m| (far(x.row(m), &mean), m)).collect();
    apart.sort_by(|a, b| a.0.total_cmp(&b.0));
    apart.into_iter().map(|(_, m)| m).collect()
}

/// The mean of some rows; `None` if there are none.
fn mean(x: &Array2<f64>, is: impl Fn(usize) -> bool) -> Option<Array1<f64>> {
    let (mut sum, mut n) = (Array1::zeros(x.ncols()), 0);
    for (_, row) in x.rows().into_iter().enumerate().filter(|(m, _)| is(*m)) {
        sum += &row;
        n += 1;
    }
    (n > 0).then(|| sum / f64::from(n))
}

/// The squared distance of a row to a center.
fn far(row: ArrayView1<'_, f64>, center: &Array1<f64>) -> f64 {
    row.iter().zip(center).map(|(a, b)| (a - b).powi(2)).sum()
}

/// The share of a cluster's models that have a feature.
fn share(f: &Feature) -> f64 {
    f.with as f64 / f.of.max(1) as f64
}

/// The attribute that distinguishes a cluster most, if that is enough for a name.
fn solid(features: &[Feature]) -> Option<&Feature> {
    let strong = features.iter().find(|f| !f.benchmark && f.lift >= STRONG);
    strong.filter(|f| share(f) >= SOLID)
}

/// A cautious name: a frequent feature that nearly all models have, or else a typical model and what
/// distinguishes the cluster most. Attributes that are hardly more frequent than elsewhere distinguish less
/// than benchmarks: without those, the cluster is mixed. In full, and in brief.
fn name(
    prototype: &str,
    features: &[Feature],
    profile: impl FnOnce() -> Option<(String, f64)>,
    mostly: bool,
) -> [String; 2] {
    let (benchmarks, attributes): (Vec<_>, Vec<_>) = features.iter().partition(|f| f.benchmark);
    let strong = attributes.iter().find(|f| f.lift >= STRONG);
    let like = |what: &str| format!("like {prototype} · {what}");
    let percent = |f: &Feature| format!("{} {:.0}%", f.what, 100.0 * share(f));
    let names = if let Some(strong) = strong {
        let texts = [&strong.text, &strong.brief];
        texts.map(|text| if solid(features).is_some() { text.clone() } else { like(text) })
    } else if let Some(benchmark) = benchmarks.first() {
        [&benchmark.text, &benchmark.brief].map(|text| like(text))
    } else if let Some((benchmark, lift)) = profile() {
        let brief = format!("{benchmark} +{:.0} points", 100.0 * lift);
        [like(&format!("{brief} for its level")), like(&brief)]
    } else if attributes.is_empty() {
        [(); 2].map(|()| format!("like {prototype}"))
    } else if let Some(nearly) = attributes.iter().find(|f| share(f) >= NEARLY_ALL) {
        let brief = format!("mostly {}", nearly.what);
        [like(&format!("{brief} ({:.0}%)", 100.0 * share(nearly))), like(&brief)]
    } else {
        [MIXED, 1].map(|n| {
            let named: Vec<String> = attributes.iter().take(n).map(|f| percent(f)).collect();
            like(&format!("mixed ({})", named.join(", ")))
        })
    };
    let end = if mostly { " (mostly where evaluated)" } else { "" };
    names.map(|name| name + end)
}

/// Makes the names unique.
fn apart<'a>(names: impl Iterator<Item = &'a mut String>) {
    let mut known: Vec<String> = Vec::new();
    for name in names {
        let numbered = |i: usize| if i == 1 { name.clone() } else { format!("{name} {i}") };
        let free = (1..=known.len() + 1).map(numbered).find(|name| !known.contains(name));
        *name = free.unwrap_or_default();
        known.push(name.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Kind, Values};
    use crate::embedder::Score;

    fn models() -> Vec<String> {
        (0..80).map(|m| format!("model-{m}")).collect()
    }

    fn found(
        vectors: &Array2<f32>,
        attributes: &[Attribute],
        benchmarks: &[Benchmark],
    ) -> Clusters {
        let known = Known {
            models: &models(),
            vectors: vectors.view(),
            attributes,
            benchmarks,
            axes_by_coverage: None,
        };
        clusters(&known, 1, &AtomicBool::new(false)).unwrap()
    }

    fn planted(spread: f32) -> (Array2<f32>, Vec<Attribute>) {
        let vectors = Array2::from_shape_fn((60, 4), |(m, d)| {
            let noise = (((m * 7 + d * 13) % 11) as f32 / 11.0 - 0.5) * spread;
            if m % 3 == d { 4.0 + noise } else { noise }
        });
        let family = ["heron", "otter", "lynx"];
        let values = Values::Class((0..60).map(|m| Some(family[m % 3].into())).collect());
        (vectors, vec![Attribute { name: "family".into(), values }])
    }

    /// A benchmark that some of sixty models were evaluated on.
    fn benchmark(name: &str, run: &dyn Fn(usize) -> bool) -> Benchmark {
        let score = Score { accuracy: 0.5, responses: 40 };
        Benchmark {
            name: name.into(),
            kind: Kind::Correctness,
            description: String::new(),
            questions: 40,
            scores: (0..60).map(|m| run(m).then_some(score)).collect(),
        }
    }

    #[test]
    fn planted_groups_are_found_named_and_stable() {
        let (vectors, attributes) = planted(1.0);
        let found = found(&vectors, &attributes, &[]);
        assert_eq!(found.clusters.len(), 3, "{found:?}");
        for (m, cluster) in found.of.iter().enumerate() {
            let cluster = &found.clusters[*cluster];
            let family = ["heron", "otter", "lynx"][m % 3];
            assert_eq!(cluster.name, format!("{family}, 20 of 20, none elsewhere"));
            assert_eq!(cluster.size, 20);
            assert!(cluster.stability > 0.95, "{cluster:?}");
        }
    }

    #[test]
    fn noise_is_not_a_stable_cluster() {
        use rand::RngExt;
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let vectors = Array2::from_shape_simple_fn((80, 12), || rng.random::<f32>());
        let found = found(&vectors, &[], &[]);
        assert!(found.clusters.iter().any(|c| c.stability < 0.8), "{found:?}");
        assert!(found.clusters.iter().all(|c| c.name.starts_with("like model-")));
    }

    #[test]
    fn too_few_models_are_an_error() {
        let names = models();
        let known = |vectors| Known {
            models: &names,
            vectors,
            attributes: &[],
            benchmarks: &[],
            axes_by_coverage: None,
        };
        let few = Array2::zeros((3, 2));
        assert!(clusters(&known(few.view()), 1, &AtomicBool::new(false)).is_err());
        let (vectors, _) = planted(1.0);
        assert!(clusters(&known(vectors.view()), 1, &AtomicBool::new(true)).is_err());
    }

    #[test]
    fn coverage_is_regressed_out_of_the_vectors_where_it_differs() {
        let (mut vectors, _) = planted(1.0);
        for m in 0..30 {
            vectors[[m, 3]] += 20.0;
        }
        let names = models();
        let without = |benchmarks: &[Benchmark]| {
            without_coverage(&Known {
                models: &names,
                vectors: vectors.view(),
                attributes: &[],
                benchmarks,
                axes_by_coverage: None,
            })
        };
        let left = without(&[benchmark("a", &|m| m < 30), benchmark("b", &|_| true)]).unwrap();
        let mean = |from: usize| left.column(3).slice(ndarray::s![from..from + 30]).mean().unwrap();
        assert!((mean(0) - mean(30)).abs() < 1e-3);
        let alike = without(&[benchmark("a", &|_| true)]).unwrap_err().to_string();
        assert!(alike.contains("no coverage to turn out"), "{alike}");
    }

    #[test]
    fn a_cluster_that_coverage_predicts_says_so_and_coverage_that_explains_much_is_regressed_out() {
        let (mut vectors, attributes) = planted(1.0);
        // Herons were evaluated elsewhere than the others.
        let benchmarks = [benchmark("a", &|m| m % 3 == 0), benchmark("b", &|m| m % 3 != 0)];
        let by_coverage = found(&vectors, &attributes, &benchmarks);
        let heron = &by_coverage.clusters[by_coverage.of[0]];
        assert!(heron.name.ends_with("(mostly where evaluated)"), "{heron:?}");
        assert!(heron.coverage > 0.9);
        let otter = &by_coverage.clusters[by_coverage.of[1]];
        assert!(!otter.name.contains("evaluated") && otter.coverage < 0.6, "{otter:?}");

        // Two leaderboards far apart, which have nothing to do with the families.
        let benchmarks = [benchmark("a", &|m| m < 30), benchmark("b", &|m| m >= 30)];
        for m in 0..30 {
            vectors[[m, 3]] += 20.0;
        }
        let names = models();
        let known = Known {
            models: &names,
            vectors: vectors.view(),
            attributes: &attributes,
            benchmarks: &benchmarks,
            axes_by_coverage: Some([0.9, 0.0]),
        };
        let clusters = clusters(&known, 1, &AtomicBool::new(false)).unwrap();
        assert_eq!(clusters.clusters.len(), 3, "{clusters:?}");
        assert!(clusters.clusters.iter().all(|c| c.name.ends_with("of 20, none elsewhere")));
    }

    #[test]
    fn a_feature_of_half_the_models_does_not_name_a_cluster_by_itself() {
        let feature = |with, benchmark| Feature {
            name: "family".into(),
            what: "otter".into(),
            text: format!("otter ×9.0, {with} of 20"),
            brief: "otter ×9.0".into(),
            benchmark,
            with,
            of: 20,
            lift: 9.0,
            elsewhere: 0.1,
        };
        let both = |features: &[Feature], mostly| name("m", features, || None, mostly);
        let named =
            |features: &[Feature], mostly| both(features, mostly).into_iter().next().unwrap();
        assert_eq!(named(&[feature(10, false)], false), "like m · otter ×9.0, 10 of 20");
        assert_eq!(named(&[feature(18, false)], false), "otter ×9.0, 18 of 20");
        assert_eq!(named(&[feature(18, true)], false), "like m · otter ×9.0, 18 of 20");
        assert_eq!(both(&[feature(10, false)], false)[1], "like m · otter ×9.0");
        assert_eq!(both(&[feature(18, false)], true)[1], "otter ×9.0 (mostly where evaluated)");
        assert_eq!(named(&[], true), "like m (mostly where evaluated)");
        // Hardly more frequent than elsewhere.
        let weak =
            Feature { lift: 1.6, text: "otter ×1.6, 18 of 20".into(), ..feature(18, false) };
        assert_eq!(named(std::slice::from_ref(&weak), false), "like m · mostly otter (90%)");
        let half = Feature { with: 12, ..weak.clone() };
        assert_eq!(named(&[half], false), "like m · mixed (otter 60%)");
        assert_eq!(
            named(&[weak.clone(), feature(10, false)], false),
            "like m · otter ×9.0, 10 of 20"
        );
        assert_eq!(
            named(&[weak.clone(), feature(10, true)], false),
            "like m · otter ×9.0, 10 of 20"
        );
        let profile = || Some(("law".into(), 0.09));
        assert_eq!(name("m", &[weak], profile, false)[0], "like m · law +9 points for its level");
        let mut twice = ["like m".to_owned(), "like m".to_owned()];
        apart(twice.iter_mut());
        assert_eq!(twice, ["like m", "like m 2"]);
    }
}
