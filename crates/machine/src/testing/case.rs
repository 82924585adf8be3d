//! Cases from recorded steps.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::value::RawValue;
use trackway_model::Text;

use crate::{
    Error, Inputs, Node, State, Value,
    error::chain,
    foreign::{is_error_of_another_language, own_fields},
};

/// A recorded step as a test: what an action began with, what it was given, and what came of it.
///
/// `trackway test-case RUN --at N --out answer.json` writes one from any step of a run.
///
/// ```
/// use trackway_machine::{Fault, action, testing::Case};
///
/// let answer = action("answer").reads(["question"]).writes(["answer"]).run_sync(|state, _| {
///     Ok::<_, Fault>(state.set("answer", state.get::<String>("question")?.to_uppercase()))
/// });
/// let case = Case::parse(r#"{
///     "project": "demo", "partition": null, "app": "1", "seq": 3, "attempt": 0, "action": "answer",
///     "inputs": {}, "state": {"question": "why?"},
///     "expected": {"state": {"question": "why?", "answer": "WHY!"}, "result": null}
/// }"#)?;
/// assert_eq!(case.check(answer).unwrap_err().to_string(), "\
/// answer comes to something else than in step 3 of 1:
///   answer
///     was \"WHY!\"
///     is  \"WHY?\"");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Case {
    /// The project of the run.
    pub project: Text,
    /// The partition of the run.
    pub partition: Option<Text>,
    /// The app id of the run.
    pub app: Text,
    /// The number of the step.
    pub sequence: i64,
    /// The how-many-th time that this number began.
    pub attempt: u32,
    /// The action that ran.
    pub action: Text,
    /// What it was given beside the state.
    pub inputs: Inputs,
    /// The state that it began with.
    pub state: State,
    /// What came of it.
    pub expected: Expected,
}

/// What came of a recorded step.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Expected {
    /// It did its work.
    Done {
        /// The state afterwards.
        state: State,
        /// What it gave.
        result: Option<Value>,
    },
    /// It failed.
    Failed {
        /// Why, with all causes.
        error: Text,
    },
}

/// Why a case did not pass.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaseError {
    /// The file cannot be read.
    #[error("cannot read the case {}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It is no case.
    #[error("this is no case of a step: {0}")]
    Format(String),
    /// The action comes to something else than it did.
    #[error("{action} comes to something else than in step {sequence} of {app}:{differences}")]
    Differs {
        /// The action.
        action: Text,
        /// The number of the recorded step.
        sequence: i64,
        /// The recorded run.
        app: Text,
        /// What differs, two lines for each field.
        differences: String,
    },
}

#[derive(Deserialize)]
struct Written {
    project: String,
    partition: Option<String>,
    app: String,
    seq: i64,
    attempt: u32,
    action: String,
    inputs: Box<RawValue>,
    state: Box<RawValue>,
    expected: WrittenEnd,
}

#[derive(Deserialize)]
struct WrittenEnd {
    state: Option<Box<RawValue>>,
    result: Option<Box<RawValue>>,
    error: Option<String>,
}

impl Case {
    /// Reads a case from a file.
    ///
    /// # Errors
    /// [`CaseError::File`] and [`CaseError::Format`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, CaseError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|source| CaseError::File { path: path.to_owned(), source })?;
        Self::parse(&text)
    }

    /// Reads a case from its text.
    ///
    /// # Errors
    /// [`CaseError::Format`].
    pub fn parse(text: &str) -> Result<Self, CaseError> {
        let wrong = |error: &dyn std::error::Error| CaseError::Format(chain(error));
        let written: Written = serde_json::from_str(text).map_err(|error| wrong(&error))?;
        let state = |text: &RawValue| State::from_json(text.get()).map(own_fields).map_err(|error| wrong(&error));
        let value = |text: &RawValue| Value::from_json(text.get()).map_err(|error| wrong(&error));
        let inputs = value(&written.inputs)?.as_map().cloned();
        let WrittenEnd { state: after, result, error } = written.expected;
        let expected = match (after, error) {
            (_, Some(error)) => Expected::Failed { error: error.into() },
            (Some(after), None) => {
                let result = result.map(|result| value(&result)).transpose()?.filter(|result| !result.is_null());
                Expected::Done { state: state(&after)?, result }
            }
            (None, None) => return Err(CaseError::Format("nothing is expected of the step".into())),
        };
        Ok(Self {
            project: written.project.into(),
            partition: written.partition.map(Text::from),
            app: written.app.into(),
            sequence: written.seq,
            attempt: written.attempt,
            action: written.action.into(),
            inputs: inputs.ok_or_else(|| CaseError::Format("its inputs are no object".into()))?,
            state: state(&written.state)?,
            expected,
        })
    }

    /// Runs an action with what the recorded step began with, and compares what comes of it.
    ///
    /// Inputs that the action does not take any more are left out. A result is compared where one was recorded. Of an error that a
    /// program in another language recorded only that there is one: its text is nothing that this action could come to.
    ///
    /// # Errors
    /// [`CaseError::Differs`] says what is not as it was.
    pub fn check(&self, action: impl Into<Node>) -> Result<(), CaseError> {
        let node = action.into();
        let spec = node.spec();
        let is_taken = |name: &Text| spec.inputs.contains(name) || spec.optional_inputs.contains(name);
        let mut call = node.call(&self.state);
        for (name, value) in self.inputs.iter().filter(|(name, _)| is_taken(name)) {
            call = call.input(name.clone(), value.clone());
        }
        let mut differences = Differences::default();
        match (&self.expected, call.blocking()) {
            (Expected::Done { state, result }, Ok(outcome)) => {
                differences.of_states(state, &outcome.state);
                if let Some(result) = result {
                    differences.of("its result", Some(result), outcome.result.as_ref());
                }
            }
            (Expected::Failed { error }, Err(now)) => {
                let now = told(&now);
                if now != **error && !is_error_of_another_language(error) {
                    differences.add("its error", error, &now);
                }
            }
            (Expected::Done { .. }, Err(error)) => {
                differences.add("it", "done", &format!("an error: {}", told(&error)))
            }
            (Expected::Failed { error }, Ok(_)) => differences.add("it", &format!("an error: {error}"), "done"),
        }
        if differences.0.is_empty() {
            return Ok(());
        }
        let (action, app) = (self.action.clone(), self.app.clone());
        Err(CaseError::Differs { action, sequence: self.sequence, app, differences: differences.0 })
    }
}

/// Returns what an action failed with, without the step around it.
fn told(error: &Error) -> String {
    match error {
        Error::Action { source, .. } => chain(&**source),
        other => other.chain(),
    }
}

#[derive(Default)]
struct Differences(String);

impl Differences {
    fn of_states(&mut self, was: &State, is: &State) {
        for name in was.keys() {
            self.of(name, was.value(name), is.value(name));
        }
        for name in is.keys().filter(|name| !was.contains(name)) {
            self.of(name, None, is.value(name));
        }
    }

    fn of(&mut self, name: &str, was: Option<&Value>, is: Option<&Value>) {
        if was != is {
            let text = |value: Option<&Value>| value.map_or_else(|| "absent".into(), Value::to_json);
            self.add(name, &text(was), &text(is));
        }
    }

    fn add(&mut self, name: &str, was: &str, is: &str) {
        self.0.push_str(&format!("\n  {name}\n    was {was}\n    is  {is}"));
    }
}
