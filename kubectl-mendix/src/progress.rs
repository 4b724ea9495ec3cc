//! What goes on, on a terminal: drawn, and drawn over.

use crate::environment::Stream;
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use mendix_tasks::progress::{LayerState, Progress, Step};
use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Time between two pictures of the spinner.
const TICK: Duration = Duration::from_millis(120);

/// Where a picture is drawn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Screen {
    /// The picture is the result.
    Out,
    /// The picture goes away when the work is done.
    Err,
}

/// A text of several lines that is drawn over itself.
pub struct Picture {
    bar: ProgressBar,
    screen: Screen,
}

impl Picture {
    /// A picture, if a person looks at the stream.
    pub fn new(screen: Screen, stream: &Stream, quiet: bool) -> Option<Self> {
        if !stream.terminal || (quiet && screen == Screen::Err) {
            return None;
        }
        let (target, template) = match screen {
            Screen::Out => (ProgressDrawTarget::stdout(), "{msg}"),
            Screen::Err => (ProgressDrawTarget::stderr(), "{spinner} {elapsed}\n{msg}"),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        // The templates are constants; without one the library's own is shown.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        if screen == Screen::Err {
            bar.enable_steady_tick(TICK);
        }
        Some(Self { bar, screen })
    }

    /// Shows a text instead of the last one.
    pub fn show(&self, text: &str) {
        self.bar.set_message(text.trim_end().to_owned());
        self.bar.tick();
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        match self.screen {
            Screen::Out => self.bar.abandon(),
            Screen::Err => self.bar.finish_and_clear(),
        }
    }
}

/// Steps of a build: a bar on a terminal, else a line at the start of each.
pub struct Transfer {
    bar: ProgressBar,
    lines: bool,
    step: Mutex<Option<Step>>,
}

impl Transfer {
    /// Shows on stderr.
    pub fn new(stream: &Stream, quiet: bool) -> Self {
        let shown = stream.terminal && !quiet;
        let bar = if shown {
            ProgressBar::no_length()
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {msg:9} {wide_bar} {bytes}/{total_bytes} {eta}")
        {
            bar.set_style(style);
        }
        Self {
            bar,
            lines: !stream.terminal && !quiet,
            step: Mutex::new(None),
        }
    }

    fn begin(&self, step: Step) {
        self.bar.reset();
        self.bar.set_message(step.as_str());
        if self.lines {
            // Nobody is left to be told when stderr itself is gone.
            let _ = writeln!(io::stderr(), "{}", step.as_str());
        }
    }
}

impl Progress for Transfer {
    fn advance(&self, step: Step, done: u64, total: Option<u64>) {
        // A poisoned lock only means that another thread panicked while it drew.
        let mut current = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        if *current != Some(step) {
            *current = Some(step);
            self.begin(step);
        }
        if let Some(total) = total {
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
    }

    fn layer(&self, name: &str, bytes: u64, state: LayerState) {
        let line = format!("layer {name}: {}, {}", HumanBytes(bytes), state.as_str());
        if self.lines {
            // Nobody is left to be told when stderr itself is gone.
            let _ = writeln!(io::stderr(), "{line}");
        } else {
            self.bar.println(line);
        }
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
