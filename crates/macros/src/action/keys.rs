//! Which fields of the state a body names, and whether the action says so.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span};
use syn::{
    Arm, Block, Error, Expr, ExprAssign, ExprClosure, ExprForLoop, ExprIf, ExprIndex, ExprLit, ExprMethodCall,
    ExprWhile, Item, Lit, Local, Macro, Pat, PatIdent, Token,
    ext::IdentExt,
    parse::Parser,
    punctuated::Punctuated,
    spanned::Spanned,
    visit_mut::{self, VisitMut},
};

use crate::function::Function;

use super::{
    options::{Key, Options, is_opaque},
    parameter::{Given, Parameter},
};

/// The methods of a state that read the field they name.
const READS: [&str; 3] = ["get", "value", "contains"];

/// The methods of a state that write the field they name.
const WRITES: [&str; 5] = ["set", "append", "extend", "increment", "remove"];

/// The other methods that return what is still the action's state.
const KEEPS: [&str; 2] = ["clone", "merge"];

/// Finds the fields that the body names and the action does not declare, as one error for all of them.
///
/// Only what starts at the state's own name is looked at, and only names that can be read here: a literal, or the last
/// word of a path. What is left is found when the action runs.
pub(crate) fn undeclared(
    action: &str,
    function: &Function,
    options: &Options,
    parameters: &[Parameter],
) -> Option<Error> {
    let states = parameters.iter().filter(|parameter| matches!(parameter.given, Given::State { .. }));
    let states: BTreeSet<Ident> = states.filter_map(|parameter| parameter.ident.clone()).collect();
    let mut statements = Block::parse_within.parse2(function.body.stream()).ok()?;
    let mut found = Found { action, options, states, error: None };
    // The statements are this function's own, and nothing of them is changed: one kind of visitor does for the crate.
    statements.iter_mut().for_each(|statement| found.visit_stmt_mut(statement));
    found.error
}

struct Found<'a> {
    action: &'a str,
    options: &'a Options,
    /// The names that hold the action's state here.
    states: BTreeSet<Ident>,
    error: Option<Error>,
}

impl Found<'_> {
    /// Visits what has names of its own.
    fn inside(&mut self, visit: impl FnOnce(&mut Self)) {
        let outside = self.states.clone();
        visit(self);
        self.states = outside;
    }

    /// Returns whether an expression is the action's state, or one that was made of it.
    fn is_state(&self, expression: &Expr) -> bool {
        match expression {
            Expr::Path(path) => path.path.get_ident().is_some_and(|name| self.states.contains(name)),
            Expr::Paren(inner) => self.is_state(&inner.expr),
            Expr::Group(inner) => self.is_state(&inner.expr),
            Expr::Reference(inner) => self.is_state(&inner.expr),
            Expr::MethodCall(call) => {
                let makes_state = WRITES.iter().chain(&KEEPS).any(|method| call.method == method);
                makes_state && self.is_state(&call.receiver)
            }
            _ => false,
        }
    }

    fn reads(&mut self, key: &Expr) {
        let Some((key, span)) = named(key) else { return };
        if !has(&self.options.reads, &key) && !has(&self.options.writes, &key) {
            self.refuse(span, "read", &key, &self.options.reads);
        }
    }

    fn writes(&mut self, key: &Expr) {
        let Some((key, span)) = named(key) else { return };
        if !has(&self.options.writes, &key) {
            self.refuse(span, "write", &key, &self.options.writes);
        }
    }

    fn refuse(&mut self, span: Span, does: &str, key: &str, declared: &[Key]) {
        let action = self.action;
        let meant = match nearest(key, declared) {
            Some(near) => format!("; did you mean `{near}`?"),
            None => String::new(),
        };
        let said = format!("`{action}` does not declare that it {does}s `{key}`: add it to `{does}s = [..]`{meant}");
        let error = Error::new(span, said);
        match &mut self.error {
            Some(errors) => errors.combine(error),
            None => self.error = Some(error),
        }
    }
}

