//! Counts the rounds of an expression's loops, and breaks off those that do not end.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use cel::{
    IdedExpr,
    common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, operators},
};

/// The variable that is asked for once a round. It is no name that an expression can have in its source.
pub(super) const ROUND: &str = "@round";

const MOST_ROUNDS: u32 = 100_000;
const LONGEST: Duration = Duration::from_secs(1);
/// The clock is looked at once in so many rounds.
const ROUNDS_PER_LOOK: u32 = 64;

/// The rounds that one evaluation has made.
#[derive(Debug)]
pub(super) struct Rounds {
    made: AtomicU32,
    began: Instant,
    broken_off: OnceLock<&'static str>,
}

impl Rounds {
    pub(super) fn new() -> Self {
        Self { made: AtomicU32::new(0), began: Instant::now(), broken_off: OnceLock::new() }
    }

    /// Returns whether there may be one more round.
    pub(super) fn may_go_on(&self) -> bool {
        if self.broken_off.get().is_some() {
            return false;
        }
        let made = self.made.fetch_add(1, Ordering::Relaxed);
        if made >= MOST_ROUNDS {
            return self.break_off("its loops had made 100,000 rounds and were broken off");
        }
        if made.is_multiple_of(ROUNDS_PER_LOOK) && self.began.elapsed() > LONGEST {
            return self.break_off("its loops had run for a second and were broken off");
        }
        true
    }

    /// Returns why the loops were broken off, if they were.
    pub(super) fn broken_off(&self) -> Option<&'static str> {
        self.broken_off.get().copied()
    }

    fn break_off(&self, reason: &'static str) -> bool {
        self.broken_off.get_or_init(|| reason);
        false
    }
}

/// Makes every loop in the expression ask for [`ROUND`] in each of its rounds.
pub(super) fn count_in(expression: &mut IdedExpr) {
    match &mut expression.expr {
        Expr::Comprehension(comprehension) => count_in_loop(comprehension),
        Expr::Call(call) => {
            call.target.iter_mut().for_each(|target| count_in(target));
            call.args.iter_mut().for_each(count_in);
        }
        Expr::List(list) => list.elements.iter_mut().for_each(count_in),
        Expr::Map(map) => map.entries.iter_mut().for_each(|entry| count_in_entry(&mut entry.expr)),
        Expr::Struct(message) => message.entries.iter_mut().for_each(|entry| count_in_entry(&mut entry.expr)),
        Expr::Select(select) => count_in(&mut select.operand),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
    }
}

fn count_in_entry(entry: &mut EntryExpr) {
    match entry {
        EntryExpr::StructField(field) => count_in(&mut field.value),
        EntryExpr::MapEntry(entry) => {
            count_in(&mut entry.key);
            count_in(&mut entry.value);
        }
    }
}

fn count_in_loop(comprehension: &mut ComprehensionExpr) {
    let parts = [
        &mut comprehension.iter_range,
        &mut comprehension.accu_init,
        &mut comprehension.loop_cond,
        &mut comprehension.loop_step,
        &mut comprehension.result,
    ];
    parts.into_iter().for_each(count_in);
    let never = expression(Expr::Literal(LiteralValue::Boolean(false.into())));
    let unchanged = expression(Expr::Ident(comprehension.accu_var.clone()));
    match (&mut comprehension.loop_cond, &mut comprehension.loop_step) {
        // The interpreter knows the loops of `map` and `filter` by their shape, and is much quicker with them: it must stay.
        (IdedExpr { expr: Expr::Literal(_), .. }, step) => match guard_of(step) {
            Some(guard) => *guard = choice(std::mem::take(guard), never),
            None => *step = choice(std::mem::take(step), unchanged),
        },
        (condition, _) => *condition = choice(std::mem::take(condition), never),
    }
}

/// Returns the condition of a step that is only made where it holds.
fn guard_of(step: &mut IdedExpr) -> Option<&mut IdedExpr> {
    match &mut step.expr {
        Expr::Call(call) if call.func_name == operators::CONDITIONAL => call.args.first_mut(),
        _ => None,
    }
}

/// Makes `@round ? then : otherwise`. Unlike `&&`, it never takes the right side's word for an error on the left.
fn choice(then: IdedExpr, otherwise: IdedExpr) -> IdedExpr {
    let args = vec![expression(Expr::Ident(ROUND.to_owned())), then, otherwise];
    expression(Expr::Call(CallExpr { func_name: operators::CONDITIONAL.to_owned(), target: None, args }))
}

fn expression(expr: Expr) -> IdedExpr {
    IdedExpr { id: 0, expr }
}
