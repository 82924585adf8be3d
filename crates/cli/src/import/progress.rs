//! How far an import or an export is, for a person who waits.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::print;

/// How often a line is printed where no bar can be drawn.
const PAUSE: Duration = Duration::from_secs(2);

/// A bar on a terminal, and else a line now and then.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// When a line was printed last; absent where a bar is drawn, or nothing is to be told.
    printed: Option<Mutex<Instant>>,
}

impl Progress {
    /// Begins something of so many parts.
    pub(crate) fn begin(parts: u64, is_quiet: bool) -> Self {
        let bar = if is_quiet { ProgressBar::hidden() } else { ProgressBar::new(0) };
        bar.set_length(parts);
        let style = ProgressStyle::with_template("{bar:30} {pos} of {len}  {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let printed = (bar.is_hidden() && !is_quiet).then(|| Mutex::new(Instant::now()));
        if printed.is_some() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        Self { bar, printed }
    }

    /// Tells what is at hand now.
    pub(crate) fn at(&self, name: &str) {
        self.bar.set_message(name.to_owned());
    }

    /// Tells that one more part is done.
    pub(crate) fn done(&self) {
        self.add(1);
    }

    /// Tells that more parts are done.
    pub(crate) fn add(&self, parts: u64) {
        self.bar.inc(parts);
        let Some(printed) = &self.printed else { return };
        let mut printed = printed.lock().unwrap_or_else(PoisonError::into_inner);
        if printed.elapsed() >= PAUSE {
            *printed = Instant::now();
            print::talk(format_args!("{} of {} done", self.bar.position(), self.bar.length().unwrap_or_default()));
        }
    }

    /// Takes the bar away.
    pub(crate) fn end(self) {
        self.bar.finish_and_clear();
    }
}
