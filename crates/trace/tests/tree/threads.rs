//! The threads of a program, which do as they are told, one at a time.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context as Waker, Poll, Waker as NoWaker};
use std::thread::JoinHandle;

use trackway::{Callsite, Context, Guard, Key, Scope, Span, SpanKind, StatusCode, Traced, Tracer, Value, current};

use crate::program::{self, Val};

pub(crate) static SITES: [Callsite; program::SITES] = [
    Callsite::new("site 0", SpanKind::Internal),
    Callsite::new("site 1", SpanKind::Server),
    Callsite::new("site 2", SpanKind::Client),
    Callsite::new("site 3", SpanKind::Producer),
    Callsite::new("site 4", SpanKind::Consumer),
];

static KEYS: [Key; program::KEYS] = [
    Key::new("key 0"),
    Key::new("key 1"),
    Key::new("key 2"),
    Key::new("key 3"),
    Key::new("key 4"),
    Key::new("key 5"),
    Key::new("key 6"),
    Key::new("key 7"),
];

/// The attribute by which the model knows a span again.
pub(crate) const ID: &str = "id";
pub(crate) const CODES: [StatusCode; 3] = [StatusCode::Unset, StatusCode::Ok, StatusCode::Error];

/// What a thread is told: an operation with everything chosen.
pub(crate) enum Do {
    Span { site: usize, id: i64 },
    Step { handle: usize, site: usize, id: Option<i64> },
    OnHandle { handle: usize, data: Given },
    OnOwned { owned: usize, data: Given },
    OnActive { data: Given },
    Close { handle: usize },
    Forget { handle: usize },
    Capture,
    Baggage { context: usize, value: String },
    Attach { context: usize },
    Activate { tracer: usize },
    Start { tracer: usize, parent: Parent, data: Vec<Given>, id: i64 },
    ActivateOwned { owned: usize },
    Finish { owned: usize },
    DropOwned { owned: usize },
    ContextOfOwned { owned: usize },
    Task { of: Work },
    Poll { task: usize, id: Option<i64>, body: Vec<Inside>, ready: bool },
    DropTask { task: usize },
    Panic { spans: Vec<(usize, i64)> },
    Callback { context: usize, site: usize, id: i64 },
    End,
}

pub(crate) enum Given {
    Attribute(program::Key, Val),
    Event(String, Vec<(program::Key, Val)>),
    Link(usize),
    Status(usize, String),
    Rename(String),
}

pub(crate) enum Parent {
    Active,
    Of(usize),
    None,
}

pub(crate) enum Work {
    Site(usize),
    Owned(usize),
}

pub(crate) enum Inside {
    Attribute(String, Val),
    Event(String),
    Status(String),
    Span(usize, i64),
    Capture,
}

/// A future that does what stands in its script.
struct Scripted {
    script: Script,
    shared: Arc<Shared>,
}

impl Future for Scripted {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Waker<'_>) -> Poll<()> {
        let (body, id, ready) = std::mem::take(&mut *self.script.lock().unwrap());
        if let Some(id) = id {
            trackway::active().attribute(ID, id);
        }
        for inside in body {
            match inside {
                Inside::Attribute(key, value) => lend(&value, |value| {
                    trackway::active().attribute(&key, value);
                }),
                Inside::Event(name) => {
                    trackway::active().event(&name).field("n", 1);
                }
                Inside::Status(message) => {
                    trackway::active().status(StatusCode::Error, &message);
                }
                Inside::Span(site, id) => {
                    trackway::enter(&SITES[site]).attribute(ID, id);
                }
                Inside::Capture => self.shared.contexts.lock().unwrap().push(current()),
            }
        }
        if ready { Poll::Ready(()) } else { Poll::Pending }
    }
}

type Script = Arc<Mutex<(Vec<Inside>, Option<i64>, bool)>>;
type Task = (Script, Pin<Box<dyn Future<Output = ()> + Send>>);

/// What all threads can reach.
pub(crate) struct Shared {
    pub(crate) tracers: Vec<Tracer>,
    pub(crate) contexts: Mutex<Vec<Context>>,
    owned: Mutex<Vec<Option<Span>>>,
    tasks: Mutex<Vec<Option<Task>>>,
}

impl Shared {
    pub(crate) fn new(tracers: Vec<Tracer>) -> Self {
        let contexts = Mutex::new(vec![Context::none()]);
        Self { tracers, contexts, owned: Mutex::default(), tasks: Mutex::default() }
    }
}

