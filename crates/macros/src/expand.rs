//! The function as it is compiled.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Block, Error, Expr, ExprAsync, ExprMethodCall, LitStr, Result, ReturnType, Stmt, Type,
    ext::IdentExt,
    parse::{ParseStream, Parser},
    spanned::Spanned,
};

use crate::{
    function::{Function, Refusals},
    options::{Arguments, Form, Options},
    outcome::Inspection,
    returned::{Course, Lazy, Returned, annotation},
};

const REFUSALS: Refusals = Refusals {
    no_function: "`#[trace]` goes on a function: of an `impl` or a module, put it on each that is to be traced",
    no_body: "this function has no body to trace: put `#[trace]` where it is implemented",
};

/// Writes the function, or what is wrong and the function as it was, so that nothing else is reported.
pub(crate) fn trace(options: TokenStream, item: TokenStream) -> TokenStream {
    trace_in(options, item, "trackway")
}

/// As [`trace`], where another crate begins the span.
pub(crate) fn trace_in(options: TokenStream, item: TokenStream, krate: &str) -> TokenStream {
    traced(options, item.clone(), krate).unwrap_or_else(|error| {
        let error = error.into_compile_error();
        quote!(#error #item)
    })
}

/// Returns a span that names nothing of the user's, and points at what the user wrote.
pub(crate) fn at(span: Option<Span>) -> Span {
    let here = Span::mixed_site();
    span.map_or(here, |span| here.located_at(span))
}

pub(crate) fn traced(options: TokenStream, item: TokenStream, krate: &str) -> Result<TokenStream> {
    let function = (|input: ParseStream<'_>| Function::parse(input, &REFUSALS)).parse2(item)?;
    let options: Options = syn::parse2(options)?;
    let returned = Returned::of(&function.signature);
    check(&function, &options, &returned)?;

    let ours = || {
        let krate = Ident::new(krate, at(None));
        quote_spanned!(at(None)=> ::#krate)
    };
    let krate = options.krate.as_ref().map_or_else(ours, ToTokens::to_token_stream);
    let private = quote_spanned!(at(None)=> #krate::__private);
    let span = match returned.course {
        // Not what is active: a span that could not begin leaves the one around it active.
        Course::Call => quote_spanned!(at(None)=> &_guard),
        Course::Async | Course::Returned { .. } => quote_spanned!(at(None)=> #private::active()),
    };
    let writer = Writer {
        callsite: callsite(&function, &options, &private),
        record: record(&function, &options, &span, &private)?,
        inspection: Inspection::new(returned.is_result(), options.skip_err.is_some(), options.ret),
        output: returned.output.as_ref().map(annotation),
        root: options.root.is_some(),
        private,
        span,
    };
    let body = match returned.course {
        Course::Call => writer.call(&function),
        Course::Async => {
            let future = writer.future(&writer.block(&function));
            quote_spanned!(at(None)=> #future.await)
        }
        Course::Returned { lazy, boxed } => writer.returned(&function, lazy, boxed)?,
    };
    Ok(function.with_body(&body))
}

fn check(function: &Function, options: &Options, returned: &Returned) -> Result<()> {
    let refuse = |span: Span, said: &str| Err(Error::new(span, said));
    if let Some(token) = function.signature.constness {
        let said = "a `const fn` may run in the compiler, where no time passes: trace the function that calls it, or \
                    remove `const`";
        return refuse(token.span, said);
    }
    if let Some(span) = options.skip_err
        && !returned.is_result()
    {
        return refuse(span, "this function returns no `Result`, so there is no `Err` to skip: remove `skip_err`");
    }
    if let Some(span) = options.ret {
        if let Course::Returned { lazy: Lazy::Stream, .. } = returned.course {
            return refuse(span, "a stream has no value in the end: remove `ret`");
        }
        match &returned.output {
            Some(Type::Tuple(unit)) if unit.elems.is_empty() => {
                return refuse(span, "this function returns nothing: remove `ret`");
            }
            Some(Type::Never(_)) => return refuse(span, "this function never returns: remove `ret`"),
            _ => {}
        }
    }
    let inspected = returned.is_result() && options.skip_err.is_none() || options.ret.is_some();
    let tracked = function.attributes.iter().find(|attribute| attribute.path().is_ident("track_caller"));
    if let (Course::Call, true, Some(tracked)) = (&returned.course, inspected, tracked) {
        let said =
            "`#[track_caller]` reaches a body only if its outcome is not recorded: add `skip_err`, and leave out `ret`";
        return refuse(tracked.span(), said);
    }
    Ok(())
}

/// Writes an expression of the type `&'static Callsite`.
fn callsite(function: &Function, options: &Options, private: &TokenStream) -> TokenStream {
    let named = || LitStr::new(&function.signature.ident.unraw().to_string(), function.span());
    let name = options.name.clone().unwrap_or_else(named);
    let kind = options.kind.clone().unwrap_or_else(|| Ident::new("Internal", at(None)));
    quote_spanned! {at(None)=>
        {
            static SITE: #private::Callsite = #private::Callsite::new(
                #name, #private::Kind::#kind,
            );
            &SITE
        }
    }
}

/// Writes the statement that records arguments and fields; nothing if there are none.
fn record(function: &Function, options: &Options, span: &TokenStream, private: &TokenStream) -> Result<TokenStream> {
    let known = function.arguments();
    let arguments: Vec<&Ident> = match &options.args {
        Arguments::None => Vec::new(),
        Arguments::All => known.iter().filter(|name| !name.to_string().starts_with('_')).collect(),
        Arguments::Named(names) => names.iter().collect(),
        Arguments::AllBut(left_out) => {
            if let Some(unknown) = left_out.iter().find(|name| !known.contains(name)) {
                return Err(Error::new(unknown.span(), no_argument(unknown, &known)));
            }
            let is_recorded = |name: &&Ident| !name.to_string().starts_with('_') && !left_out.contains(name);
            known.iter().filter(is_recorded).collect()
        }
    };
    let mut attributes = TokenStream::new();
    for argument in arguments {
        if !known.contains(argument) {
            return Err(Error::new(argument.span(), no_argument(argument, &known)));
        }
        let key = key(&argument.unraw().to_string(), private);
        attributes.extend(quote_spanned! {at(Some(argument.span()))=>
            span.attribute(#key, #private::debug(&#argument));
        });
    }
    for field in &options.fields {
        let (key, value) = (key(&field.key.value(), private), &field.value);
        let there = at(Some(value.span()));
        let value = match field.form {
            Form::Typed => quote_spanned!(there=> &#value),
            Form::Display => quote_spanned!(there=> #private::display(&#value)),
            Form::Debug => quote_spanned!(there=> #private::debug(&#value)),
        };
        attributes.extend(quote_spanned!(there=> span.attribute(#key, #value);));
    }
    if attributes.is_empty() {
        return Ok(attributes);
    }
    Ok(quote_spanned! {at(None)=>
        {
            let span = #span;
            if span.is_recording() {
                #attributes
            }
        }
    })
}

/// Writes the name of an attribute, registered once.
fn key(name: &str, private: &TokenStream) -> TokenStream {
    quote_spanned! {at(None)=>
        {
            static KEY: #private::Key = #private::Key::new(#name);
            &KEY
        }
    }
}

fn no_argument(argument: &Ident, known: &[Ident]) -> String {
    let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    if known.is_empty() {
        return format!("there is no argument `{argument}`: this function has none that could be recorded");
    }
    format!("there is no argument `{argument}`; the arguments are {}", known.join(", "))
}

struct Writer {
    private: TokenStream,
    /// An expression: what to record in.
    span: TokenStream,
    callsite: TokenStream,
    record: TokenStream,
    inspection: Option<Inspection>,
    /// The type of the value in the end, as an annotation.
    output: Option<Type>,
    root: bool,
}

impl Writer {
    /// Writes the body of a function whose span is that of the call.
    fn call(&self, function: &Function) -> TokenStream {
        let Self { private, callsite, record, .. } = self;
        let here = at(None);
        let outside = self.root.then(|| quote_spanned!(here=> let _outside = #private::outside();));
        let entered = quote_spanned! {here=>
            #outside
            let _guard = #private::enter(#callsite);
            #record
        };
        let Some(inspection) = &self.inspection else {
            let body = function.statements();
            return quote!(#entered #body);
        };
        let (held, statements) = (held(function), function.statements());
        let body = in_braces(function, &quote!(#held #statements));
        // A closure, since the body may return from any place.
        let arrow = self.output.as_ref().map(|output| quote_spanned!(at(Some(output.span()))=> -> #output));
        let inspected = inspection.of(&quote_spanned!(here=> &outcome), &self.span, private);
        quote_spanned! {here=>
            #entered
            let outcome = #private::call(move || #arrow #body);
            { #inspected }
            outcome
        }
    }

    /// Writes the `async` block of an `async fn`.
    fn block(&self, function: &Function) -> TokenStream {
        let (held, first, statements) = (held(function), self.first(), function.statements());
        let block = in_braces(function, &quote!(#held #first #statements));
        quote_spanned!(at(None)=> async move #block)
    }

    /// Writes what comes first in a traced `async` block.
    fn first(&self) -> TokenStream {
        let Self { private, record, .. } = self;
        // An `async` block cannot say what it returns, and without this `?` and `Ok(..)` would have to guess.
        let typed = match &self.output {
            None | Some(Type::Never(_)) => None,
            Some(output) => Some(quote_spanned!(at(Some(output.span()))=> #private::never::<#output>())),
        };
        let typed = typed.map(|never| quote_spanned!(at(None)=> if false { return #never; }));
        quote!(#record #typed)
    }

    /// Writes the span around a future.
    fn future(&self, future: &TokenStream) -> TokenStream {
        let private = &self.private;
        let Some(inspection) = &self.inspection else { return self.in_span(future) };
        let here = at(None);
        let inspected = inspection.of(&quote_spanned!(here=> outcome), &self.span, private);
        self.in_span(&quote_spanned!(here=> #private::inspect(#future, |outcome| { #inspected })))
    }

    fn in_span(&self, lazy: &TokenStream) -> TokenStream {
        let Self { private, callsite, .. } = self;
        let here = at(None);
        let work = quote_spanned!(here=> #private::InSpan::new(#callsite, #lazy));
        if !self.root {
            return work;
        }
        quote_spanned!(here=> #private::run_outside(#work))
    }

    /// Writes the body of a function that returns a future or a stream.
    fn returned(&self, function: &Function, lazy: Lazy, boxed: bool) -> Result<TokenStream> {
        let private = &self.private;
        let span = |inner: &TokenStream| match lazy {
            Lazy::Future => self.future(inner),
            Lazy::Stream => self.in_span(inner),
        };
        let mut statements = Block::parse_within.parse2(function.body.stream())?;
        let only = statements.len() == 1;
        let mut is_async = false;
        if let Some(Stmt::Expr(tail, None)) = statements.last_mut() {
            let (inner, unboxed) = match in_box(tail) {
                Some(inner) => (inner, true),
                None => (tail, false),
            };
            if let Expr::Async(block) = inner {
                is_async = true;
                self.start(block);
            }
            if only && (is_async && !boxed || unboxed && boxed) {
                let traced = span(&inner.to_token_stream());
                *inner = Expr::Verbatim(traced);
                return Ok(quote!(#(#statements)*));
            }
        }
        if !is_async && !self.record.is_empty() {
            let said = "`fields` and `args` are read where the returned future starts: end the function with \
                        `async move { .. }` or `Box::pin(async move { .. })`, or record them there";
            return Err(Error::new(function.span(), said));
        }

        // A closure, since the function may return from any place.
        let held = held(function);
        let body = in_braces(function, &quote!(#held #(#statements)*));
        let here = at(None);
        if !boxed {
            return Ok(span(&quote_spanned!(here=> #private::call(move || #body))));
        }
        let ReturnType::Type(arrow, written) = &function.signature.output else {
            return Ok(body.stream());
        };
        let traced = span(&quote_spanned!(here=> #private::call(move || #arrow #written #body)));
        Ok(quote_spanned!(here=> ::std::boxed::Box::pin(#traced)))
    }

    fn start(&self, block: &mut ExprAsync) {
        let statements = &mut block.block.stmts;
        let items = statements.iter().take_while(|statement| matches!(statement, Stmt::Item(_))).count();
        statements.insert(items, Stmt::Expr(Expr::Verbatim(self.first()), None));
    }
}

/// Writes statements that make a closure hold the arguments that it may assign to as a whole.
///
/// Of one that it holds in part, the compiler would say that the part is overwritten before it is read.
fn held(function: &Function) -> TokenStream {
    let arguments = function.mutable_arguments();
    quote_spanned!(at(None)=> #(let _ = &#arguments;)*)
}

/// Writes a block where the body stands.
fn in_braces(function: &Function, content: &TokenStream) -> Group {
    let mut block = Group::new(Delimiter::Brace, content.clone());
    block.set_span(function.body.span());
    block
}

/// Returns what an expression boxes, if it does: of `Box::pin(x)` and `async { .. }.boxed()`, `x` and the block.
fn in_box(expression: &mut Expr) -> Option<&mut Expr> {
    match expression {
        Expr::Call(call) if is_box_pin(&call.func) => call.args.first_mut(),
        Expr::MethodCall(call) if is_boxed_block(call) => Some(&mut call.receiver),
        _ => None,
    }
}

fn is_box_pin(called: &Expr) -> bool {
    let Expr::Path(called) = called else { return false };
    let mut names = called.path.segments.iter().rev().map(|segment| &segment.ident);
    names.next().is_some_and(|name| name == "pin") && names.next().is_some_and(|name| name == "Box")
}

fn is_boxed_block(call: &ExprMethodCall) -> bool {
    (call.method == "boxed" || call.method == "boxed_local") && matches!(*call.receiver, Expr::Async(_))
}
