//! How tools of the store show what they do.

use trackway_store::tools::Progress as Step;

use crate::import::Progress;

/// A tool's progress, drawn once its size is known.
pub(super) struct Shown {
    is_quiet: bool,
    progress: Option<Progress>,
}

impl Shown {
    pub(super) fn new(is_quiet: bool) -> Self {
        Self { is_quiet, progress: None }
    }

    pub(super) fn tell(&mut self, step: Step<'_>) {
        match (step, &self.progress) {
            (Step::Total(bytes), _) => self.progress = Some(Progress::begin(bytes, self.is_quiet)),
            (Step::At(path), Some(progress)) => progress.at(&path.display().to_string()),
            (Step::Done(bytes), Some(progress)) => progress.add(bytes),
            (_, None) => {}
        }
    }

    pub(super) fn end(self) {
        if let Some(progress) = self.progress {
            progress.end();
        }
    }
}

/// Writes a number of bytes for people.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    let mut number = bytes as f64;
    let mut named = "bytes";
    for unit in UNITS {
        if number < 1024.0 {
            break;
        }
        (number, named) = (number / 1024.0, unit);
    }
    format!("{number:.1} {named}")
}
