//! An expression as a condition.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use cel::{Context, ExecutionError, Value as CelValue, common::types::CelBool};
use trackway_model::Text;

use super::{
    parse::{self, Program},
    values::Fields,
};
use crate::{State, condition};

/// Longer reasons of the interpreter are cut: they may quote what the state holds.
const LONGEST_REASON: usize = 300;

/// An expression, read.
#[derive(Debug)]
pub(super) struct Expression {
    source: Text,
    program: Option<Program>,
    reads: Vec<Text>,
    mistakes: Vec<Text>,
}

impl Expression {
    pub(super) fn new(source: Text) -> Self {
        match parse::parse(&source) {
            Ok(program) => {
                let reads = program.reads.of_schema();
                let mistakes = program.reads.mistakes();
                Self { source, program: Some(program), reads, mistakes }
            }
            Err(mistake) => Self { source, program: None, reads: Vec::new(), mistakes: vec![mistake] },
        }
    }
}

impl condition::Question for Expression {
    fn name(&self) -> &Text {
        &self.source
    }

    fn reads(&self) -> &[Text] {
        &self.reads
    }

    fn mistakes(&self) -> &[Text] {
        &self.mistakes
    }

    fn holds(&self, state: &State) -> Result<bool, Text> {
        match (&self.program, self.mistakes.first()) {
            (Some(program), None) => answer(program, state),
            (_, mistake) => Err(mistake.cloned().unwrap_or_default()),
        }
    }
}

fn answer(program: &Program, state: &State) -> Result<bool, Text> {
    // The interpreter means not to panic. Should it, that must not be the end of a run.
    catch_unwind(AssertUnwindSafe(|| {
        let fields = Fields::of(&program.reads, state)?;
        let answer = evaluate(program, &fields, state);
        // An expression may take an error for an answer, but no verdict may come of a loop that was broken off.
        match fields.rounds.broken_off() {
            Some(reason) => Err(Text::literal(reason)),
            None => answer,
        }
    }))
    .unwrap_or(Err(Text::literal("the interpreter of the expression panicked")))
}

fn evaluate(program: &Program, fields: &Fields<'_>, state: &State) -> Result<bool, Text> {
    let mut context = Context::with_env(Arc::clone(&parse::ENVIRONMENT));
    context.set_variable_resolver(fields);
    let answer = CelValue::resolve_val(&program.root, &context).map_err(|error| reason(&error, state))?;
    let verdict = answer.downcast_ref::<CelBool>().map(|verdict| *verdict.inner());
    verdict.ok_or_else(|| {
        Text::from(format!("it answers with a value of type {}, neither true nor false", answer.get_type().name()))
    })
}

/// Returns what the interpreter says, in our words where a field is missing.
fn reason(error: &ExecutionError, state: &State) -> Text {
    match error {
        ExecutionError::UndeclaredReference(name) => condition::no_field(state, name.trim_start_matches('.')),
        ExecutionError::NoSuchKey(name) => Text::from(format!("there is nothing under the name `{name}`")),
        other => {
            let reason = other.to_string();
            let one_line = reason.split_whitespace().collect::<Vec<_>>().join(" ");
            Text::from(one_line.chars().take(LONGEST_REASON).collect::<String>())
        }
    }
}
