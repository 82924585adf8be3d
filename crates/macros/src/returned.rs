//! What a function's return type, as it is written, says of how to trace it.

use syn::{
    AngleBracketedGenericArguments, GenericArgument, PathArguments, PathSegment, ReturnType, Signature, Type,
    TypeInfer, TypeParamBound,
    visit_mut::{VisitMut, visit_type_mut},
};

/// When the span of a function starts and ends.
pub(crate) enum Course {
    /// With the call.
    Call,
    /// With the body of the `async fn`.
    Async,
    /// With the future or stream that the call returns.
    Returned { lazy: Lazy, boxed: bool },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lazy {
    Future,
    Stream,
}

/// What a function returns.
pub(crate) struct Returned {
    pub(crate) course: Course,
    /// The type of the value in the end: that of the call, or of the future if it is named.
    pub(crate) output: Option<Type>,
}

impl Returned {
    pub(crate) fn of(signature: &Signature) -> Self {
        let written = match &signature.output {
            ReturnType::Default => syn::parse_quote!(()),
            ReturnType::Type(_, written) => Type::clone(written),
        };
        if signature.asyncness.is_some() {
            return Self { course: Course::Async, output: Some(written) };
        }
        match lazy(&written) {
            Some((lazy, boxed, output)) => Self { course: Course::Returned { lazy, boxed }, output: output.cloned() },
            None => Self { course: Course::Call, output: Some(written) },
        }
    }

    /// Returns whether the value in the end is a `Result`.
    pub(crate) fn is_result(&self) -> bool {
        let is_stream = matches!(self.course, Course::Returned { lazy: Lazy::Stream, .. });
        !is_stream && self.output.as_ref().and_then(last_segment).is_some_and(|segment| segment.ident == "Result")
    }
}

/// Returns the type as an annotation inside the function, where `impl Trait` is not allowed.
pub(crate) fn annotation(written: &Type) -> Type {
    struct Inferred;
    impl VisitMut for Inferred {
        fn visit_type_mut(&mut self, written: &mut Type) {
            if let Type::ImplTrait(_) = written {
                *written = Type::Infer(TypeInfer { underscore_token: <syn::Token![_]>::default() });
            }
            visit_type_mut(self, written);
        }
    }
    let mut written = written.clone();
    Inferred.visit_type_mut(&mut written);
    written
}

/// Returns the future or stream that a type is, whether it is boxed, and what it becomes.
fn lazy(written: &Type) -> Option<(Lazy, bool, Option<&Type>)> {
    if let Type::ImplTrait(written) = bare(written) {
        let (lazy, output) = bound(written.bounds.iter())?;
        return Some((lazy, false, output));
    }
    let segment = last_segment(written)?;
    let inner = type_arguments(segment).last();
    match segment.ident.to_string().as_str() {
        "BoxFuture" | "LocalBoxFuture" => Some((Lazy::Future, true, inner)),
        "BoxStream" | "LocalBoxStream" => Some((Lazy::Stream, true, inner)),
        "Pin" => {
            let inner = last_segment(inner?).filter(|segment| segment.ident == "Box")?;
            let Type::TraitObject(object) = bare(type_arguments(inner).next()?) else { return None };
            let (lazy, output) = bound(object.bounds.iter())?;
            Some((lazy, true, output))
        }
        _ => None,
    }
}

fn bound<'a>(bounds: impl Iterator<Item = &'a TypeParamBound>) -> Option<(Lazy, Option<&'a Type>)> {
    for bound in bounds {
        let TypeParamBound::Trait(bound) = bound else { continue };
        let Some(segment) = bound.path.segments.last() else { continue };
        if segment.ident == "Future" {
            return Some((Lazy::Future, associated(segment, "Output")));
        }
        if segment.ident == "Stream" {
            return Some((Lazy::Stream, associated(segment, "Item")));
        }
    }
    None
}

/// Returns what `Trait<Name = Type>` says.
fn associated<'a>(segment: &'a PathSegment, name: &str) -> Option<&'a Type> {
    arguments(segment)?.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(argument) if argument.ident == name => Some(&argument.ty),
        _ => None,
    })
}

fn type_arguments(segment: &PathSegment) -> impl DoubleEndedIterator<Item = &Type> {
    let arguments = arguments(segment).into_iter().flat_map(|arguments| &arguments.args);
    arguments.filter_map(|argument| match argument {
        GenericArgument::Type(argument) => Some(argument),
        _ => None,
    })
}

fn arguments(segment: &PathSegment) -> Option<&AngleBracketedGenericArguments> {
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(arguments),
        _ => None,
    }
}

pub(crate) fn last_segment(written: &Type) -> Option<&PathSegment> {
    match bare(written) {
        Type::Path(written) => written.path.segments.last(),
        _ => None,
    }
}

/// Returns a type without the parentheses around it, those that a `macro_rules!` puts there included.
pub(crate) fn bare(written: &Type) -> &Type {
    match written {
        Type::Paren(inner) => bare(&inner.elem),
        Type::Group(inner) => bare(&inner.elem),
        _ => written,
    }
}
