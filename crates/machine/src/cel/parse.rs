//! Reads an expression, and refuses what would go too deep.

use std::{
    panic::catch_unwind,
    sync::{Arc, LazyLock},
};

use cel::{Env, IdedExpr, ParseErrors};
use trackway_model::Text;

use super::{reads::Reads, rounds};

const LONGEST: usize = 4096;
/// The interpreter calls itself for each level.
const DEEPEST: u16 = 32;

/// An expression that can be evaluated.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) root: IdedExpr,
    pub(super) reads: Reads,
}

/// The functions that an expression can call.
pub(super) static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// Reads an expression.
pub(super) fn parse(source: &str) -> Result<Program, Text> {
    if source.len() > LONGEST {
        return Err(Text::from(format!("it has {} bytes, and {LONGEST} are the most", source.len())));
    }
    if source.trim().is_empty() {
        return Err(Text::literal("it is empty"));
    }
    let parsed =
        catch_unwind(|| ENVIRONMENT.parser().max_recursion_depth(DEEPEST).enable_optional_syntax(true).parse(source));
    let Ok(parsed) = parsed else { return Err(Text::literal("it cannot be read: the parser panicked")) };
    let mut root = parsed.map_err(|errors| unreadable(&errors))?;
    let reads = Reads::of(&root)?;
    rounds::count_in(&mut root);
    Ok(Program { root, reads })
}

/// Says that an expression goes too deep.
pub(super) fn too_deep() -> Text {
    Text::literal("it goes too deep: it has more than 32 levels")
}

fn unreadable(errors: &ParseErrors) -> Text {
    let Some(first) = errors.errors.first() else { return Text::literal("it cannot be read") };
    if first.msg.contains("Recursion limit") {
        return too_deep();
    }
    // What could have stood there instead is a list of the whole language.
    let what = first.msg.split(" expecting ").next().unwrap_or(&first.msg);
    let what = what.strip_prefix("Syntax error: ").unwrap_or(what);
    Text::from(format!("it cannot be read at line {}, column {}: {what}", first.pos.0, first.pos.1))
}
