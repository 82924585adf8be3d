//! The function as it stands in a graph.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{
    AttrStyle, Attribute, Error, FnArg, GenericParam, Receiver, Result, ReturnType, Signature,
    ext::IdentExt,
    parse::{ParseStream, Parser},
    spanned::Spanned,
};

use crate::{
    expand::at,
    function::{Function, Refusals},
    returned::{Course, Lazy, Returned},
};

use self::{
    options::{Key, Options},
    parameter::{Given, Parameter, parameters},
};

mod keys;
mod options;
mod parameter;
#[cfg(test)]
mod refused;
pub(crate) mod source;

const REFUSALS: Refusals = Refusals {
    no_function: "`#[action]` goes on a function or a method",
    no_body: "this function has no body: put `#[action]` where it is implemented",
};

/// Attributes that belong to what stands in the function's place.
const OUTSIDE: [&str; 2] = ["doc", "deprecated"];

/// Attributes that belong to both.
const BOTH: [&str; 4] = ["allow", "warn", "deny", "cfg"];

/// Writes the action, or what is wrong with it and the function as it was, so that nothing else is reported.
pub(crate) fn action(options: TokenStream, item: TokenStream, code: &str) -> TokenStream {
    match expanded(options, item.clone(), code) {
        Ok(Expanded { tokens, undeclared }) => {
            let error = undeclared.map(Error::into_compile_error);
            quote!(#error #tokens)
        }
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#error #item)
        }
    }
}

/// An action as it is compiled.
pub(crate) struct Expanded {
    pub(crate) tokens: TokenStream,
    /// What it touches without saying so.
    pub(crate) undeclared: Option<Error>,
}

pub(crate) fn expanded(options: TokenStream, item: TokenStream, code: &str) -> Result<Expanded> {
    let function = (|input: ParseStream<'_>| Function::parse(input, &REFUSALS)).parse2(item)?;
    let options: Options = syn::parse2(options)?;
    let returned = Returned::of(&function.signature);
    let is_method = check(&function.signature, &options, &returned)?;
    let parameters = parameters(&function.signature)?;
    check_state(&function.signature, &options, &parameters)?;

    let name = options.name.clone().unwrap_or_else(|| function.signature.ident.unraw().to_string());
    let undeclared = keys::undeclared(&name, &function, &options, &parameters);
    let writer = Writer { function: &function, options: &options, parameters: &parameters, returned: &returned };
    let declared = writer.declared(&name, code);
    let tokens = if is_method { writer.method(&declared) } else { writer.function(&declared) };
    Ok(Expanded { tokens, undeclared })
}

/// Refuses what cannot be an action, and returns whether this is a method.
fn check(signature: &Signature, options: &Options, returned: &Returned) -> Result<bool> {
    let refuse = |span: Span, said: &str| Err(Error::new(span, said));
    if let Some(token) = signature.constness {
        return refuse(token.span, "an action runs when the application does: remove `const`");
    }
    if let Some(token) = signature.unsafety {
        return refuse(token.span, "the application that runs an action can promise nothing: remove `unsafe`");
    }
    if let Some(abi) = &signature.abi {
        return refuse(abi.span(), "an action is called by the application: remove `extern`");
    }
    let generic = signature.generics.params.iter().find(|param| !matches!(param, GenericParam::Lifetime(_)));
    if let Some(param) = generic {
        let said = "an action cannot be generic, since a graph holds one function: name the type, or make the action a \
                    method of a generic type: `async fn answer(&self, state: State)`";
        return refuse(param.span(), said);
    }
    if let ReturnType::Default = signature.output {
        let said = if options.reduce.is_some() {
            "the first phase of an action returns its result: add `-> Answer`, or `-> Result<Answer, E>`"
        } else {
            "an action returns the state afterwards: add `-> State`, or `-> Result<State, E>`"
        };
        return refuse(signature.ident.span(), said);
    }
    if let Course::Returned { lazy: Lazy::Stream, .. } = returned.course {
        return refuse(signature.output.span(), "an action returns one state, not a stream of them");
    }
    match signature.inputs.first() {
        Some(FnArg::Receiver(Receiver { reference: Some(_), mutability: None, colon_token: None, .. })) => Ok(true),
        Some(FnArg::Receiver(receiver)) => {
            let said = "an action that is a method takes `&self`: the application shares what it belongs to";
            refuse(receiver.span(), said)
        }
        _ => Ok(false),
    }
}

fn check_state(signature: &Signature, options: &Options, parameters: &[Parameter]) -> Result<()> {
    let takes_state = parameters.iter().any(|parameter| matches!(parameter.given, Given::State { .. }));
    if !takes_state && options.reduce.is_none() {
        let said = "an action takes the state that it changes: add the parameter `state: State`";
        return Err(Error::new(signature.ident.span(), said));
    }
    Ok(())
}

struct Writer<'a> {
    function: &'a Function,
    options: &'a Options,
    parameters: &'a [Parameter],
    returned: &'a Returned,
}

