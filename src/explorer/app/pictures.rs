//! The graphics capabilities of the terminal: queried at the start; the replies arrive between keys.

use std::time::{Duration, Instant};

use super::App;
use super::terminal::Screen;
use crate::error::Result;
use crate::explorer::event::{Event, Outside};
use crate::explorer::graphics::reply::Reply;
use crate::explorer::graphics::survey::{SIZE_QUESTIONS, Survey, may_ask, questions};

/// How long to wait for replies at exit: the shell would take them for input.
const REST: Duration = Duration::from_millis(150);

/// The notice if there are none.
const NONE: &str = "No pixels: this terminal shows neither kitty graphics nor sixel nor iTerm2 \
                    images, or tmux or screen stands before it";

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl App {
    /// Queries the terminal, if that is harmless. False if it is not queried.
    pub(super) fn ask(&mut self) -> Result<bool> {
        if cfg!(unix) && self.survey.is_none() && may_ask(variable) {
            self.survey = Some(Survey::new(variable));
            Screen::ask(&questions())?;
            return Ok(true);
        }
        Ok(false)
    }

    /// The same on request of the user.
    pub(super) fn ask_for_user(&mut self) -> Result<bool> {
        let asked = self.ask()? || self.survey.as_ref().is_some_and(|survey| !survey.is_over());
        if asked {
            self.wants_pixels = true;
            return Ok(false);
        }
        self.dispatch(Event::Outside(Outside::Failed(NONE.into())))
    }

    /// Handles the replies of the terminal and finished paintings. True if the screen must be drawn.
    pub(super) fn hear(&mut self) -> Result<bool> {
        let (mut changed, answered) = self.take_replies();
        if answered && self.survey.as_ref().is_some_and(Survey::is_over) {
            changed = true;
            self.found()?;
        }
        if let Some(painting) = self.screen.painted() {
            let (plot, (width, height)) = (painting.plot, painting.pixels);
            let (bytes, milliseconds) = (painting.bytes.len(), painting.milliseconds);
            let line = format!("painted {width} x {height} in {milliseconds:.1} ms, {bytes} bytes");
            self.journal.line(&line);
            self.dispatch(Event::Outside(Outside::Painted(plot)))?;
            changed = true;
        }
        Ok(changed)
    }

    /// Takes the replies so far: whether the terminal has confirmed a picture, and whether it has replied to a
    /// query.
    fn take_replies(&mut self) -> (bool, bool) {
        let (mut ready, mut answered) = (false, false);
        while let Some(reply) = self.reader.reply() {
            if reply == Reply::Ready {
                self.screen.ready();
                ready = true;
            } else if let Some(survey) = &mut self.survey {
                survey.hear(reply);
                answered = true;
            }
        }
        (ready, answered)
    }

    /// Applies the known capabilities.
    fn found(&mut self) -> Result<()> {
        let Some(survey) = &self.survey else { return Ok(()) };
        let canvas = survey.canvas(self.screen.size()?, Screen::pixels());
        self.screen.use_canvas(canvas);
        let line = match canvas {
            Some(canvas) => {
                let (width, height) = canvas.cell;
                format!("{}, cells of {width:.2} x {height:.2} pixels", canvas.protocol.title())
            }
            None => "no pictures".into(),
        };
        self.journal.line(&line);
        let protocol = canvas.map(|canvas| canvas.protocol.title());
        self.dispatch(Event::Outside(Outside::Pictures(protocol)))?;
        if std::mem::take(&mut self.wants_pixels) && canvas.is_none() {
            self.dispatch(Event::Outside(Outside::Failed(NONE.into())))?;
        }
        Ok(())
    }

    /// After a resize, the cells may have another size.
    pub(super) fn measure(&mut self, event: &Event) -> Result<()> {
        let resized = matches!(event, Event::Outside(Outside::Resized(..)));
        if resized && self.survey.as_ref().is_some_and(Survey::is_over) {
            // A terminal that reports sizes itself is asked for the new ones, and the reply is awaited.
            if self.survey.as_ref().is_some_and(Survey::measures) {
                Screen::ask(SIZE_QUESTIONS)?;
            } else {
                self.found()?;
            }
        }
        Ok(())
    }

    /// Waits for outstanding replies, for a short time.
    pub(super) fn settle(&mut self) -> Result<()> {
        let end = Instant::now() + REST;
        let waits = |app: &Self| {
            app.screen.awaits() || app.survey.as_ref().is_some_and(|survey| !survey.is_over())
        };
        while waits(self) && !self.screen.ended() && !self.reader.is_gone() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.reader.next(left)?;
            self.take_replies();
        }
        Ok(())
    }
}
