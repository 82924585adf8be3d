//! The log of a run, as a file tells it.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

/// The steps of a run, in the order of their log.
#[derive(Default)]
pub(crate) struct Log {
    begun: Vec<(i64, i64)>,
    pub(crate) ended: Vec<End>,
}

/// The end of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) sequence: i64,
    pub(crate) attempt: i64,
    pub(crate) action: String,
    pub(crate) error: Option<String>,
}

impl Log {
    /// Reads the log of an application of the project `demo`; an empty one where there is none.
    pub(crate) fn read(root: &Path, app: &str) -> Self {
        let mut log = Self::default();
        let text = fs::read_to_string(root.join("demo").join(app).join("log.ndjson")).unwrap_or_default();
        for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            let line: Value = serde_json::from_str(line).unwrap();
            let number = |name: &str| line[name].as_i64().unwrap_or_default();
            let text = |name: &str| line[name].as_str().map(str::to_owned);
            let (sequence, attempt) = (number("sequence"), number("attempt"));
            match &*text("type").unwrap() {
                "begin" => log.begun.push((sequence, attempt)),
                "end" => {
                    let (action, error) = (text("action").unwrap(), text("error"));
                    log.ended.push(End { sequence, attempt, action, error });
                }
                _ => {}
            }
        }
        log
    }

    /// Checks that its numbers have no holes: every step ended once, in its last attempt, and each attempt has the next number.
    pub(crate) fn assert_whole(&self, first: i64) {
        let numbers: Vec<i64> = self.ended.iter().map(|end| end.sequence).collect();
        let expected: Vec<i64> = (first..).take(numbers.len()).collect();
        assert_eq!(numbers, expected, "every step has one end");
        let mut attempts: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (sequence, attempt) in &self.begun {
            attempts.entry(*sequence).or_default().push(*attempt);
        }
        for end in &self.ended {
            let expected: Vec<i64> = (0..=end.attempt).collect();
            assert_eq!(attempts[&end.sequence], expected, "the attempts of step {}", end.sequence);
        }
        assert!(self.begun.is_sorted());
    }

    /// Returns what each step did, without how often it was tried.
    pub(crate) fn path(&self) -> Vec<(i64, String, Option<String>)> {
        self.ended.iter().map(|end| (end.sequence, end.action.clone(), end.error.clone())).collect()
    }
}
