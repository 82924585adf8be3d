//! `test_runtime_context.py` and `test_execution_context.py`: what goes along with the work.
//!
//! A slot is a type of the program's own, which a context carries one value of. What was active is active again when a scope
//! ends, so that nothing has to be cleaned up by hand.

use std::sync::Arc;
use std::thread;

use trackway::{Context, Span, active, current};

use crate::tracer;

struct Foo(u32);
struct Bar(u32);

fn foo() -> Option<u32> {
    current().local::<Foo>().map(|value| value.0)
}

mod runtime_context {
    use super::*;

    #[test]
    fn test_register() {
        assert_eq!(foo(), None);
        let scope = current().with_local(Arc::new(Foo(123))).attach();
        assert_eq!(foo(), Some(123));
        drop(scope);
        assert_eq!(foo(), None);
    }

    #[test]
    fn test_register_with_default() {
        let bar = || current().local::<Bar>().map_or(123, |bar| bar.0);
        assert_eq!(bar(), 123);
        current().with_local(Arc::new(Bar(7))).run(|| assert_eq!(bar(), 7));
    }

    #[test]
    fn test_register_duplicate() {
        // Two libraries cannot mean one slot by mistake: each has a type that the other cannot name.
        let context =
            Context::none().with_local(Arc::new(Foo(1))).with_local(Arc::new(Bar(2))).with_local(Arc::new(Foo(3)));
        assert_eq!((context.local::<Foo>().unwrap().0, context.local::<Bar>().unwrap().0), (3, 2));
    }

    #[test]
    fn test_get_non_existing() {
        assert!(current().local::<String>().is_none());
    }

    #[test]
    fn test_set_non_existing() {
        let context = Context::none().with_local(Arc::new("no registration is needed".to_owned()));
        assert!(context.local::<String>().is_some() && context.without_local::<String>().local::<String>().is_none());
    }

    #[test]
    fn test_clear() {
        let _scope = current().with_local(Arc::new(Foo(123))).attach();
        Context::none().run(|| assert_eq!(foo(), None));
        assert_eq!(foo(), Some(123));
        current().without_local::<Foo>().run(|| assert_eq!(foo(), None));
    }

    #[test]
    fn test_with_current_context() {
        let _scope = current().with_local(Arc::new(Foo(1))).attach();
        let work = current().wrap(|| {
            assert_eq!(foo(), Some(1));
            let _scope = current().with_local(Arc::new(Foo(2))).attach();
            assert_eq!(foo(), Some(2));
        });
        thread::spawn(move || {
            assert_eq!(foo(), None, "a thread begins with nothing");
            work();
            assert_eq!(foo(), None);
        })
        .join()
        .unwrap();
        assert_eq!(foo(), Some(1));
    }

    #[test]
    fn a_snapshot_is_applied_where_it_is_needed() {
        let snapshot = {
            let _scope = current().with_local(Arc::new(Foo(5))).with_baggage("tenant", "acme").attach();
            current()
        };
        assert_eq!(foo(), None);
        snapshot.run(|| {
            assert_eq!((foo(), current().baggage("tenant")), (Some(5), Some("acme")));
        });
    }
}

mod execution_context {
    use super::*;

    #[test]
    fn test_no_attrs() {
        assert_eq!(current().baggage("key"), None);
    }

    #[test]
    fn test_has_attrs() {
        current().with_baggage("key", "value").run(|| assert_eq!(current().baggage("key"), Some("value")));
        assert_eq!(current().baggage("key"), None);
        let context = Context::none().with_baggage("a", "1").with_baggage("b", "2");
        assert_eq!(context.baggage_entries().collect::<Vec<_>>(), [("a", "1"), ("b", "2")]);
    }

    #[test]
    fn test_get_and_set_full_context() {
        let (tracer, spans) = tracer();
        let span = tracer.span("request").start();
        let whole = span.context().with_baggage("test", "test_value").with_local(Arc::new(Foo(9)));
        thread::spawn(move || {
            let _scope = whole.attach();
            active().attribute("from", "another thread");
            drop(trackway::span!("child"));
            assert_eq!((current().baggage("test"), foo()), (Some("test_value"), Some(9)));
        })
        .join()
        .unwrap();
        span.finish();
        assert_eq!(spans.tree(), "request 3s from=\"another thread\"\n  child 1s\n");
    }

    #[test]
    fn test_clean_tracer() {
        let (tracer, spans) = tracer();
        let scope = tracer.activate();
        drop(trackway::span!("inside"));
        drop(scope);
        drop(trackway::span!("outside"));
        assert_eq!(spans.tree(), "inside 1s\n");
    }

    #[test]
    fn test_clean_span() {
        let (tracer, _spans) = tracer();
        let span = tracer.span("request").start();
        let is_active = || active().is_recording() && current().span_id().is_some();
        let scope = span.activate();
        assert!(is_active());
        Span::none().context().run(|| assert!(!is_active()));
        drop(scope);
        assert!(!is_active());
    }
}