enum Handle {
    Guard(Guard),
    Scope { _scope: Scope },
    Gone,
}

pub(crate) struct Thread {
    orders: Sender<Do>,
    done: Receiver<Result<(), Box<dyn Any + Send>>>,
    thread: Option<JoinHandle<()>>,
}

impl Thread {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let (orders, inbox) = channel();
        let (tell, done) = channel();
        let thread = std::thread::spawn(move || {
            let mut handles = Vec::new();
            while let Ok(order) = inbox.recv() {
                if matches!(order, Do::End) {
                    break;
                }
                let result = catch_unwind(AssertUnwindSafe(|| obey(order, &mut handles, &shared)));
                tell.send(result).unwrap();
            }
        });
        Self { orders, done, thread: Some(thread) }
    }

    pub(crate) fn tell(&self, order: Do) {
        self.orders.send(order).unwrap();
        if let Err(panic) = self.done.recv().unwrap() {
            std::panic::resume_unwind(panic);
        }
    }

    pub(crate) fn end(&mut self) {
        self.orders.send(Do::End).unwrap();
        self.thread.take().unwrap().join().unwrap();
    }
}

pub(crate) fn lend(value: &Val, record: impl FnOnce(&dyn LendTo)) {
    match value {
        Val::Absent => record(&None::<i64>),
        Val::Bool(value) => record(value),
        Val::I64(value) => record(value),
        Val::U64(value) => record(value),
        Val::F64(value) => record(value),
        Val::Text(value) => record(value),
        Val::Long(character, times) => record(&character.to_string().repeat(*times)),
        Val::Bytes(length) => record(&vec![7_u8; *length]),
        Val::Array(values) => record(&Value::Array(values.iter().map(|value| Value::Int(*value)).collect())),
    }
}

