//! The names of regions of the map: what each cluster is named after, around its center, in spaced capitals.

use crate::explorer::state::State;
use crate::explorer::ui::widgets::{fit, width};

/// The share of the models that a cluster needs for a name at full view; with the zoom it shrinks.
const LEAST: f64 = 0.1;
/// The number of its models that the filter has to leave.
const FEWEST: usize = 5;
/// Cells of spaced capitals at most, and of others.
const SPACED: usize = 26;
const LONGEST: usize = 30;

/// A named region; its center may be outside of the view.
pub struct Region {
    pub text: String,
    /// The mean of its models, and their standard deviations.
    pub center: (f64, f64),
    pub spread: (f64, f64),
}

/// The clusters that are named, the largest first; none before they are known.
pub fn regions(state: &State) -> Vec<Region> {
    let Some(clusters) = state.clusters.done() else { return Vec::new() };
    let map = &state.map;
    let mut sums = vec![(0_usize, [0.0; 4]); clusters.clusters.len()];
    let all = map.places.iter().zip(&clusters.of).enumerate();
    for (_, (place, cluster)) in all.filter(|(model, _)| state.is_at_hand(*model)) {
        let (x, y) = map.seen(*place);
        let Some((n, sums)) = sums.get_mut(*cluster) else { continue };
        *n += 1;
        for (sum, value) in sums.iter_mut().zip([x, y, x * x, y * y]) {
            *sum += value;
        }
    }
    let least = LEAST / map.zoom.powi(2) * map.places.len() as f64;
    let named = clusters.clusters.iter().zip(sums);
    let named = named.filter(|(cluster, (n, _))| cluster.size as f64 >= least && *n >= FEWEST);
    let (titles, places): (Vec<String>, Vec<_>) = named
        .map(|(cluster, (n, sums))| {
            let [x, y, xx, yy] = sums.map(|sum| sum / n as f64);
            let deviation = |square: f64, mean: f64| (square - mean * mean).max(0.0).sqrt();
            (cluster.title.clone(), ((x, y), (deviation(xx, x), deviation(yy, y))))
        })
        .unzip();
    let texts = capitals(titles).into_iter().zip(places);
    texts.map(|(text, (center, spread))| Region { text, center, spread }).collect()
}

/// Large letters, as far as a terminal has them: spaced capitals where all names fit so.
fn capitals(titles: Vec<String>) -> Vec<String> {
    let spaced = |title: &str| {
        let letters: Vec<String> = title.to_uppercase().chars().map(String::from).collect();
        letters.join(" ")
    };
    if titles.iter().all(|title| width(&spaced(title)) <= SPACED) {
        titles.iter().map(|title| spaced(title)).collect()
    } else {
        titles.iter().map(|title| fit(&title.to_uppercase(), LONGEST)).collect()
    }
}
