//! `trackway test-case`: a recorded step as a test.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use serde::Deserialize;

use crate::{
    print, running, serve,
    settings::Flags,
    which::{Remote, Which},
};

/// What `trackway test-case` is told.
#[derive(Debug, Clone, Args)]
pub(crate) struct TestCase {
    #[command(flatten)]
    which: Which,
    /// The file to write [default: print it]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What the words about a case are made of.
#[derive(Deserialize)]
struct Case {
    seq: i64,
    action: String,
}

/// Writes a step as a test, and shows the test that reads it.
pub(crate) fn run(flags: Flags, asked: TestCase) -> Result<()> {
    let settings = flags.resolve()?;
    let json = match running::owner_of(&settings.data_dir) {
        Some(url) => Remote::at(url).ask(&asked.which, "test-case", "")?.text,
        None => {
            let store = serve::open(&settings)?.0;
            let run = asked.which.find(&store)?;
            trackway_server::test_case(&store, &run, asked.which.step()?).map_err(anyhow::Error::msg)?
        }
    };
    let case: Case = serde_json::from_str(&json).with_context(|| format!("this is no test: {json:?}"))?;
    let file = match &asked.out {
        Some(file) => {
            fs::write(file, format!("{json}\n")).with_context(|| format!("cannot write {}", file.display()))?;
            file.display().to_string()
        }
        None => {
            print::data(&json)?;
            "case.json".to_owned()
        }
    };
    print::talk(test(&case, &file));
    Ok(())
}

/// The Rust test that reads a case.
fn test(Case { seq, action }: &Case, file: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
    let mut name: String = action.chars().map(letter).collect();
    if name.chars().next().is_none_or(|first| first.is_ascii_digit()) {
        name.insert_str(0, "action_"); // no name of Rust begins with a digit
    }
    format!(
        "#[test]\nfn {name}_does_what_it_did_in_step_{seq}() {{\n    \
         // {action:?} is the action to be tested.\n    \
         trackway_machine::testing::Case::read({file:?}).unwrap().check({name}).unwrap();\n}}"
    )
}
