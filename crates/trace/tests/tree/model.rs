//! What a program's spans ought to be: an interpreter that knows the rules and none of the code.

pub(crate) use crate::expected::{Fields, Link, Place, Span, Trace, Value};
use crate::program::{self, Data, Inside, On, Op, Val};
use crate::threads;
use crate::threads::{CODES, Do, Given, PANIC, Parent, Work};
use trackway::StatusCode;

/// Of every span; small, so that programs get there.
pub(crate) const ATTRIBUTES: usize = 6;
pub(crate) const EVENTS: usize = 4;
pub(crate) const LINKS: usize = 3;
/// More than what fits into a ring, and no multiple of a long character's bytes.
pub(crate) const BYTES: usize = 5001;

/// The tracer that contexts without one go to; the others are 1 and 2, and 3 records nothing.
pub(crate) const GLOBAL: usize = 0;
pub(crate) const TRACERS: usize = 4;
pub(crate) const SILENT: usize = 3;

pub(crate) const REMOTE_TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub(crate) const REMOTE_SPAN: &str = "00f067aa0ba902b7";
pub(crate) const STATE: &str = "vendor=x";

#[derive(Debug, Clone, PartialEq)]
struct Context {
    tracer: Option<usize>,
    owner: Option<usize>,
    trace: Option<Trace>,
    span: Place,
    is_sampled: bool,
    is_remote: bool,
    state: String,
    live: Option<usize>,
}

#[derive(Debug, Clone)]
enum Entry {
    Scope { context: Context, handle: u64, is_closed: bool },
    Guard { context: Context, handle: u64, is_closed: bool },
}

#[derive(Debug, Clone)]
enum Handle {
    Guard { entry: Option<u64>, span: Option<usize> },
    Scope { entry: u64 },
    Gone,
}

#[derive(Default)]
struct Thread {
    stack: Vec<Entry>,
    handles: Vec<Handle>,
}

#[derive(Debug, Clone)]
enum Task {
    At(usize),
    Far { context: Context, span: usize },
    Off { context: Context },
    Owned(usize),
    Nothing,
    Gone,
}

struct Owned {
    context: Context,
    span: Option<usize>,
    is_gone: bool,
}

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) spans: Vec<Span>,
    threads: Vec<Thread>,
    contexts: Vec<Context>,
    owned: Vec<Owned>,
    tasks: Vec<Task>,
    entries: u64,
    traces: usize,
    clock: u64,
    unique: usize,
}

impl Context {
    fn none() -> Self {
        let (tracer, owner, trace, live) = (None, None, None, None);
        Self {
            tracer,
            owner,
            trace,
            span: Place::None,
            is_sampled: false,
            is_remote: false,
            state: String::new(),
            live,
        }
    }

    fn is_off(&self) -> bool {
        self.trace.is_some() && self.tracer.is_some() && !self.is_sampled
    }

    fn is_recorded(&self) -> bool {
        self.trace.is_some() && self.tracer.is_some() && self.is_sampled
    }
}

impl Entry {
    fn context(&self) -> &Context {
        match self {
            Self::Scope { context, .. } | Self::Guard { context, .. } => context,
        }
    }

    fn handle(&self) -> u64 {
        match self {
            Self::Scope { handle, .. } | Self::Guard { handle, .. } => *handle,
        }
    }

    fn is_closed(&self) -> bool {
        match self {
            Self::Scope { is_closed, .. } | Self::Guard { is_closed, .. } => *is_closed,
        }
    }

    fn close(&mut self) {
        match self {
            Self::Scope { is_closed, .. } | Self::Guard { is_closed, .. } => *is_closed = true,
        }
    }
}

