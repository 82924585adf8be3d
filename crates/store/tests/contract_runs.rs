//! What every store promises of what agents did and used, and of why they failed: each case holds for `Memory`, for
//! `Embedded`, and for `Embedded` opened anew before every question.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use kit::*;
use trackway_model::{DataKind::*, *};
use trackway_store::*;

macro_rules! contract {
    ($($case:ident)*) => {
        mod memory { $(#[test] fn $case() { super::$case(&mut crate::World::memory()) })* }
        mod embedded { $(#[test] fn $case() { super::$case(&mut crate::World::embedded()) })* }
        mod reopened { $(#[test] fn $case() { super::$case(&mut crate::World::reopened()) })* }
    };
}

contract! {
    work_is_counted_and_named
    names_are_bounded
    each_token_is_counted_once
    turns_and_tasks_count_where_no_model_call_tells
    a_call_within_a_call_is_the_same_tokens
    costs_add_up_and_what_has_no_price_is_told
    totals_follow_every_change
    a_failure_that_a_run_went_on_after_is_survived
    the_deepest_failure_that_was_not_survived_ends_the_run
    a_nested_task_is_judged_by_itself_and_then_by_the_outer_one
    an_earlier_task_is_not_saved_by_a_later_one
    without_a_task_the_whole_tree_is_one_attempt
    a_retry_that_fails_saves_nothing
    what_ran_beside_a_failure_saves_nothing
    without_agents_every_error_counts
    circles_and_lost_parents_end_no_answer
}

fn summary(world: &mut World, trace: u128) -> TraceSummary {
    world.store().summary(trace_id(trace)).unwrap().unwrap()
}

fn run(world: &mut World, trace: u128) -> String {
    run_line(&summary(world, trace))
}

/// From one moment to another.
fn lasting(span: SpanRecord, start: u64, end: u64) -> SpanRecord {
    span.with(|it| (it.start, it.end) = (Timestamp(start), Some(Timestamp(end))))
}

fn work_is_counted_and_named(world: &mut World) {
    let agent = |id, name: &str| work(1, id, 1, Agent).data(|it| it.subject = Some(name.into()));
    let call = |id, parent, model: &str| work(1, id, parent, Response).data(|it| it.request_model = Some(model.into()));
    world.spans([work(1, 1, 0, Task), agent(2, "Triage"), agent(5, "Refunds"), agent(9, "Triage")]);
    world.spans([call(3, 2, "small"), call(6, 5, "large"), call(7, 5, "small")]);
    world.spans([work(1, 4, 2, Handoff), work(1, 8, 5, Function).data(|it| it.agent = Some("Helper".into()))]);
    let guardrail = |id, triggered| work(1, id, 2, Guardrail).data(|it| it.triggered = triggered);
    world.spans([guardrail(10, Some(true)), guardrail(11, Some(false)), guardrail(12, None), span(1, 13)]);
    assert_eq!(
        run(world, 1),
        "Ok, ok, 3 calls 1 tools 1 handoffs 1 tripped, small+large by Triage+Refunds+Helper, -/-/- tokens - requests, \
         free 3 unpriced"
    );
}

fn names_are_bounded(world: &mut World) {
    let agent = |id: u64| work(1, id, 0, Agent).data(|it| it.subject = Some(format!("agent {id}").as_str().into()));
    world.spans((1..=40).map(agent));
    let totals = summary(world, 1).agents.unwrap();
    assert_eq!((totals.agents.len(), &*totals.agents[31]), (AgentTotals::MOST_NAMES, "agent 32"));
}

fn each_token_is_counted_once(world: &mut World) {
    world.spans([
        work(1, 1, 0, Workflow).used(100, 10),
        work(1, 2, 1, Task).used(100, 10),
        work(1, 3, 2, Agent).used(100, 10),
        work(1, 4, 3, Turn).used(60, 6),
        work(1, 5, 4, Generation).used(60, 6),
        work(1, 6, 3, Turn).used(40, 4),
        work(1, 7, 6, Response).used(40, 4).data(|it| {
            it.usage.as_mut().unwrap().requests = Some(2);
        }),
        work(1, 8, 6, Function).used(1_000, 1_000),
    ]);
    assert!(run(world, 1).contains("2 calls 1 tools"));
    assert!(run(world, 1).contains(" 100/10/110 tokens 3 requests, free 2 unpriced"), "{}", run(world, 1));
}

fn turns_and_tasks_count_where_no_model_call_tells(world: &mut World) {
    world.spans([work(1, 1, 0, Task).used(100, 10), work(1, 2, 1, Agent), work(1, 3, 2, Turn).used(60, 6)]);
    world.spans([work(1, 4, 3, Response), work(1, 5, 2, Turn).used(30, 3), work(1, 6, 5, Generation).used(7, 1)]);
    assert!(run(world, 1).contains(" 67/7/74 tokens 1 requests, free 2 unpriced"), "{}", run(world, 1));
    world.spans([work(2, 1, 0, Task).used(100, 10), work(2, 2, 1, Agent), work(2, 3, 2, Response)]);
    assert!(run(world, 2).contains(" 100/10/110 tokens - requests, free 1 unpriced"), "{}", run(world, 2));
    // A nested run tells for itself, beside the turn that it is in.
    world.spans([work(3, 1, 0, Turn).used(5, 5), work(3, 2, 1, Task).used(20, 2), work(3, 3, 2, Turn).used(20, 2)]);
    assert!(run(world, 3).contains(" 25/7/32 tokens"), "{}", run(world, 3));
}

fn a_call_within_a_call_is_the_same_tokens(world: &mut World) {
    let priced = |span: SpanRecord| span.data(|it| it.cost = Some(dollars(2, "list")));
    world.spans([priced(work(1, 1, 0, Generation).used(10, 1)), priced(work(1, 2, 1, Response).used(10, 1))]);
    assert_eq!(
        run(world, 1),
        "Ok, ok, 2 calls 0 tools 0 handoffs 0 tripped,  by , 10/1/11 tokens 1 requests, $2 list 0 unpriced"
    );
}

fn costs_add_up_and_what_has_no_price_is_told(world: &mut World) {
    let call = |id, cost| work(1, id, 1, Generation).used(1, 1).data(|it| it.cost = cost);
    let split = Cost { input: Some(Dollars(4)), ..dollars(2, "list") };
    world.spans([work(1, 1, 0, Task).data(|it| it.cost = Some(dollars(99, "client"))), call(2, Some(split.clone()))]);
    let running = work(1, 7, 1, Response).with(|it| it.end = None);
    world.spans([call(3, None), work(1, 4, 1, Embedding), failed(work(1, 6, 1, Generation)), running]);
    let totals = summary(world, 1).agents.unwrap();
    assert_eq!((totals.cost.clone(), totals.unpriced_calls), (Some(split), 2), "not what failed or runs");
    world.spans([call(5, Some(dollars(3, "client")))]);
    let totals = summary(world, 1).agents.unwrap();
    assert_eq!(totals.cost, Some(dollars(5, "several")));
}

fn totals_follow_every_change(world: &mut World) {
    world.spans([work(1, 1, 0, Task).used(9, 9)]);
    assert!(run(world, 1).contains(" 9/9/18 tokens"));
    world.spans([work(1, 2, 1, Response).used(3, 3)]);
    assert!(run(world, 1).contains(" 3/3/6 tokens"));
    world.spans([work(1, 2, 1, Response).used(4, 4).replaces()]);
    assert!(run(world, 1).contains("1 calls"));
    assert!(run(world, 1).contains(" 4/4/8 tokens"));
    // A plain span between them changes who is below whom.
    world.spans([work(1, 3, 1, Turn).used(5, 5), child(1, 2, 3).is(Response).used(4, 4).replaces()]);
    assert!(run(world, 1).contains(" 4/4/8 tokens"));
    world.spans([child(1, 2, 4).is(Response).used(4, 4).replaces()]);
    assert!(run(world, 1).contains(" 9/9/18 tokens"));
    world.spans([child(1, 4, 3)]);
    assert!(run(world, 1).contains(" 4/4/8 tokens"));
    world.spans([span(1, 1).replaces(), span(1, 2).replaces(), span(1, 3).replaces()]);
    assert_eq!(summary(world, 1).agents, None);
}

/// A task with an agent, a tool that fails from 30 to 40, and a model call from `then` on.
fn tool_error(trace: u128, then: u64) -> Vec<SpanRecord> {
    vec![
        lasting(work(trace, 1, 0, Task), 10, 100),
        lasting(work(trace, 2, 1, Agent), 10, 100),
        lasting(work(trace, 3, 2, Generation), 10, 20),
        lasting(failed(work(trace, 4, 2, Function)), 30, 40),
        lasting(work(trace, 5, 2, Generation), then, 90),
    ]
}

fn a_failure_that_a_run_went_on_after_is_survived(world: &mut World) {
    world.spans(tool_error(1, 40).into_iter().chain(tool_error(2, 39)));
    let (survived, fatal) = (summary(world, 1), summary(world, 2));
    assert_eq!((survived.status, survived.failure, survived.error_count), (TraceStatus::Ok, None, 1));
    assert_eq!((fatal.status, fatal.failure.unwrap().span_id), (TraceStatus::Error, span_id(4)));
    let of_status = |status| TraceQuery { status: Some(status), ..TraceQuery::default() };
    assert_eq!(world.ids(of_status(TraceStatus::Ok)), [1]);
    assert_eq!(world.ids(of_status(TraceStatus::Error)), [2]);
}

fn the_deepest_failure_that_was_not_survived_ends_the_run(world: &mut World) {
    world.spans(tool_error(1, 40));
    let broken = |id, parent, kind, start| {
        let span =
            failed(work(1, id, parent, kind)).with(|it| it.status.message = format!("broken {id}").as_str().into());
        lasting(span, start, 100)
    };
    world.spans([broken(2, 1, Agent, 10).replaces(), broken(6, 2, Generation, 60), broken(7, 2, Response, 50)]);
    let trace = summary(world, 1);
    assert_eq!((trace.status, trace.error_count), (TraceStatus::Error, 4));
    let failure = Failure { span_id: span_id(6), name: "span 6".into(), message: "broken 6".into() };
    assert_eq!(trace.failure, Some(failure), "the later of the two deepest");
}

fn a_nested_task_is_judged_by_itself_and_then_by_the_outer_one(world: &mut World) {
    let outer = |trace, then| {
        let tool = lasting(work(trace, 11, 2, Function), 40, 60);
        let nested = lasting(work(trace, 12, 11, Task), 40, 60);
        let mut spans = tool_error(trace, then);
        spans[3] = lasting(failed(work(trace, 13, 12, Function)), 45, 50);
        spans.into_iter().chain([tool, nested])
    };
    world.spans(outer(1, 60).chain(outer(2, 55)));
    assert_eq!(summary(world, 1).status, TraceStatus::Ok, "the outer task went on after the nested one");
    assert_eq!(summary(world, 2).status, TraceStatus::Error, "that began before the nested task ended");
    world.spans([lasting(work(2, 14, 12, Response), 50, 52)]);
    assert_eq!(summary(world, 2).status, TraceStatus::Ok, "the nested task went on itself");
}

fn an_earlier_task_is_not_saved_by_a_later_one(world: &mut World) {
    world.spans(tool_error(1, 30));
    let later = |id, parent, kind| lasting(work(1, id, parent, kind), 200, 300);
    world.spans([later(21, 0, Task), later(22, 21, Agent), later(23, 22, Generation)]);
    assert_eq!(summary(world, 1).status, TraceStatus::Error);
}

fn without_a_task_the_whole_tree_is_one_attempt(world: &mut World) {
    let below = |id, parent, start, end| lasting(child(1, id, parent), start, end);
    world.spans([lasting(span(1, 1), 0, 100), lasting(work(1, 2, 1, Agent), 10, 90), failed(below(3, 2, 20, 30))]);
    assert_eq!(summary(world, 1).status, TraceStatus::Error);
    world.spans([lasting(work(1, 4, 1, Response), 95, 99)]);
    assert_eq!(summary(world, 1).status, TraceStatus::Ok);
    world.spans([failed(lasting(span(1, 1), 0, 100)).replaces()]);
    assert_eq!(summary(world, 1).failure.unwrap().span_id, span_id(1), "nothing is left to save the root");
}

fn a_retry_that_fails_saves_nothing(world: &mut World) {
    let call = |id, start| lasting(failed(work(1, id, 1, Generation)), start, start + 5);
    world.spans([lasting(work(1, 1, 0, Task), 0, 100), call(2, 10), call(3, 20)]);
    assert_eq!(summary(world, 1).failure.unwrap().span_id, span_id(3));
    world.spans([lasting(work(1, 4, 1, Generation), 30, 40)]);
    assert_eq!((summary(world, 1).failure, summary(world, 1).status), (None, TraceStatus::Ok));
}

fn what_ran_beside_a_failure_saves_nothing(world: &mut World) {
    let call = |id, parent, start, end| lasting(work(1, id, parent, Response), start, end);
    world.spans([lasting(work(1, 1, 0, Workflow), 0, 100), failed(lasting(work(1, 2, 1, Agent), 0, 30))]);
    world.spans([lasting(work(1, 3, 1, Agent), 0, 90), call(4, 3, 40, 60)]);
    assert_eq!(summary(world, 1).failure.unwrap().span_id, span_id(2), "the other agent was at work all the time");
    world.spans([call(5, 1, 95, 99)]);
    assert_eq!(summary(world, 1).failure, None);
}

fn without_agents_every_error_counts(world: &mut World) {
    let custom = |id, start| lasting(work(1, id, 1, Custom), start, start + 5);
    world.spans([span(1, 1), failed(custom(2, 20)), failed(custom(3, 20)), custom(4, 60)]);
    assert_eq!(
        run(world, 1),
        "Error, failed in span 3: , 0 calls 0 tools 0 handoffs 0 tripped,  by , -/-/- tokens - requests, free 0 unpriced"
    );
    world.spans([failed(span(2, 1)), span(2, 2)]);
    assert_eq!(run(world, 2), "Error, failed in span 1: , no agents");
}

fn circles_and_lost_parents_end_no_answer(world: &mut World) {
    world.spans([work(1, 1, 2, Task).used(1, 1), work(1, 2, 3, Agent).used(2, 2), work(1, 3, 1, Turn).used(4, 4)]);
    world.spans([failed(work(1, 4, 4, Function)), work(1, 5, 99, Generation).used(8, 8), work(1, 6, 2, Response)]);
    assert_eq!(
        run(world, 1),
        "Error, failed in span 4: , 2 calls 1 tools 0 handoffs 0 tripped,  by , 15/15/30 tokens 1 requests, \
         free 2 unpriced"
    );
}

#[test]
fn a_hundred_thousand_spans_may_hang_one_below_the_other() {
    let mut world = World::embedded();
    let kind = |id| if id == 100_000 { Generation } else { Agent };
    world.spans((1..=100_000).map(|id| work(1, id, id - 1, kind(id)).used(1, 1)));
    world.spans([failed(work(1, 100_001, 100_000, Function))]);
    assert!(run(&mut world, 1).starts_with("Error, failed in span 100001: , 1 calls"));
    assert!(run(&mut world, 1).contains(" 1/1/2 tokens 1 requests"));
}
