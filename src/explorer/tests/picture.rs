//! The map as a file.

use super::*;
use crate::explorer::export::map_file::{csv, html, svg};

#[test]
fn a_picture_has_a_dot_for_each_model_and_no_foreign_markup() {
    let mut state = state(140, 42);
    let mut model_set = (*state.model_set).clone();
    Arc::make_mut(&mut model_set.models)[3] = "<script>&\"x\"</script>".into();
    state.model_set = Arc::new(model_set);
    let picture = svg(&state).unwrap();
    assert_eq!(picture.matches("<circle").count(), 24);
    assert!(picture.contains("&lt;script&gt;&amp;&quot;x&quot;&lt;/script&gt;"));
    assert!(!picture.contains("<script>"));
    assert_eq!(picture.matches("<text").count(), picture.matches("</text>").count());
    assert!(picture.contains("color: family") && picture.contains("PC1 ·"));
    // The page has its own script, and only that.
    assert_eq!(html(&state).unwrap().matches("<script>").count(), 1);
    let table = String::from_utf8(csv(&state)).unwrap();
    assert!(table.starts_with("model_name,family,pc1,pc2,") && table.lines().count() == 25);
}

#[test]
fn names_in_a_picture_do_not_overlap() {
    let state = state(140, 42);
    let picture = svg(&state).unwrap();
    let (_, names) = picture.split_once("<g id=\"names\"").unwrap();
    let attribute = |line: &str, name: &str| -> f64 {
        let (_, rest) = line.split_once(&format!(" {name}=\"")).unwrap();
        rest.split('"').next().unwrap().parse().unwrap()
    };
    let places: Vec<(f64, f64, f64)> = names
        .lines()
        .filter(|line| line.starts_with("<text"))
        .map(|line| {
            let message = line.split(['>', '<']).nth(2).unwrap();
            (attribute(line, "x"), attribute(line, "y"), 6.8 * message.chars().count() as f64)
        })
        .collect();
    assert!(places.len() > 12, "{}", places.len());
    for (i, (x, y, w)) in places.iter().enumerate() {
        for (x2, y2, w2) in &places[i + 1..] {
            assert!((y - y2).abs() > 10.0 || x + w <= *x2 || x2 + w2 <= *x);
        }
    }
}