fn cut(text: String) -> String {
    let end = (0..=BYTES.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap();
    text[..end].to_owned()
}

fn value(value: &Val) -> Option<Value> {
    Some(match value {
        Val::Absent => return None,
        Val::Bool(value) => Value::Bool(*value),
        Val::I64(value) => Value::I64(*value),
        Val::U64(value) => i64::try_from(*value).map_or_else(|_| Value::Text(value.to_string()), Value::I64),
        Val::F64(value) => Value::F64(value.to_bits()),
        Val::Text(text) => Value::Text(text.clone()),
        Val::Long(character, times) => Value::Text(cut(character.to_string().repeat(*times))),
        Val::Bytes(length) => Value::Bytes((*length).min(BYTES)),
        Val::Array(values) => Value::Array(values.clone()),
    })
}

impl Fields {
    fn add(&mut self, key: String, value: Option<Value>) {
        let Some(value) = value else { return };
        if self.values.len() < ATTRIBUTES || self.values.contains_key(&key) {
            self.values.insert(key, value);
        } else {
            self.dropped += 1;
        }
    }
}

impl Span {
    fn event(&mut self, name: String, fields: Vec<(String, Option<Value>)>) {
        if self.events.len() >= EVENTS {
            self.dropped_events += 1;
            return;
        }
        let mut kept = Fields::default();
        for (key, value) in fields {
            kept.add(key, value);
        }
        self.events.push((name, kept));
    }

    fn judge(&mut self, code: StatusCode, message: String) {
        if self.status.0 != StatusCode::Ok && code != StatusCode::Unset {
            self.status = (code, if code == StatusCode::Error { message } else { String::new() });
        }
    }

    fn link(&mut self, link: Link) {
        if self.links.len() < LINKS {
            self.links.push(link);
        } else {
            self.dropped_links += 1;
        }
    }
}

fn pick(number: usize, of: usize) -> Option<usize> {
    (of > 0).then(|| number % of)
}

impl Model {
    pub(crate) fn new() -> Self {
        let threads = (0..program::THREADS).map(|_| Thread::default()).collect();
        Self { threads, contexts: vec![Context::none()], ..Self::default() }
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    fn new_trace(&mut self) -> Trace {
        self.traces += 1;
        Trace::New(self.traces)
    }

    fn current(&self, thread: usize) -> Context {
        self.threads[thread].stack.last().map_or_else(Context::none, |top| top.context().clone())
    }

    fn entry(&mut self) -> u64 {
        self.entries += 1;
        self.entries
    }

    /// Returns the context of what begins in this one, and of which span it is; `None` when nothing begins.
    fn begin(&mut self, around: &Context, name: &str, kind: usize) -> Option<(Context, Option<usize>)> {
        if around.is_off() {
            return None;
        }
        let tracer = around.tracer.or(around.owner).unwrap_or(GLOBAL);
        let (trace, is_sampled) = match around.trace {
            Some(trace) => (trace, around.is_sampled && (around.tracer.is_some() || tracer != SILENT)),
            None => (self.new_trace(), tracer != SILENT),
        };
        let mut context =
            Context { tracer: Some(tracer), trace: Some(trace), is_sampled, is_remote: false, ..around.clone() };
        context.live = None;
        if !is_sampled {
            context.span = if around.trace.is_some() { around.span } else { Place::Unrecorded };
            return Some((context, None));
        }
        let start = self.tick();
        self.spans.push(Span {
            tracer,
            name: name.to_owned(),
            kind,
            trace,
            parent: around.span,
            remote_parent: around.is_remote,
            state: around.state.clone(),
            fields: Fields::default(),
            events: Vec::new(),
            dropped_events: 0,
            links: Vec::new(),
            dropped_links: 0,
            status: (StatusCode::Unset, String::new()),
            start,
            end: None,
            is_incomplete: false,
            is_far: false,
        });
        let span = self.spans.len() - 1;
        self.spans[span].fields.add(threads::ID.to_owned(), Some(Value::I64(span as i64)));
        context.span = Place::Span(span);
        Some((context, Some(span)))
    }

    fn open(&mut self, thread: usize, site: usize) -> (Option<u64>, Option<usize>) {
        let around = self.current(thread);
        let Some((context, span)) = self.begin(&around, &format!("site {site}"), site + 1) else { return (None, None) };
        let handle = self.entry();
        self.threads[thread].stack.push(Entry::Guard { context, handle, is_closed: false });
        (Some(handle), span)
    }

    fn end(&mut self, span: usize) {
        let now = self.tick();
        self.spans[span].end.get_or_insert(now);
    }

    /// Leaves all that has ended and has nothing open inside it.
    fn settle(&mut self, thread: usize) {
        loop {
            let stack = &self.threads[thread].stack;
            let last_scope = stack.iter().rposition(|entry| matches!(entry, Entry::Scope { .. }));
            if let Some(at) = last_scope.filter(|at| stack[*at].is_closed()) {
                self.abandon(thread, at);
                continue;
            }
            if stack.last().is_some_and(Entry::is_closed) {
                self.threads[thread].stack.pop();
                continue;
            }
            return;
        }
    }

    /// Ends what is open from there on, without a word from whoever began it.
    fn abandon(&mut self, thread: usize, from: usize) {
        let left = self.threads[thread].stack.split_off(from);
        for entry in left.iter().rev() {
            if let Entry::Guard {
                context: Context { span: Place::Span(span), is_sampled: true, .. },
                is_closed: false,
                ..
            } = entry
            {
                self.end(*span);
                self.spans[*span].is_incomplete = true;
            }
        }
    }

    fn close(&mut self, thread: usize, handle: usize) {
        match std::mem::replace(&mut self.threads[thread].handles[handle], Handle::Gone) {
            Handle::Gone | Handle::Guard { entry: None, .. } => {}
            Handle::Guard { entry: Some(entry), span } => {
                let open = self.threads[thread].stack.iter_mut().find(|open| open.handle() == entry);
                if let Some(open) = open {
                    open.close();
                    if let Some(span) = span {
                        self.end(span);
                    }
                }
                self.settle(thread);
            }
            Handle::Scope { entry } => {
                if let Some(open) = self.threads[thread].stack.iter_mut().find(|open| open.handle() == entry) {
                    open.close();
                }
                self.settle(thread);
            }
        }
    }

    fn attach(&mut self, thread: usize, mut context: Context) -> u64 {
        let around = self.current(thread);
        if let (None, Some(owner)) = (context.tracer, around.owner) {
            context.owner = Some(owner);
            if context.trace.is_none() {
                context.tracer = Some(owner);
            }
        }
        let handle = self.entry();
        self.threads[thread].stack.push(Entry::Scope { context, handle, is_closed: false });
        handle
    }

    /// Returns the span that `active()` writes to.
    fn active(&self, thread: usize) -> Option<usize> {
        match self.threads[thread].stack.last()? {
            Entry::Guard { context, .. } if context.is_recorded() => match context.span {
                Place::Span(span) => Some(span),
                _ => None,
            },
            Entry::Guard { .. } => None,
            Entry::Scope { context, .. } => match (context.live, context.span) {
                (Some(owned), _) => self.owned[owned].span.filter(|span| self.spans[*span].end.is_none()),
                (None, Place::Span(span)) if context.is_recorded() && self.spans[span].is_far => Some(span),
                _ => None,
            },
        }
    }

    fn give(&mut self, span: Option<usize>, data: &Data) -> Option<Given> {
        self.unique += 1;
        let unique = self.unique;
        let given = match data {
            Data::Attribute { key, value } => Given::Attribute(*key, value.clone()),
            Data::Event { name, fields } => Given::Event(format!("event {name}"), fields.clone()),
            Data::Link { context } => Given::Link(pick(*context, self.contexts.len())?),
            Data::Status { code } => Given::Status(*code, format!("message {unique}")),
            Data::Rename { name } => Given::Rename(format!("name {name}")),
        };
        let link = match given {
            Given::Link(context) => {
                let Context { trace, span, is_remote, state, .. } = self.contexts[context].clone();
                // A link to nothing is none.
                trace.map(|trace| Link { trace: Some(trace), span, remote: is_remote, state })
            }
            _ => None,
        };
        let Some(span) = span.and_then(|span| self.spans.get_mut(span)).filter(|span| span.end.is_none()) else {
            return Some(given);
        };
        match &given {
            Given::Attribute(key, of) => span.fields.add(format!("key {}", key.name), value(of)),
            Given::Event(name, fields) => {
                let fields = fields.iter().map(|(key, of)| (format!("key {}", key.name), value(of)));
                span.event(name.clone(), fields.collect());
            }
            Given::Link(_) => span.links_push(link),
            Given::Status(code, message) => span.judge(CODES[*code], message.clone()),
            Given::Rename(name) => span.name = name.clone(),
        }
        Some(given)
    }

    /// Interprets one operation; returns what its thread is to be told.
    pub(crate) fn run(&mut self, thread: usize, op: &Op) -> Option<Do> {
        let handles = self.threads[thread].handles.len();
        Some(match op {
            Op::Span { site } => {
                let id = self.spans.len() as i64;
                let (entry, span) = self.open(thread, *site);
                self.threads[thread].handles.push(Handle::Guard { entry, span });
                Do::Span { site: *site, id }
            }
            Op::Step { handle, site } => {
                let handle = pick(*handle, handles)?;
                let id = self.step(thread, handle, *site);
                Do::Step { handle, site: *site, id }
            }
            Op::Data { on: On::Handle(handle), data } => {
                let handle = pick(*handle, handles)?;
                let Handle::Guard { span, .. } = self.threads[thread].handles[handle] else { return None };
                Do::OnHandle { handle, data: self.give(span, data)? }
            }
            Op::Data { on: On::Owned(owned), data } => {
                let owned = pick(*owned, self.owned.len())?;
                let span = self.owned[owned].span.filter(|_| !self.owned[owned].is_gone);
                if self.owned[owned].is_gone {
                    return None;
                }
                Do::OnOwned { owned, data: self.give(span, data)? }
            }
            Op::Data { on: On::Active, data } => {
                let active = self.active(thread);
                if active.is_some_and(|span| self.spans[span].is_far)
                    || matches!(data, Data::Link { .. } | Data::Rename { .. })
                {
                    return None;
                }
                Do::OnActive { data: self.give(active, data)? }
            }
            Op::Close { handle } => {
                let handle = pick(*handle, handles)?;
                self.close(thread, handle);
                Do::Close { handle }
            }
            Op::Forget { handle } => {
                let handle = pick(*handle, handles)?;
                if !matches!(self.threads[thread].handles[handle], Handle::Guard { .. }) {
                    return None;
                }
                self.threads[thread].handles[handle] = Handle::Gone;
                Do::Forget { handle }
            }
            Op::Capture => {
                self.capture(thread);
                Do::Capture
            }
            Op::Remote { .. } => return None,
            Op::Baggage { context } => {
                let context = pick(*context, self.contexts.len())?;
                self.contexts.push(self.contexts[context].clone());
                Do::Baggage { context, value: "x".to_owned() }
            }
            Op::Attach { context } => {
                let context = pick(*context, self.contexts.len())?;
                let entry = self.attach(thread, self.contexts[context].clone());
                self.threads[thread].handles.push(Handle::Scope { entry });
                Do::Attach { context }
            }
            Op::Activate { tracer } => {
                let tracer = tracer % TRACERS;
                let context = Context { tracer: Some(tracer), owner: Some(tracer), ..Context::none() };
                let entry = self.attach(thread, context);
                self.threads[thread].handles.push(Handle::Scope { entry });
                Do::Activate { tracer }
            }
            Op::Start { tracer, parent, data } => self.start(thread, tracer % TRACERS, parent, data)?,
            Op::ActivateOwned { owned } => {
                let owned = pick(*owned, self.owned.len()).filter(|owned| !self.owned[*owned].is_gone)?;
                let entry = self.attach(thread, self.owned[owned].context.clone());
                self.threads[thread].handles.push(Handle::Scope { entry });
                Do::ActivateOwned { owned }
            }
            Op::Finish { owned } => {
                let owned = pick(*owned, self.owned.len()).filter(|owned| !self.owned[*owned].is_gone)?;
                self.finish(owned);
                Do::Finish { owned }
            }
            Op::DropOwned { owned } => {
                let owned = pick(*owned, self.owned.len()).filter(|owned| !self.owned[*owned].is_gone)?;
                self.owned[owned].is_gone = true;
                self.finish(owned);
                Do::DropOwned { owned }
            }
            Op::ContextOfOwned { owned } => {
                let owned = pick(*owned, self.owned.len()).filter(|owned| !self.owned[*owned].is_gone)?;
                self.contexts.push(self.owned[owned].context.clone());
                Do::ContextOfOwned { owned }
            }
            Op::Task { of: program::Work::Site(site) } => {
                self.tasks.push(Task::At(*site));
                Do::Task { of: Work::Site(*site) }
            }
            Op::Task { of: program::Work::Owned(owned) } => {
                let owned = pick(*owned, self.owned.len()).filter(|owned| !self.owned[*owned].is_gone)?;
                self.owned[owned].is_gone = true;
                self.tasks.push(Task::Owned(owned));
                Do::Task { of: Work::Owned(owned) }
            }
            Op::Poll { task, body, ready } => self.poll(thread, *task, body, *ready)?,
            Op::DropTask { task } => {
                let task = pick(*task, self.tasks.len())?;
                self.drop_task(task);
                Do::DropTask { task }
            }
            Op::Panic { sites } => self.panic(thread, sites),
            Op::Callback { context, site } => {
                let context = pick(*context, self.contexts.len())?;
                let id = self.spans.len() as i64;
                let entry = self.attach(thread, self.contexts[context].clone());
                self.run_span(thread, *site);
                self.leave(thread, entry);
                Do::Callback { context, site: *site, id }
            }
            Op::EndThread => {
                for handle in 0..handles {
                    self.close(thread, handle);
                }
                self.abandon(thread, 0);
                self.threads[thread].handles.clear();
                Do::End
            }
            Op::Flush => return None,
        })
    }

    pub(crate) fn remote(&mut self, is_sampled: bool, has_state: bool) {
        let state = if has_state { STATE.to_owned() } else { String::new() };
        let (trace, span) = (Some(Trace::Remote), Place::Remote);
        self.contexts.push(Context { trace, span, is_sampled, is_remote: true, state, ..Context::none() });
    }

    fn capture(&mut self, thread: usize) {
        // Others may add to it from now on, and in no order.
        if let Some(span) = self.threads[thread].stack.last().and_then(|_| self.active(thread)) {
            self.spans[span].is_far |= self.current(thread).live.is_none();
        }
        let context = self.current(thread);
        self.contexts.push(context);
    }

    fn run_span(&mut self, thread: usize, site: usize) {
        let (entry, span) = self.open(thread, site);
        self.threads[thread].handles.push(Handle::Guard { entry, span });
        self.close(thread, self.threads[thread].handles.len() - 1);
        self.threads[thread].handles.pop();
    }

    fn leave(&mut self, thread: usize, entry: u64) {
        self.threads[thread].handles.push(Handle::Scope { entry });
        self.close(thread, self.threads[thread].handles.len() - 1);
        self.threads[thread].handles.pop();
    }

    /// Returns the next step's id, if one begins.
    fn step(&mut self, thread: usize, handle: usize, site: usize) -> Option<i64> {
        let Handle::Guard { entry: Some(entry), span: Some(old) } = self.threads[thread].handles[handle] else {
            return None;
        };
        let top = self.threads[thread].stack.last()?;
        let Entry::Guard { handle: innermost, .. } = top else { return None };
        if *innermost != entry {
            return None;
        }
        let Span { parent, remote_parent, trace, tracer, state, .. } = self.spans[old].clone();
        self.end(old);
        let at = self.spans[old].end?;
        let id = self.spans.len();
        let mut next = self.spans[old].clone();
        next = Span {
            name: format!("site {site}"),
            kind: site + 1,
            fields: Fields::default(),
            events: Vec::new(),
            links: Vec::new(),
            dropped_events: 0,
            dropped_links: 0,
            status: (StatusCode::Unset, String::new()),
            start: at,
            end: None,
            parent,
            remote_parent,
            trace,
            tracer,
            state,
            ..next
        };
        next.fields.add(threads::ID.to_owned(), Some(Value::I64(id as i64)));
        self.spans.push(next);
        self.threads[thread].handles[handle] = Handle::Guard { entry: Some(entry), span: Some(id) };
        if let Some(Entry::Guard { context, .. }) = self.threads[thread].stack.last_mut() {
            context.span = Place::Span(id);
        }
        Some(id as i64)
    }

    fn start(&mut self, thread: usize, tracer: usize, parent: &program::Parent, data: &[Data]) -> Option<Do> {
        let (around, told) = match parent {
            program::Parent::Active => (Some(self.current(thread)), Parent::Active),
            program::Parent::Of(context) => {
                let context = pick(*context, self.contexts.len())?;
                (Some(self.contexts[context].clone()), Parent::Of(context))
            }
            program::Parent::None => (None, Parent::None),
        };
        let around = around.filter(|around| around.trace.is_some() && around.tracer.is_none_or(|of| of == tracer));
        let mut around = around.unwrap_or_else(Context::none);
        around.owner = Some(tracer);
        let id = self.spans.len() as i64;
        let (mut context, span) = match self.begin(&around, "owned", 2 + 1) {
            Some(begun) => begun,
            // Inside of what is not recorded, with the same place.
            None => (around.clone(), None),
        };
        context.owner = None;
        if span.is_some() {
            context.live = Some(self.owned.len());
        } else {
            context.is_remote = false;
            context.tracer = Some(tracer);
        }
        self.owned.push(Owned { context, span, is_gone: false });
        let data = data.iter().filter_map(|data| self.give(span, data)).collect();
        Some(Do::Start { tracer, parent: told, data, id })
    }

    fn finish(&mut self, owned: usize) {
        if let Some(span) = self.owned[owned].span
            && self.spans[span].end.is_none()
        {
            self.end(span);
        }
    }

    fn poll(&mut self, thread: usize, task: usize, body: &[Inside], ready: bool) -> Option<Do> {
        let task = pick(task, self.tasks.len()).filter(|task| !matches!(self.tasks[*task], Task::Gone))?;
        let mut id = None;
        if let Task::At(site) = self.tasks[task] {
            let around = self.current(thread);
            self.tasks[task] = match self.begin(&around, &format!("site {site}"), site + 1) {
                None => Task::Nothing,
                Some((context, None)) => Task::Off { context },
                Some((context, Some(span))) => {
                    self.spans[span].is_far = true;
                    id = Some(span as i64);
                    Task::Far { context, span }
                }
            };
        }
        let context = match &self.tasks[task] {
            Task::Far { context, .. } | Task::Off { context } => Some(context.clone()),
            Task::Owned(owned) => Some(self.owned[*owned].context.clone()),
            _ => None,
        };
        let scope = context.map(|context| self.attach(thread, context));
        // Whose is what a future records that began where nothing is recorded, and goes on where something is? Nobody asks.
        let body = if matches!(self.tasks[task], Task::Nothing) { &[] } else { body };
        let body = body.iter().filter_map(|inside| self.inside(thread, inside)).collect();
        if let Some(scope) = scope {
            self.leave(thread, scope);
        }
        if ready {
            match std::mem::replace(&mut self.tasks[task], Task::Gone) {
                Task::Far { span, .. } => self.end(span),
                Task::Owned(owned) => self.finish(owned),
                _ => {}
            }
        }
        Some(Do::Poll { task, id, body, ready })
    }

    fn inside(&mut self, thread: usize, inside: &Inside) -> Option<threads::Inside> {
        self.unique += 1;
        let unique = self.unique;
        let active = self.active(thread);
        let mut span = active.map(|span| &mut self.spans[span]);
        Some(match inside {
            Inside::Attribute(of) => {
                // Of one name, the thread that is read last would win.
                let key = format!("unique {unique}");
                if let Some(span) = span {
                    span.fields.add(key.clone(), value(of));
                }
                threads::Inside::Attribute(key, of.clone())
            }
            Inside::Event => {
                let name = format!("event {unique}");
                if let Some(span) = span {
                    span.event(name.clone(), vec![("n".to_owned(), Some(Value::I64(1)))]);
                }
                threads::Inside::Event(name)
            }
            Inside::Status => {
                if span.as_ref().is_some_and(|span| span.is_far && span.status.0 != StatusCode::Unset) {
                    return None;
                }
                let message = format!("message {unique}");
                if let Some(span) = &mut span {
                    span.judge(StatusCode::Error, message.clone());
                }
                threads::Inside::Status(message)
            }
            Inside::Span(site) => {
                let id = self.spans.len() as i64;
                self.run_span(thread, *site);
                threads::Inside::Span(*site, id)
            }
            Inside::Capture => {
                self.capture(thread);
                threads::Inside::Capture
            }
        })
    }

    fn drop_task(&mut self, task: usize) {
        match std::mem::replace(&mut self.tasks[task], Task::Gone) {
            Task::Far { span, .. } => {
                self.spans[span].event("cancelled".to_owned(), Vec::new());
                self.end(span);
            }
            Task::Owned(owned) => self.finish(owned),
            _ => {}
        }
    }

    fn panic(&mut self, thread: usize, sites: &[usize]) -> Do {
        let mut spans = Vec::new();
        let first = self.threads[thread].handles.len();
        for site in sites {
            spans.push((*site, self.spans.len() as i64));
            let (entry, span) = self.open(thread, *site);
            self.threads[thread].handles.push(Handle::Guard { entry, span });
        }
        for handle in (first..self.threads[thread].handles.len()).rev() {
            if let Handle::Guard { span: Some(span), .. } = self.threads[thread].handles[handle] {
                let text = |text: &str| Some(Value::Text(text.to_owned()));
                let fields =
                    vec![("exception.type".to_owned(), text("panic")), ("exception.message".to_owned(), text(PANIC))];
                self.spans[span].event("exception".to_owned(), fields);
                self.spans[span].judge(StatusCode::Error, PANIC.to_owned());
            }
            self.close(thread, handle);
        }
        self.threads[thread].handles.truncate(first);
        Do::Panic { spans }
    }

    /// Ends all that is still open; returns what is to be told to the first thread for it.
    pub(crate) fn finish_all(&mut self) -> Vec<Do> {
        let mut told = Vec::new();
        for owned in 0..self.owned.len() {
            if !self.owned[owned].is_gone {
                self.owned[owned].is_gone = true;
                self.finish(owned);
                told.push(Do::DropOwned { owned });
            }
        }
        for task in 0..self.tasks.len() {
            self.drop_task(task);
            told.push(Do::DropTask { task });
        }
        told
    }
}

impl Span {
    fn links_push(&mut self, link: Option<Link>) {
        if let Some(link) = link {
            self.link(link);
        }
    }
}