impl VisitMut for Found<'_> {
    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        if self.is_state(&call.receiver)
            && let Some(key) = call.args.first()
        {
            if READS.iter().any(|method| call.method == method) {
                self.reads(key);
            }
            if WRITES.iter().any(|method| call.method == method) {
                self.writes(key);
            }
        }
        visit_mut::visit_expr_method_call_mut(self, call);
    }

    fn visit_expr_index_mut(&mut self, index: &mut ExprIndex) {
        if self.is_state(&index.expr) {
            self.reads(&index.index);
        }
        visit_mut::visit_expr_index_mut(self, index);
    }

    fn visit_local_mut(&mut self, local: &mut Local) {
        let is_state = local.init.as_ref().is_some_and(|init| self.is_state(&init.expr));
        if let Some(init) = &mut local.init {
            self.visit_local_init_mut(init);
        }
        self.visit_pat_mut(&mut local.pat);
        if is_state && let Some(name) = bound(&local.pat) {
            self.states.insert(name.clone());
        }
    }

    /// A name that is bound anew holds something else.
    fn visit_pat_ident_mut(&mut self, pattern: &mut PatIdent) {
        self.states.remove(&pattern.ident);
        visit_mut::visit_pat_ident_mut(self, pattern);
    }

    fn visit_expr_assign_mut(&mut self, assign: &mut ExprAssign) {
        visit_mut::visit_expr_assign_mut(self, assign);
        if let Expr::Path(left) = &*assign.left
            && let Some(name) = left.path.get_ident()
            && !self.is_state(&assign.right)
        {
            self.states.remove(name);
        }
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        self.inside(|found| visit_mut::visit_block_mut(found, block));
    }

    fn visit_expr_closure_mut(&mut self, closure: &mut ExprClosure) {
        self.inside(|found| visit_mut::visit_expr_closure_mut(found, closure));
    }

    fn visit_arm_mut(&mut self, arm: &mut Arm) {
        self.inside(|found| visit_mut::visit_arm_mut(found, arm));
    }

    fn visit_expr_if_mut(&mut self, branch: &mut ExprIf) {
        self.inside(|found| visit_mut::visit_expr_if_mut(found, branch));
    }

    fn visit_expr_while_mut(&mut self, repeated: &mut ExprWhile) {
        self.inside(|found| visit_mut::visit_expr_while_mut(found, repeated));
    }

    fn visit_expr_for_loop_mut(&mut self, repeated: &mut ExprForLoop) {
        self.visit_expr_mut(&mut repeated.expr);
        self.inside(|found| {
            found.visit_pat_mut(&mut repeated.pat);
            found.visit_block_mut(&mut repeated.body);
        });
    }

    /// An item inside the function sees none of its names.
    fn visit_item_mut(&mut self, _: &mut Item) {}

    /// Most macros take expressions, and `format!("{}", state["answer"])` reads a field.
    fn visit_macro_mut(&mut self, called: &mut Macro) {
        let arguments = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(called.tokens.clone());
        for mut argument in arguments.into_iter().flatten() {
            match &mut argument {
                // `name = value` names an argument and assigns nothing.
                Expr::Assign(named) => self.visit_expr_mut(&mut named.right),
                argument => self.visit_expr_mut(argument),
            }
        }
    }
}

fn bound(pattern: &Pat) -> Option<&Ident> {
    match pattern {
        Pat::Ident(pattern) if pattern.subpat.is_none() => Some(&pattern.ident),
        Pat::Type(pattern) => bound(&pattern.pat),
        Pat::Paren(pattern) => bound(&pattern.pat),
        _ => None,
    }
}

/// Returns the field that an expression names, where that can be read here.
fn named(key: &Expr) -> Option<(String, Span)> {
    match key {
        Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => Some((literal.value(), literal.span())),
        Expr::Reference(inner) => named(&inner.expr),
        Expr::Paren(inner) => named(&inner.expr),
        Expr::Path(path) if path.path.segments.len() > 1 => {
            let last = path.path.segments.last()?;
            let name = last.ident.unraw().to_string();
            (!is_opaque(&name)).then(|| (name, path.span()))
        }
        _ => None,
    }
}

/// Returns whether a field is declared, as far as can be told here.
fn has(keys: &[Key], name: &str) -> bool {
    keys.iter().any(|key| key.name == name || key.is_opaque())
}

/// Returns the declared name that this one was probably meant to be.
fn nearest<'a>(name: &str, declared: &'a [Key]) -> Option<&'a str> {
    let distances = declared.iter().map(|key| (distance(name, &key.name), key.name.as_str()));
    let (distance, nearest) = distances.min()?;
    let most = match name.chars().count() {
        0..3 => 0,
        3..5 => 1,
        _ => 2,
    };
    (distance <= most).then_some(nearest)
}

/// Counts the letters to change, add or remove, and neighbours to exchange, to make one word of the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before: Vec<usize> = (0..=to.len()).collect();
    let mut above = before.clone();
    let mut last: Option<char> = None;
    for (row, letter) in from.chars().enumerate() {
        let mut now = vec![row + 1];
        for (column, other) in to.iter().enumerate() {
            let changed = at(&above, column) + usize::from(letter != *other);
            let mut best = changed.min(at(&above, column + 1) + 1).min(at(&now, column) + 1);
            let swapped = column > 0 && last == Some(*other) && to.get(column - 1) == Some(&letter);
            if swapped {
                best = best.min(at(&before, column - 1) + 1);
            }
            now.push(best);
        }
        before = std::mem::replace(&mut above, now);
        last = Some(letter);
    }
    at(&above, to.len())
}

fn at(row: &[usize], column: usize) -> usize {
    row.get(column).copied().unwrap_or(usize::MAX / 2)
}
