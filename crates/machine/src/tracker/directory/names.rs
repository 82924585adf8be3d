//! Where a run is kept, whatever its names are made of.
//!
//! Names come from anywhere. The directories that are made of them lie inside the root, and two runs never share one.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use trackway_model::RunKey;

/// A longer name is cut: with two of them, a directory's name has less than the 255 bytes that file systems allow.
const LONGEST: usize = 120;

/// What stays of a name that is cut.
const KEPT: usize = 80;

/// Returns the directory of a run.
pub(super) fn run(root: &Path, run: &RunKey) -> PathBuf {
    let mut name = encoded(&run.app);
    if let Some(partition) = &run.partition {
        name.push('~');
        name.push_str(&encoded(partition));
    }
    project(root, &run.project).join(name)
}

/// Returns the directory of a project.
pub(super) fn project(root: &Path, name: &str) -> PathBuf {
    root.join(encoded(name))
}

/// Returns how the directory of a run with this app id begins; the one without a partition ends there.
pub(super) fn app(name: &str) -> String {
    encoded(name)
}

/// Writes a name so that it is one for a file: no separator, no dot at its beginning, not empty, not too long.
fn encoded(name: &str) -> String {
    if name.is_empty() {
        return "%".into();
    }
    let mut text = String::with_capacity(name.len());
    let mut kept = 0;
    for (at, byte) in name.bytes().enumerate() {
        let stays = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || (byte == b'.' && at > 0);
        if stays {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").unwrap_or_default(); // A text takes all that is written to it.
        }
        if text.len() <= KEPT {
            kept = text.len();
        }
    }
    if text.len() <= LONGEST {
        return text;
    }
    // No other name holds two of these side by side.
    text.truncate(kept);
    text.push_str("%%");
    for byte in Sha256::digest(name).iter().take(16) {
        write!(text, "{byte:02x}").unwrap_or_default(); // As above.
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> impl Strategy<Value = RunKey> {
        let name = || prop_oneof!["[a%~./\u{e4}\\\\]{0,4}", ".{0,8}", "[a/]{100,140}"];
        (name(), proptest::option::of(name()), name()).prop_map(|(project, partition, app)| RunKey {
            project: project.into(),
            partition: partition.map(Into::into),
            app: app.into(),
        })
    }

    proptest! {
        #[test]
        fn hostile_names_stay_inside_and_apart(one in key(), other in key()) {
            let root = Path::new("/root");
            let path = run(root, &one);
            let names: Vec<_> = path.strip_prefix(root).unwrap().components().collect();
            prop_assert_eq!(names.len(), 2);
            for name in names {
                let std::path::Component::Normal(name) = name else { panic!("{name:?} leads elsewhere") };
                prop_assert!(name.len() <= 255 && !name.to_str().unwrap().starts_with('.'));
            }
            prop_assert_eq!(path == run(root, &other), one == other);
        }
    }

    #[test]
    fn names_are_readable_where_they_can_be() {
        let key = |app: &str, partition: Option<&str>| RunKey {
            project: "demo".into(),
            partition: partition.map(Into::into),
            app: app.into(),
        };
        let path = |key| run(Path::new("r"), &key).display().to_string();
        assert_eq!(path(key("ticket-48213", None)), "r/demo/ticket-48213");
        assert_eq!(path(key("a/../b", Some("ada@example.com"))), "r/demo/a%2F..%2Fb~ada%40example.com");
        assert_eq!(path(key("..", Some(""))), "r/demo/%2E.~%");
        assert_eq!(path(key("~", None)), "r/demo/%7E");
        assert_eq!(
            path(key(&"x".repeat(121), None)),
            format!("r/demo/{}%%{}", "x".repeat(80), "79072a47bfaa54e6057a9ee21e0dea64")
        );
    }
}
