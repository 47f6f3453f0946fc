//! The brightness of the models, and its animation.

/// Progress per tick; at 30 ticks per second the animation takes 150 ms.
const STRIDE: f32 = 0.22;
/// The brightness of the least likely models, which stay visible.
const DARKEST: f32 = 0.15;
/// Differences in probability below this are not shown.
const ALIKE: f32 = 0.02;

/// The brightness of each model, in [0, 1]; 1 by default.
#[derive(Default)]
pub struct Glow {
    from: Vec<f32>,
    to: Vec<f32>,
    progress: f32,
    /// The key of the last target.
    aim: Option<u64>,
}

impl Glow {
    /// Animates to a target brightness, unless it is the current target; `None` is full brightness.
    pub fn aim(&mut self, aim: Option<u64>, brightness: impl FnOnce() -> Vec<f32>) {
        if aim == self.aim {
            return;
        }
        let n = self.to.len().max(self.from.len());
        let to = if aim.is_some() { brightness() } else { Vec::new() };
        self.from = (0..n.max(to.len())).map(|model| self.of(model)).collect();
        (self.to, self.aim, self.progress) = (to, aim, 0.0);
    }

    pub fn of(&self, model: usize) -> f32 {
        let at = |all: &[f32]| all.get(model).copied().unwrap_or(1.0);
        let (from, to) = (at(&self.from), at(&self.to));
        from + (to - from) * self.progress
    }

    /// True if some models may be dimmed.
    pub fn is_on(&self) -> bool {
        !(self.from.is_empty() && self.to.is_empty())
    }

    /// True if some models are to be dimmed.
    pub fn is_aimed(&self) -> bool {
        self.aim.is_some() && !self.to.is_empty()
    }

    pub fn is_moving(&self) -> bool {
        self.is_on() && self.progress < 1.0
    }

    pub fn tick(&mut self) {
        if self.is_moving() {
            self.progress = (self.progress + STRIDE).min(1.0);
            if self.progress >= 1.0 {
                self.settle();
            }
        }
    }

    pub fn settle(&mut self) {
        self.progress = 1.0;
        self.from.clone_from(&self.to);
    }
}

/// Brightness by probability: likely models stay bright, unknown ones are dark.
pub fn by_chance(chances: &[Option<f32>]) -> Vec<f32> {
    let known = || chances.iter().flatten().copied();
    let (low, high) = (known().fold(1.0, f32::min), known().fold(0.0, f32::max));
    if high - low < ALIKE {
        return Vec::new();
    }
    let bright = |p: &Option<f32>| {
        p.map_or(DARKEST, |p| DARKEST + (1.0 - DARKEST) * ((p - low) / (high - low)).powi(2))
    };
    chances.iter().map(bright).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_to_its_aim_and_back_in_a_few_steps() {
        let mut glow = Glow::default();
        assert!(!glow.is_on() && !glow.is_moving());
        glow.aim(Some(1), || vec![0.2, 1.0]);
        assert!(glow.is_moving() && (glow.of(0) - 1.0).abs() < 1e-6);
        glow.tick();
        assert!(glow.of(0) < 1.0 && glow.of(0) > 0.2);
        (0..5).for_each(|_| glow.tick());
        assert!(!glow.is_moving() && (glow.of(0) - 0.2).abs() < 1e-6);
        glow.aim(Some(1), || unreachable!("it is there already"));
        glow.aim(None, Vec::new);
        assert!(glow.is_moving());
        glow.settle();
        assert!(!glow.is_on() && (glow.of(0) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_likely_ones_stay_bright() {
        let bright = by_chance(&[Some(0.9), Some(0.5), Some(0.1), None]);
        assert!((bright[0] - 1.0).abs() < 1e-6 && bright[1] < bright[0] && bright[2] < bright[1]);
        assert!((bright[3] - DARKEST).abs() < 1e-6);
        assert!(by_chance(&[Some(0.5), Some(0.51)]).is_empty() && by_chance(&[None]).is_empty());
    }
}
