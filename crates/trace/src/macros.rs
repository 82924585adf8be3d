//! The macros of the fast path.

/// Begins a span on this thread that ends when the returned [`Guard`](crate::Guard) is dropped; about 20 ns.
///
/// It is a part of the span that is active on this thread; where none is, it begins a trace of the
/// [global tracer](crate::init). The name is a literal. Attributes follow it: a name with dots or a literal, `=`, and the
/// value, with `%` before it for what its `Display` writes and `?` for its `Debug`. Values are worked out only when the span
/// is recorded.
///
/// ```
/// let (order, route) = (42, vec!["a", "b"]);
/// let _span = trackway::span!("load");
/// let _span = trackway::span!("load", order.id = order, "http.route" = "/orders/{id}", route = ?route);
/// let _span = trackway::span!("load", kind: Client, order.id = order);
/// ```
#[macro_export]
macro_rules! span {
    ($name:literal $(,)?) => {
        $crate::span!(@site $name, Internal)
    };
    ($name:literal, kind: $kind:ident $(,)?) => {
        $crate::span!(@site $name, $kind)
    };
    ($name:literal, kind: $kind:ident, $($fields:tt)+) => {{
        let guard = $crate::span!(@site $name, $kind);
        if guard.is_recording() {
            $crate::fields!(guard, $($fields)+);
        }
        guard
    }};
    ($name:literal, $($fields:tt)+) => {
        $crate::span!($name, kind: Internal, $($fields)+)
    };
    (@site $name:literal, $kind:ident) => {{
        static SITE: $crate::Callsite = $crate::Callsite::new($name, $crate::SpanKind::$kind);
        $crate::enter(&SITE)
    }};
}

/// Ends the guard's span and begins the next step, its sibling, at the same reading of the clock: half the price of a span.
///
/// ```
/// let mut step = trackway::span!("read");
/// // ..
/// trackway::step!(step, "parse");
/// // ..
/// trackway::step!(step, "write", bytes = 512);
/// ```
#[macro_export]
macro_rules! step {
    ($guard:expr, $name:literal $(, $($fields:tt)*)?) => {{
        static SITE: $crate::Callsite = $crate::Callsite::new($name, $crate::SpanKind::Internal);
        let guard: &mut $crate::Guard = &mut $guard;
        let _stepped = guard.next(&SITE);
        $(
            if _stepped {
                $crate::fields!(guard, $($fields)*);
            }
        )?
    }};
}

/// Records attributes of a span: what [`span!`](macro@crate::span) does with those that follow the name.
///
/// ```
/// let span = trackway::span!("load");
/// trackway::fields!(span, cache.hit = true, rows = 3);
/// ```
#[macro_export]
macro_rules! fields {
    ($span:expr $(,)?) => {};
    ($span:expr, $($key:ident).+ = % $value:expr $(, $($rest:tt)*)?) => {
        $crate::__field!($span, [$($key).+], $crate::display(&$value));
        $($crate::fields!($span, $($rest)*))?
    };
    ($span:expr, $($key:ident).+ = ? $value:expr $(, $($rest:tt)*)?) => {
        $crate::__field!($span, [$($key).+], $crate::debug(&$value));
        $($crate::fields!($span, $($rest)*))?
    };
    ($span:expr, $($key:ident).+ = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__field!($span, [$($key).+], $value);
        $($crate::fields!($span, $($rest)*))?
    };
    ($span:expr, $key:literal = % $value:expr $(, $($rest:tt)*)?) => {
        $crate::__field!($span, $key, $crate::display(&$value));
        $($crate::fields!($span, $($rest)*))?
    };
    ($span:expr, $key:literal = ? $value:expr $(, $($rest:tt)*)?) => {
        $crate::__field!($span, $key, $crate::debug(&$value));
        $($crate::fields!($span, $($rest)*))?
    };
    ($span:expr, $key:literal = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__field!($span, $key, $value);
        $($crate::fields!($span, $($rest)*))?
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __field {
    ($span:expr, [$first:ident $(. $rest:ident)*], $value:expr) => {
        $crate::__field!($span, concat!(stringify!($first) $(, ".", stringify!($rest))*), $value)
    };
    ($span:expr, $key:expr, $value:expr) => {{
        $span.attribute({ static KEY: $crate::Key = $crate::Key::new($key); &KEY }, &$value);
    }};
}