/// A value whose type is known later.
pub(crate) trait LendTo {
    fn lend_to(&self, record: &mut dyn FnMut(trackway::ValueRef<'_>));
}

impl<T: trackway::Field> LendTo for T {
    fn lend_to(&self, record: &mut dyn FnMut(trackway::ValueRef<'_>)) {
        self.lend(record);
    }
}

impl trackway::Field for dyn LendTo + '_ {
    fn lend<R>(&self, record: impl FnOnce(trackway::ValueRef<'_>) -> R) -> R {
        let mut record = Some(record);
        let mut result = None;
        self.lend_to(&mut |value| result = record.take().map(|record| record(value)));
        result.unwrap()
    }
}

fn key_name(key: program::Key) -> String {
    format!("key {}", key.name)
}

macro_rules! give {
    ($target:expr, $data:expr, $contexts:expr, $event_field:expr) => {
        match $data {
            Given::Attribute(key, value) => lend(&value, |value| {
                if key.is_static {
                    $target.attribute(&KEYS[key.name], value);
                } else {
                    $target.attribute(&key_name(key), value);
                }
            }),
            Given::Event(name, fields) => {
                let event = $target.event(&name);
                for (key, value) in fields {
                    lend(&value, |value| {
                        if key.is_static {
                            event.field(&KEYS[key.name], value);
                        } else {
                            event.field(&key_name(key), value);
                        }
                    });
                }
            }
            Given::Status(code, message) => {
                $target.status(CODES[code], &message);
            }
            other => $event_field(other),
        }
    };
}

fn obey(order: Do, handles: &mut Vec<Handle>, shared: &Arc<Shared>) {
    match order {
        Do::Span { site, id } => {
            let guard = trackway::enter(&SITES[site]);
            guard.attribute(ID, id);
            handles.push(Handle::Guard(guard));
        }
        Do::Step { handle, site, id } => {
            let Handle::Guard(guard) = &mut handles[handle] else { return };
            guard.next(&SITES[site]);
            if let Some(id) = id {
                guard.attribute(ID, id);
            }
        }
        Do::OnHandle { handle, data } => {
            let Handle::Guard(guard) = &handles[handle] else { return };
            give!(guard, data, shared, |data| match data {
                Given::Link(context) => {
                    guard.link(&shared.contexts.lock().unwrap()[context]);
                }
                Given::Rename(name) => {
                    guard.rename(&name);
                }
                _ => {}
            });
        }
        Do::OnOwned { owned, data } => {
            let owned_spans = shared.owned.lock().unwrap();
            let Some(span) = &owned_spans[owned] else { return };
            give_owned(span, data, shared);
        }
        Do::OnActive { data } => {
            let active = trackway::active();
            give!(active, data, shared, |_| {});
        }
        Do::Close { handle } => drop(std::mem::replace(&mut handles[handle], Handle::Gone)),
        Do::Forget { handle } => {
            if let Handle::Guard(guard) = std::mem::replace(&mut handles[handle], Handle::Gone) {
                std::mem::forget(guard);
            }
        }
        Do::Capture => shared.contexts.lock().unwrap().push(current()),
        Do::Baggage { context, value } => {
            let mut contexts = shared.contexts.lock().unwrap();
            let context = contexts[context].with_baggage("who", &value);
            contexts.push(context);
        }
        Do::Attach { context } => {
            let context = shared.contexts.lock().unwrap()[context].clone();
            handles.push(Handle::Scope { _scope: context.attach() });
        }
        Do::Activate { tracer } => handles.push(Handle::Scope { _scope: shared.tracers[tracer].activate() }),
        Do::Start { tracer, parent, data, id } => {
            let mut builder = shared.tracers[tracer].span("owned").attribute(ID, id);
            builder = match parent {
                Parent::Active => builder,
                Parent::Of(context) => builder.child_of(&shared.contexts.lock().unwrap()[context]),
                Parent::None => builder.root(),
            };
            let span = builder.kind(SpanKind::Client).start();
            for data in data {
                give_owned(&span, data, shared);
            }
            shared.owned.lock().unwrap().push(Some(span));
        }
        Do::ActivateOwned { owned } => {
            let scope = shared.owned.lock().unwrap()[owned].as_ref().map(Span::activate);
            handles.push(scope.map_or(Handle::Gone, |scope| Handle::Scope { _scope: scope }));
        }
        Do::Finish { owned } => {
            if let Some(span) = &shared.owned.lock().unwrap()[owned] {
                span.finish();
            }
        }
        Do::DropOwned { owned } => drop(shared.owned.lock().unwrap()[owned].take()),
        Do::ContextOfOwned { owned } => {
            let context = shared.owned.lock().unwrap()[owned].as_ref().map(|span| span.context().clone());
            shared.contexts.lock().unwrap().push(context.unwrap_or_default());
        }
        Do::Task { of } => {
            let script = Script::default();
            let work = Scripted { script: script.clone(), shared: shared.clone() };
            let future: Pin<Box<dyn Future<Output = ()> + Send>> = match of {
                Work::Site(site) => Box::pin(trackway::InSpan::new(&SITES[site], work)),
                Work::Owned(owned) => {
                    let span = shared.owned.lock().unwrap()[owned].take();
                    Box::pin(work.in_span(span.unwrap_or_else(Span::none)))
                }
            };
            shared.tasks.lock().unwrap().push(Some((script, future)));
        }
        Do::Poll { task, id, body, ready } => {
            let Some((script, mut future)) = shared.tasks.lock().unwrap()[task].take() else { return };
            *script.lock().unwrap() = (body, id, ready);
            let done = future.as_mut().poll(&mut Waker::from_waker(NoWaker::noop()));
            assert_eq!(done.is_ready(), ready);
            if !ready {
                shared.tasks.lock().unwrap()[task] = Some((script, future));
            }
        }
        Do::DropTask { task } => {
            let task = shared.tasks.lock().unwrap()[task].take();
            drop(task);
        }
        Do::Panic { spans } => {
            let caught = catch_unwind(|| {
                let _open: Vec<Guard> = Vec::new();
                nest(&spans);
            });
            assert!(caught.is_err());
        }
        Do::Callback { context, site, id } => {
            let context = shared.contexts.lock().unwrap()[context].clone();
            let callback = context.wrap(move || {
                trackway::enter(&SITES[site]).attribute(ID, id);
            });
            callback();
        }
        Do::End => {}
    }
}

/// What every panic of a program says.
pub(crate) const PANIC: &str = "as planned";

fn nest(spans: &[(usize, i64)]) {
    let Some(((site, id), rest)) = spans.split_first() else { panic!("{PANIC}") };
    let guard = trackway::enter(&SITES[*site]);
    guard.attribute(ID, *id);
    nest(rest);
}

fn give_owned(span: &Span, data: Given, shared: &Arc<Shared>) {
    give!(span, data, shared, |data| match data {
        Given::Link(context) => {
            span.link(&shared.contexts.lock().unwrap()[context]);
        }
        Given::Rename(name) => {
            span.rename(&name);
        }
        _ => {}
    });
}
