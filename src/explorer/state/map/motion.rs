//! Animations of the map: transitions between projections, to 3-D and back, and rotation.

use super::{MapState, Movement, Rotation};
use crate::explorer::direction::Direction;

/// Rotation per key press, in radians.
const TURN: f64 = 0.15;
/// Auto-rotation per tick, in radians: a full turn takes ten seconds.
const SPIN: f64 = 0.021;
/// Progress of a transition per tick; at 30 ticks per second it takes a quarter of a second.
const STRIDE: f64 = 0.14;

impl MapState {
    pub fn is_moving(&self) -> bool {
        self.moving.is_some() || self.glow.is_moving() || (self.spinning && self.space.is_some())
    }

    /// Ends a transition at once.
    pub fn settle(&mut self) {
        self.glow.settle();
        if let Some(movement) = self.moving.take() {
            self.places = movement.to;
        }
    }

    /// One step of a transition.
    pub fn tick(&mut self) {
        self.glow.tick();
        if let Some(movement) = &mut self.moving {
            movement.progress = (movement.progress + STRIDE).min(1.0);
            let t = movement.progress;
            let t = t * t * (3.0 - 2.0 * t);
            let between = |a: f64, b: f64| a + (b - a) * t;
            let pairs = movement.from.iter().zip(&movement.to);
            self.places = pairs.map(|(a, b)| (between(a.0, b.0), between(a.1, b.1))).collect();
            if movement.progress >= 1.0 {
                self.moving = None;
            }
        } else if self.spinning
            && let Some(turned) = &mut self.space
        {
            turned.yaw = (turned.yaw + SPIN) % std::f64::consts::TAU;
            (self.places, self.nearness, self.origin) = self.arrange();
        }
    }

    pub(super) fn set_out(&mut self) {
        let (to, nearness, origin) = self.arrange();
        self.origin = origin;
        self.nearness = nearness;
        if to.len() == self.places.len() {
            self.moving = Some(Movement { from: self.places.clone(), to, progress: 0.0 });
        } else {
            self.places = to;
            self.moving = None;
        }
    }

    /// Toggles 3-D, if the projection has three components.
    pub fn toggle_space(&mut self) {
        if self.components() < 3 {
            return;
        }
        self.space = match self.space {
            None => Some(Rotation { yaw: 0.5, pitch: 0.35 }),
            Some(_) => None,
        };
        self.spinning = false;
        self.set_out();
    }

    /// Toggles auto-rotation, in 3-D.
    pub fn spin(&mut self) {
        if self.space.is_none() {
            self.toggle_space();
        }
        self.spinning = !self.spinning && self.space.is_some();
    }

    pub fn turn(&mut self, direction: Direction) {
        let (dx, dy) = direction.vector();
        self.orbit(dx * TURN, dy * TURN);
    }

    /// Rotates about the vertical axis and tilts, in radians.
    pub fn orbit(&mut self, yaw: f64, pitch: f64) {
        if let Some(turned) = &mut self.space {
            turned.yaw = (turned.yaw + yaw) % std::f64::consts::TAU;
            turned.pitch = (turned.pitch + pitch).clamp(-1.5, 1.5);
            self.moving = None;
            (self.places, self.nearness, self.origin) = self.arrange();
        }
    }
}
