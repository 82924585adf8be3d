//! What an expression asks of a state, and what it calls.

use cel::{
    IdedExpr,
    common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, SelectExpr, operators},
};
use trackway_model::Text;

use super::parse;
use crate::near;

/// The variable that holds the whole state.
pub(super) const STATE: &str = "state";

const FUNCTIONS: [&str; 13] = [
    "bool",
    "bytes",
    "contains",
    "double",
    "dyn",
    "endsWith",
    "int",
    "matches",
    "size",
    "startsWith",
    "string",
    "type",
    "uint",
];
const OF_OPTIONALS: [&str; 6] = ["hasValue", "optFlatMap", "optMap", "or", "orValue", "value"];
const MAKERS_OF_OPTIONALS: [&str; 3] = ["none", "of", "ofNonZeroValue"];
const MACROS: [&str; 6] = ["all", "exists", "exists_one", "filter", "has", "map"];
const TYPES: [&str; 11] =
    ["bool", "bytes", "double", "dyn", "int", "list", "map", "null_type", "optional_type", "type", "uint"];

/// A level of the source can be two of what was made of it.
const DEEPEST: usize = 64;

/// What an expression asks of a state, and what it calls.
#[derive(Debug, Default)]
pub(super) struct Reads {
    /// Fields that are named as variables.
    pub(super) variables: Vec<Text>,
    /// Fields that are named as members of `state`.
    pub(super) members: Vec<Text>,
    /// True where `state` is used in another way.
    pub(super) is_all_read: bool,
    mistakes: Vec<Text>,
}

impl Reads {
    /// Looks an expression through.
    pub(super) fn of(root: &IdedExpr) -> Result<Self, Text> {
        let mut reads = Self::default();
        let mut walk = Walk { reads: &mut reads, bound: Vec::new(), depth: 0 };
        if walk.visit(root) { Ok(reads) } else { Err(parse::too_deep()) }
    }

    /// Returns the fields that a schema must have. What is called as a type may be the type.
    pub(super) fn of_schema(&self) -> Vec<Text> {
        let variables = self.variables.iter().filter(|name| !is_type(name));
        let mut fields: Vec<Text> = variables.chain(&self.members).cloned().collect();
        fields.sort();
        fields.dedup();
        fields
    }

    /// Returns what is wrong whatever the state.
    pub(super) fn mistakes(&self) -> Vec<Text> {
        self.mistakes.clone()
    }
}

fn is_type(name: &str) -> bool {
    name == "string" || TYPES.contains(&name)
}

/// A walk through an expression; each method returns false when it is too deep.
struct Walk<'a> {
    reads: &'a mut Reads,
    /// The variables of the loops around.
    bound: Vec<String>,
    depth: usize,
}

impl Walk<'_> {
    fn visit(&mut self, expression: &IdedExpr) -> bool {
        if self.depth >= DEEPEST {
            return false;
        }
        self.depth += 1;
        let is_flat_enough = match &expression.expr {
            Expr::Unspecified | Expr::Literal(_) => true,
            Expr::Ident(name) => self.variable(name),
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::List(list) => list.elements.iter().all(|element| self.visit(element)),
            Expr::Map(map) => map.entries.iter().all(|entry| self.entry(&entry.expr)),
            Expr::Struct(message) => {
                self.mistake(format!("it makes a message of the type `{}`, and there are none", message.type_name));
                message.entries.iter().all(|entry| self.entry(&entry.expr))
            }
        };
        self.depth -= 1;
        is_flat_enough
    }

    fn variable(&mut self, name: &str) -> bool {
        let is_bound = !name.starts_with('.') && self.bound.iter().any(|bound| bound == name);
        let name = name.trim_start_matches('.');
        if is_bound || name.starts_with('@') {
            return true;
        }
        if name == STATE {
            self.reads.is_all_read = true;
        } else {
            note(&mut self.reads.variables, name);
        }
        true
    }

    fn select(&mut self, select: &SelectExpr) -> bool {
        if self.is_state(&select.operand) {
            note(&mut self.reads.members, &select.field);
            return true;
        }
        self.visit(&select.operand)
    }

    fn call(&mut self, call: &CallExpr) -> bool {
        let is_index =
            [operators::INDEX, operators::OPT_INDEX, operators::OPT_SELECT].contains(&call.func_name.as_str());
        if let (true, [map, key]) = (is_index, &*call.args)
            && let (true, Expr::Literal(LiteralValue::String(name))) = (self.is_state(map), &key.expr)
        {
            note(&mut self.reads.members, name.inner());
            return true;
        }
        let of_optional = call.target.as_ref().is_some_and(|target| is_named(target, "optional"));
        let makes_optional = of_optional && MAKERS_OF_OPTIONALS.contains(&call.func_name.as_str());
        if !makes_optional {
            self.function(call);
        }
        let target = call.target.iter().filter(|_| !makes_optional);
        target.map(|target| &**target).chain(&call.args).all(|part| self.visit(part))
    }

    /// Notes a function that there is none of.
    fn function(&mut self, call: &CallExpr) {
        let name = call.func_name.as_str();
        let is_operator =
            name.contains(|letter: char| !letter.is_alphanumeric() && letter != '_') || name.starts_with('_');
        if is_operator || FUNCTIONS.contains(&name) || OF_OPTIONALS.contains(&name) {
            return;
        }
        let hint = near::hint(name, FUNCTIONS.into_iter().chain(MACROS));
        if MACROS.contains(&name) {
            self.mistake(format!("`{name}` is not called like that; write list.{name}(item, ..), or has(state.field)"));
        } else {
            self.mistake(format!("it calls `{name}`, which is no function{hint}"));
        }
    }

    fn comprehension(&mut self, comprehension: &ComprehensionExpr) -> bool {
        if !(self.visit(&comprehension.iter_range) && self.visit(&comprehension.accu_init)) {
            return false;
        }
        let outer = self.bound.len();
        self.bound.extend([comprehension.iter_var.clone(), comprehension.accu_var.clone()]);
        self.bound.extend(comprehension.iter_var2.clone());
        let inner = [&comprehension.loop_cond, &comprehension.loop_step, &comprehension.result];
        let is_flat_enough = inner.into_iter().all(|part| self.visit(part));
        self.bound.truncate(outer);
        is_flat_enough
    }

    fn entry(&mut self, entry: &EntryExpr) -> bool {
        match entry {
            EntryExpr::StructField(field) => self.visit(&field.value),
            EntryExpr::MapEntry(entry) => self.visit(&entry.key) && self.visit(&entry.value),
        }
    }

    fn is_state(&self, expression: &IdedExpr) -> bool {
        is_named(expression, STATE) && !self.bound.iter().any(|bound| bound == STATE)
    }

    fn mistake(&mut self, sentence: String) {
        self.reads.mistakes.push(sentence.into());
    }
}

fn is_named(expression: &IdedExpr, name: &str) -> bool {
    matches!(&expression.expr, Expr::Ident(own) if own.trim_start_matches('.') == name)
}

fn note(names: &mut Vec<Text>, name: &str) {
    if !names.iter().any(|known| **known == *name) {
        names.push(name.into());
    }
}
