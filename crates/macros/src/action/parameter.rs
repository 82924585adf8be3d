//! What a function is given: the state, the step, and inputs by name.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::{
    Error, FnArg, GenericArgument, Pat, PatType, PathArguments, PathSegment, Result, Signature, Type, ext::IdentExt,
    spanned::Spanned,
};

use crate::{
    expand::at,
    returned::{bare, last_segment},
};

pub(crate) struct Parameter {
    /// What the function calls it, where it is a plain name.
    pub(crate) ident: Option<Ident>,
    pub(crate) given: Given,
}

/// What is passed for a parameter.
pub(crate) enum Given {
    State {
        borrowed: bool,
    },
    Step {
        borrowed: bool,
    },
    /// An input that must be there.
    Input {
        name: String,
        written: Type,
    },
    /// One that must be there, and is lent: of `&str`, what is in the reference.
    Borrowed {
        name: String,
        written: Type,
    },
    /// One that may be absent: of `Option<String>`, what is in it.
    Optional {
        name: String,
        written: Type,
    },
}

/// Reads the parameters of a function, `self` left out.
pub(crate) fn parameters(signature: &Signature) -> Result<Vec<Parameter>> {
    let mut parameters: Vec<Parameter> = Vec::new();
    for argument in &signature.inputs {
        let FnArg::Typed(argument) = argument else { continue };
        let parameter = parameter(argument)?;
        let is_twice = |other: &Parameter| match (&other.given, &parameter.given) {
            (Given::State { .. }, Given::State { .. }) | (Given::Step { .. }, Given::Step { .. }) => true,
            (other, this) => other.name().is_some() && other.name() == this.name(),
        };
        if parameters.iter().any(is_twice) {
            return Err(Error::new(argument.span(), "an action is given this once: remove the second"));
        }
        parameters.push(parameter);
    }
    Ok(parameters)
}

impl Given {
    /// Returns the name of the input that it is.
    fn name(&self) -> Option<&str> {
        match self {
            Self::State { .. } | Self::Step { .. } => None,
            Self::Input { name, .. } | Self::Borrowed { name, .. } | Self::Optional { name, .. } => Some(name),
        }
    }
}

fn parameter(argument: &PatType) -> Result<Parameter> {
    let ident = match &*argument.pat {
        Pat::Ident(pattern) if pattern.subpat.is_none() => Some(pattern.ident.clone()),
        _ => None,
    };
    let refuse = |said: &str| Err(Error::new(argument.ty.span(), said));
    let (inner, borrowed) = match bare(&argument.ty) {
        Type::ImplTrait(_) => {
            return refuse("an action cannot be generic, since a graph holds one function: name the type");
        }
        Type::Reference(reference) if reference.mutability.is_some() => {
            return refuse("an action changes nothing that it is given: take `State`, and return another");
        }
        Type::Reference(reference) => (bare(&reference.elem), true),
        written => (written, false),
    };
    let kind =
        last_segment(inner).filter(|segment| segment.arguments.is_none()).map(|segment| segment.ident.to_string());
    match kind.as_deref() {
        Some("State") => return Ok(Parameter { ident, given: Given::State { borrowed } }),
        Some("Step") => return Ok(Parameter { ident, given: Given::Step { borrowed } }),
        _ => {}
    }
    let Some(ident) = ident else {
        let said = "an input is asked for by the name of its parameter: write a plain name";
        return Err(Error::new(argument.pat.span(), said));
    };
    let name = ident.unraw().to_string();
    let name = match name.trim_start_matches('_') {
        "" => return Err(Error::new(ident.span(), "an input needs a name")),
        name => name.to_owned(),
    };
    let given = match (last_segment(inner).and_then(in_option), borrowed) {
        (None, false) => Given::Input { name, written: inner.clone() },
        (None, true) => Given::Borrowed { name, written: inner.clone() },
        (Some(written), false) => {
            if let Type::Reference(_) = bare(written) {
                return refuse("an optional input is owned: take `Option<String>` in the place of `Option<&str>`");
            }
            Given::Optional { name, written: written.clone() }
        }
        (Some(_), true) => return refuse("an optional input is owned: remove the `&` before `Option`"),
    };
    Ok(Parameter { ident: Some(ident), given })
}

fn in_option(segment: &PathSegment) -> Option<&Type> {
    match &segment.arguments {
        PathArguments::AngleBracketed(arguments) if segment.ident == "Option" => match arguments.args.first()? {
            GenericArgument::Type(inner) => Some(inner),
            _ => None,
        },
        _ => None,
    }
}

impl Parameter {
    /// Writes the statement that reads the input, if it is one.
    pub(crate) fn read(&self, input: &Ident, step: &Ident) -> TokenStream {
        match &self.given {
            Given::State { .. } | Given::Step { .. } => TokenStream::new(),
            Given::Input { name, written } => {
                quote_spanned!(at(Some(written.span()))=> let #input = #step.input::<#written>(#name)?;)
            }
            Given::Borrowed { name, written } => quote_spanned! {at(Some(written.span()))=>
                let #input = #step.input::<<#written as ::std::borrow::ToOwned>::Owned>(#name)?;
            },
            Given::Optional { name, written } => {
                quote_spanned!(at(Some(written.span()))=> let #input = #step.optional_input::<#written>(#name)?;)
            }
        }
    }

    /// Writes the argument, with a comma behind it.
    pub(crate) fn passed(&self, input: &Ident, state: &Ident, step: &Ident, keeps_state: bool) -> TokenStream {
        let here = at(None);
        match &self.given {
            Given::State { borrowed: true } => quote_spanned!(here=> &#state,),
            Given::State { .. } if keeps_state => quote_spanned!(here=> ::core::clone::Clone::clone(&#state),),
            Given::State { .. } => quote_spanned!(here=> #state,),
            Given::Step { borrowed: true } => quote_spanned!(here=> #step,),
            Given::Step { .. } => quote_spanned!(here=> ::core::clone::Clone::clone(#step),),
            Given::Borrowed { written, .. } => {
                quote_spanned!(at(Some(written.span()))=> ::std::borrow::Borrow::<#written>::borrow(&#input),)
            }
            Given::Input { .. } | Given::Optional { .. } => quote_spanned!(here=> #input,),
        }
    }
}
