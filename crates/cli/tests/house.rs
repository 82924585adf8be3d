//! The rules of the house that a compiler does not know.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{collections::BTreeMap, path::Path, process::Command};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Which of our crates may use which.
const MAY_USE: [(&str, &[&str]); 8] = [
    ("trackway-model", &[]),
    ("trackway-wire", &["trackway-model"]),
    ("trackway-macros", &[]),
    ("trackway", &["trackway-macros", "trackway-model", "trackway-wire"]),
    ("trackway-machine", &["trackway", "trackway-macros", "trackway-model", "trackway-wire"]),
    ("trackway-store", &["trackway-model"]),
    ("trackway-server", &["trackway-model", "trackway-store", "trackway-wire"]),
    ("trackway-cli", &["trackway-model", "trackway-server", "trackway-store", "trackway-wire"]),
];

/// The longest source file; a longer one hides a second idea.
const MOST_LINES: usize = 800;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[test]
fn crates_use_only_the_crates_below_them() {
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().unwrap();
    let rules = BTreeMap::from(MAY_USE);
    let crates = root().join("crates").canonicalize().unwrap();
    let packages = metadata.workspace_packages().into_iter();
    let packages: Vec<_> = packages.filter(|package| package.manifest_path.starts_with(&crates)).collect();
    assert_eq!(packages.len(), MAY_USE.len(), "every crate has a rule, and every rule a crate");
    for package in packages {
        let may = rules.get(package.name.as_str()).unwrap_or_else(|| panic!("{} has no rule", package.name));
        let ours = package.dependencies.iter().filter(|dependency| dependency.name.starts_with("trackway"));
        for dependency in ours.filter(|dependency| dependency.kind == DependencyKind::Normal) {
            assert!(may.contains(&dependency.name.as_str()), "{} may not use {}", package.name, dependency.name);
        }
    }
}

#[test]
fn no_source_file_is_too_long_and_none_is_unfinished() {
    let listed =
        Command::new("git").args(["ls-files", "*.rs", "*.ts", "*.tsx", "*.py"]).current_dir(root()).output().unwrap();
    let reason = String::from_utf8_lossy(&listed.stderr);
    assert!(listed.status.success(), "the source files are those that git knows, so this needs a checkout: {reason}");
    let names = String::from_utf8(listed.stdout).unwrap();
    assert!(names.lines().any(|name| name == "crates/cli/src/main.rs"), "git listed no source files:\n{names}");
    for name in names.lines() {
        let Ok(text) = std::fs::read_to_string(root().join(name)) else { continue };
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{name} has {lines} lines");
        for unfinished in
            [concat!("to", "do!("), concat!("unimple", "mented!("), concat!("FIX", "ME"), concat!("TO", "DO")]
        {
            assert!(!text.contains(unfinished), "{name} holds {unfinished}");
        }
    }
}

#[test]
fn every_attribute_name_says_what_it_means() {
    let text = std::fs::read_to_string(root().join("crates/model/src/keys.rs")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.iter().any(|line| line.starts_with("pub const")), "keys.rs has no constants");
    for pair in lines.windows(2).filter(|pair| pair[1].starts_with("pub const")) {
        assert!(pair[0].starts_with("/// "), "{} is not documented", pair[1]);
    }
}

#[test]
fn the_published_server_carries_the_web_page() {
    let arguments = ["package", "--list", "--allow-dirty", "-p", "trackway-server"];
    let listed = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap();
    let files = String::from_utf8(listed.stdout).unwrap();
    assert!(files.lines().any(|file| file == "assets/index.html"), "run `make ui` first; the crate has:\n{files}");
    assert!(files.lines().any(|file| file == "demo/shop.pb"));
}
