//! Groups of models that are good at the same things, what they have in common, and how sure they are.

use std::sync::atomic::{AtomicBool, Ordering};

use linfa::DatasetBase;
use linfa::traits::{Fit, Predict};
use linfa_clustering::KMeans;
use linfa_nn::distance::L2Dist;
use ndarray::{Array2, ArrayView2, Axis};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::dataset::{Attribute, Values};
use crate::error::{Error, Result};

/// Clusters at least and at most; between, the number is chosen by the mean silhouette (Rousseeuw
/// 1987). Two would say little more than the first axis of the map.
const LEAST: usize = 3;
const MOST: usize = 8;
/// Models that silhouettes and subsamples are computed on at most.
const SAMPLE: usize = 1200;
/// Subsamples for the stability, and the share of the models in each.
const SUBSAMPLES: usize = 20;
const SHARE: f64 = 0.8;
/// An attribute names a cluster if it is so many standard errors more frequent there than overall,
/// and holds for so many of its models.
const SURPRISE: f64 = 2.5;
const COMMON: f64 = 0.3;

/// One cluster.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cluster {
    /// What its models have in common: the attributes that are over-represented in it; without any,
    /// "like" and the model in its middle.
    pub name: String,
    /// How many models it has.
    pub size: usize,
    /// How well it comes back when a fifth of the models is left out: the mean over subsamples of
    /// its best Jaccard index (Hennig 2007), in [0, 1]. Below 0.6 it should not be believed.
    pub stability: f64,
}

/// The models in clusters, largest first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Clusters {
    /// The cluster of each model.
    pub of: Vec<usize>,
    /// The clusters.
    pub clusters: Vec<Cluster>,
}

/// Groups `models` by k-means on their vectors (models × dimensions) and names the groups.
///
/// # Errors
/// [`Error::Usage`] with fewer than ten models; [`Error::Failed`] if cancelled or not converging.
pub fn clusters(
    models: &[String],
    vectors: ArrayView2<'_, f32>,
    attributes: &[Attribute],
    seed: u64,
    cancel: &AtomicBool,
) -> Result<Clusters> {
    let n = vectors.nrows();
    if n < 10 || vectors.ncols() == 0 {
        return Err(Error::Usage("clusters need at least ten models with vectors".into()));
    }
    let x = vectors.mapv(f64::from);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(&mut rng);
    let sample = x.select(Axis(0), &order[..n.min(SAMPLE)]);
    let mut best: Option<(f64, usize)> = None;
    for k in LEAST..=MOST.min(n / 3) {
        stop(cancel)?;
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
        stop(cancel)?;
        order.shuffle(&mut rng);
        let kept = ((n as f64 * SHARE) as usize).min(SAMPLE);
        let again = assign(&x.select(Axis(0), &order[..kept]), &x, k)?;
        for (cluster, sum) in jaccard.iter_mut().enumerate() {
            *sum += best_jaccard(&found, cluster, &again, k) / SUBSAMPLES as f64;
        }
    }
    let names = names(&found, &middles(&x, &found, k), models, attributes);
    let clusters = names.into_iter().zip(jaccard).enumerate().map(|(c, (name, stability))| {
        Cluster { name, size: found.iter().filter(|of| **of == c).count(), stability }
    });
    Ok(Clusters { clusters: clusters.collect(), of: found })
}

fn stop(cancel: &AtomicBool) -> Result<()> {
    if cancel.load(Ordering::Relaxed) {
        return Err(Error::Failed("the clustering was cancelled".into()));
    }
    Ok(())
}

/// Fits k-means on `fitted` and gives the cluster of each row of `all`.
fn assign(fitted: &Array2<f64>, all: &Array2<f64>, k: usize) -> Result<Vec<usize>> {
    let runs = if fitted.nrows() > SAMPLE { 2 } else { 5 };
    let model = KMeans::<f64, L2Dist>::params(k)
        .n_runs(runs)
        .fit(&DatasetBase::from(fitted.clone()))
        .map_err(|e| Error::Failed(format!("the clusters did not converge: {e}")))?;
    Ok(model.predict(all).to_vec())
}

/// The same clusters numbered by size, empty ones left out.
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

/// A property that models have or not: its name, its attribute, and one entry a model.
type Property<'a> = (String, &'a str, Vec<Option<bool>>);