impl Writer<'_> {
    /// Writes where the crate is, so that what is wrong with its use is reported at this place.
    fn krate(&self, here: Span) -> TokenStream {
        match &self.options.krate {
            Some(path) => path.to_token_stream(),
            None => quote_spanned!(here=> ::trackway_machine),
        }
    }

    /// Writes what is known of the action before it runs.
    fn declared(&self, name: &str, code: &str) -> TokenStream {
        let krate = &self.krate(at(None));
        let keys = |keys: &[Key]| -> Vec<TokenStream> { keys.iter().map(|key| key.written(krate)).collect() };
        let (reads, writes, tags) = (keys(&self.options.reads), keys(&self.options.writes), keys(&self.options.tags));
        let inputs = self.parameters.iter().filter_map(|parameter| match &parameter.given {
            Given::Input { name, .. } | Given::Borrowed { name, .. } => Some(name),
            _ => None,
        });
        let optional = self.parameters.iter().filter_map(|parameter| match &parameter.given {
            Given::Optional { name, .. } => Some(name),
            _ => None,
        });
        quote_spanned! {at(None)=>
            #krate::Declared {
                name: #name,
                reads: const { &[#(#reads),*] },
                writes: const { &[#(#writes),*] },
                inputs: &[#(#inputs),*],
                optional_inputs: &[#(#optional),*],
                tags: &[#(#tags),*],
                code: #code,
            }
        }
    }

    /// Writes a function that returns the action, with the function inside it.
    fn function(&self, declared: &TokenStream) -> TokenStream {
        let krate = self.krate(at(None));
        let Function { visibility, signature, body, .. } = self.function;
        let (name, outside, inside) = (&signature.ident, self.attributes(outside), self.attributes(inside));
        let work = self.work(&quote!(#name), None);
        quote_spanned! {at(None)=>
            #(#outside)*
            #visibility const fn #name() -> #krate::Function {
                #(#inside)*
                #signature #body

                #krate::Function { declared: #declared, work: #work }
            }
        }
    }

    /// Writes a method that returns the action, and the method beside it.
    fn method(&self, declared: &TokenStream) -> TokenStream {
        let krate = self.krate(at(None));
        let Function { visibility, signature, body, .. } = self.function;
        let (name, outside, inside) = (&signature.ident, self.attributes(outside), self.attributes(inside));
        let mut renamed = signature.clone();
        renamed.ident = format_ident!("__{}_action", name.unraw(), span = name.span());
        let (inner, owner) = (&renamed.ident, quote_spanned!(at(None)=> owner));
        let work = self.work(&quote!(Self::#inner), Some(&owner));
        let here = at(Some(name.span()));
        let there = self.krate(here);
        let made = quote_spanned!(here=> #there::Node::method(::std::sync::Arc::clone(self), #declared, #work));
        quote_spanned! {at(None)=>
            #(#outside)*
            #visibility fn #name(self: &::std::sync::Arc<Self>) -> #krate::Node {
                #made
            }

            #[doc(hidden)]
            #(#inside)*
            #renamed #body
        }
    }

    fn attributes(&self, belongs: fn(&Attribute) -> bool) -> Vec<Attribute> {
        let attributes = self.function.attributes.iter().filter(|attribute| belongs(attribute)).cloned();
        let outer = attributes.map(|attribute| Attribute { style: AttrStyle::Outer, ..attribute });
        outer.collect()
    }

    /// Writes a closure that does the work.
    fn work(&self, called: &TokenStream, owner: Option<&TokenStream>) -> TokenStream {
        let here = at(None);
        let (state, step) = (Ident::new("state", here), Ident::new("step", here));
        let mut read = TokenStream::new();
        let mut arguments = TokenStream::new();
        if let Some(owner) = owner {
            arguments.extend(quote_spanned!(here=> #owner,));
        }
        for (index, parameter) in self.parameters.iter().enumerate() {
            let input = format_ident!("input_{index}", span = here);
            read.extend(parameter.read(&input, &step));
            arguments.extend(parameter.passed(&input, &state, &step, self.options.reduce.is_some()));
        }
        let awaited = match self.returned.course {
            Course::Call => quote_spanned!(here=> #called(#arguments)),
            _ => quote_spanned!(here=> #called(#arguments).await),
        };
        let outcome = self.outcome(&awaited, &state);
        let owner = owner.map(|owner| quote_spanned!(here=> #owner,));
        let uses_step = self.parameters.iter().any(|parameter| !matches!(parameter.given, Given::State { .. }));
        let step = if uses_step { step.to_token_stream() } else { quote_spanned!(here=> _) };
        quote_spanned! {here=>
            |#owner #state, #step| ::std::boxed::Box::pin(async move {
                #read
                #outcome
            })
        }
    }

    /// Writes what makes an outcome of the value that the function returns.
    fn outcome(&self, returned: &TokenStream, state: &Ident) -> TokenStream {
        let written = match &self.function.signature.output {
            ReturnType::Type(_, written) => written.span(),
            ReturnType::Default => self.function.span(),
        };
        let (place, here) = (self.options.reduce.as_ref().map_or(written, Spanned::span), at(None));
        let place = at(Some(place));
        let (krate, found) = (self.krate(place), Ident::new("found", place));
        let Some(reduce) = &self.options.reduce else {
            let outcome = quote_spanned!(place=> #krate::IntoOutcome::into_outcome(#found));
            return quote_spanned!(here=> let #found = #returned; #outcome);
        };
        let fails = self.returned.is_result().then(|| quote_spanned!(at(Some(written))=> ?));
        let outcome = quote_spanned!(place=> #krate::__private::reduced(#found, #state, #reduce));
        quote_spanned!(here=> let #found = #returned #fails; #outcome)
    }
}

fn outside(attribute: &Attribute) -> bool {
    is_one_of(attribute, &OUTSIDE) || is_one_of(attribute, &BOTH)
}

fn inside(attribute: &Attribute) -> bool {
    !is_one_of(attribute, &OUTSIDE)
}

fn is_one_of(attribute: &Attribute, names: &[&str]) -> bool {
    names.iter().any(|name| attribute.path().is_ident(name))
}