fn properties(attributes: &[Attribute]) -> Vec<Property<'_>> {
    let mut found = Vec::new();
    for attribute in attributes {
        let name = attribute.name.as_str();
        match &attribute.values {
            Values::Flag(values) => found.push((name.to_owned(), name, values.clone())),
            Values::Class(values) => {
                let mut classes: Vec<&String> = values.iter().flatten().collect();
                classes.sort();
                classes.dedup();
                // Names that hardly repeat are no classes.
                if classes.len() <= values.len() / 2 {
                    found.extend(classes.into_iter().map(|class| {
                        let is = values.iter().map(|v| v.as_ref().map(|v| v == class));
                        (class.clone(), name, is.collect())
                    }));
                }
            }
            Values::Number(values) => {
                let mut known: Vec<f64> = values.iter().flatten().copied().collect();
                known.sort_by(f64::total_cmp);
                for (third, sign) in [(known.len() / 3, "≤"), (known.len() * 2 / 3, ">")] {
                    let Some(&end) = known.get(third) else { continue };
                    let is = values.iter().map(|v| v.map(|v| (v > end) == (sign == ">")));
                    found.push((format!("{name} {sign} {end}"), name, is.collect()));
                }
            }
        }
    }
    found
}

/// The model nearest to the mean of each cluster.
fn middles(x: &Array2<f64>, of: &[usize], k: usize) -> Vec<usize> {
    let middle = |cluster: usize| {
        let own: Vec<usize> = (0..of.len()).filter(|m| of[*m] == cluster).collect();
        let mean = x.select(Axis(0), &own).mean_axis(Axis(0)).unwrap_or_default();
        let far = |m: usize| x.row(m).iter().zip(&mean).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        own.into_iter().min_by(|a, b| far(*a).total_cmp(&far(*b))).unwrap_or_default()
    };
    (0..k).map(middle).collect()
}

fn names(
    of: &[usize],
    middles: &[usize],
    models: &[String],
    attributes: &[Attribute],
) -> Vec<String> {
    let properties = properties(attributes);
    let mut names: Vec<String> = Vec::new();
    for (cluster, middle) in middles.iter().enumerate() {
        let mut telling: Vec<(f64, &Property)> = properties
            .iter()
            .filter_map(|property| {
                let (mut n, mut with, mut inside, mut inside_with) = (0.0, 0.0, 0.0, 0.0);
                for (has, c) in property.2.iter().zip(of) {
                    let Some(has) = has else { continue };
                    let has = f64::from(u8::from(*has));
                    n += 1.0;
                    with += has;
                    if *c == cluster {
                        inside += 1.0;
                        inside_with += has;
                    }
                }
                let share: f64 = with / n;
                // The spread of a hypergeometric count.
                let rest = ((n - inside) / (n - 1.0_f64).max(1.0)).max(1e-9);
                let spread = (inside * share * (1.0 - share) * rest).sqrt();
                let z = (inside_with - inside * share) / spread;
                let tells = z.is_finite() && z >= SURPRISE && inside_with >= COMMON * inside;
                tells.then_some((z, property))
            })
            .collect();
        telling.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut chosen: Vec<&Property> = Vec::new();
        for (_, property) in telling {
            if chosen.len() < 2 && chosen.iter().all(|other| other.1 != property.1) {
                chosen.push(property);
            }
        }
        let words: Vec<&str> = chosen.iter().map(|(name, ..)| name.as_str()).collect();
        let base = if words.is_empty() {
            format!("like {}", models.get(*middle).map_or("", String::as_str))
        } else {
            words.join(", ")
        };
        let taken = |name: &str| names.iter().any(|other| other == name);
        let numbered = |i: usize| if i == 1 { base.clone() } else { format!("{base} {i}") };
        // Of so many names one more than there are clusters is free.
        let free = (1..=middles.len()).map(numbered).find(|name| !taken(name));
        names.push(free.unwrap_or(base));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models() -> Vec<String> {
        (0..80).map(|m| format!("model-{m}")).collect()
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

    #[test]
    fn planted_groups_are_found_named_and_stable() {
        let (vectors, attributes) = planted(1.0);
        let found =
            clusters(&models(), vectors.view(), &attributes, 1, &AtomicBool::new(false)).unwrap();
        assert_eq!(found.clusters.len(), 3, "{found:?}");
        for (m, cluster) in found.of.iter().enumerate() {
            let cluster = &found.clusters[*cluster];
            assert_eq!(cluster.name, ["heron", "otter", "lynx"][m % 3]);
            assert_eq!(cluster.size, 20);
            assert!(cluster.stability > 0.95, "{cluster:?}");
        }
    }

    #[test]
    fn what_is_no_group_is_not_stable() {
        use rand::RngExt;
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let vectors = Array2::from_shape_simple_fn((80, 12), || rng.random::<f32>());
        let found = clusters(&models(), vectors.view(), &[], 1, &AtomicBool::new(false)).unwrap();
        assert!(found.clusters.iter().any(|c| c.stability < 0.8), "{found:?}");
        assert!(found.clusters.iter().all(|c| c.name.starts_with("like model-")));
    }

    #[test]
    fn too_few_models_are_an_error() {
        let few = Array2::zeros((3, 2));
        assert!(clusters(&models(), few.view(), &[], 1, &AtomicBool::new(false)).is_err());
        let (vectors, _) = planted(1.0);
        assert!(clusters(&models(), vectors.view(), &[], 1, &AtomicBool::new(true)).is_err());
    }
}
