//! A function as far as the macros look into it.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt};
use syn::{
    AttrStyle, Attribute, Error, FnArg, Pat, Receiver, Result, Signature, Token, Visibility, parse::ParseStream,
};

/// The words that an item starts with, where a statement can stand.
const ITEMS: [&str; 12] =
    ["enum", "extern", "fn", "impl", "macro_rules", "mod", "pub", "static", "struct", "trait", "type", "use"];

/// A function whose body is left unread: most need not be looked into, and an editor wants half a body expanded too.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    /// The braces, and what is between them except for the attributes of the function.
    pub(crate) body: Group,
}

/// What is said of an item that is no function, or one without a body.
pub(crate) struct Refusals {
    pub(crate) no_function: &'static str,
    pub(crate) no_body: &'static str,
}

impl Function {
    pub(crate) fn parse(input: ParseStream<'_>, refusals: &Refusals) -> Result<Self> {
        let mut attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        if !starts_a_function(input) {
            return Err(Error::new(input.span(), refusals.no_function));
        }
        let signature: Signature = input.parse()?;
        if input.peek(Token![;]) {
            return Err(Error::new(signature.ident.span(), refusals.no_body));
        }
        let content;
        let braces = syn::braced!(content in input);
        attributes.extend(content.call(Attribute::parse_inner)?);
        let mut body = Group::new(Delimiter::Brace, content.parse()?);
        body.set_span(braces.span.join());
        Ok(Self { attributes, visibility, signature, body })
    }

    /// Returns the names that the arguments bind, in their order, `self` left out.
    pub(crate) fn arguments(&self) -> Vec<Ident> {
        let mut names = Vec::new();
        self.each_binding(|name, _| names.push(name.clone()));
        names
    }

    /// Returns the arguments that the body may assign to, `self` included.
    pub(crate) fn mutable_arguments(&self) -> Vec<Ident> {
        let mut names = Vec::new();
        if let Some(FnArg::Receiver(Receiver { reference: None, mutability: Some(_), self_token, .. })) =
            self.signature.inputs.first()
        {
            names.push(Ident::new("self", self_token.span));
        }
        self.each_binding(|name, mutable| {
            if mutable {
                names.push(name.clone());
            }
        });
        names
    }

    fn each_binding(&self, mut see: impl FnMut(&Ident, bool)) {
        for argument in &self.signature.inputs {
            if let FnArg::Typed(argument) = argument {
                each_binding(&argument.pat, &mut see);
            }
        }
    }

    /// Returns the body to stand behind other statements.
    ///
    /// Braces of its own around a lone expression would be reported as needless, and items without them as late.
    pub(crate) fn statements(&self) -> TokenStream {
        let body = self.body.stream();
        if starts_with_an_item(&body) { self.body.to_token_stream() } else { body }
    }

    /// Returns the function with another body.
    pub(crate) fn with_body(&self, body: &TokenStream) -> TokenStream {
        let of = |inner: bool| {
            self.attributes.iter().filter(move |attribute| matches!(attribute.style, AttrStyle::Inner(_)) == inner)
        };
        let mut content = TokenStream::new();
        content.append_all(of(true));
        body.to_tokens(&mut content);
        let mut braces = Group::new(Delimiter::Brace, content);
        braces.set_span(self.body.span());

        let mut function = TokenStream::new();
        function.append_all(of(false));
        self.visibility.to_tokens(&mut function);
        self.signature.to_tokens(&mut function);
        braces.to_tokens(&mut function);
        function
    }

    /// Returns where the function's name is written.
    pub(crate) fn span(&self) -> Span {
        self.signature.ident.span()
    }
}

fn starts_a_function(input: ParseStream<'_>) -> bool {
    let qualified = input.peek(Token![const])
        || input.peek(Token![async])
        || input.peek(Token![unsafe])
        || input.peek(Token![extern]);
    input.peek(Token![fn]) || qualified && input.fork().parse::<Signature>().is_ok()
}

fn starts_with_an_item(body: &TokenStream) -> bool {
    let mut tokens = body.clone().into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Punct(punct)), _) => punct.as_char() == '#',
        // These start a block as well.
        (Some(TokenTree::Ident(word)), next) if word == "async" || word == "const" || word == "unsafe" => {
            matches!(next, Some(TokenTree::Ident(next)) if next != "move")
        }
        (Some(TokenTree::Ident(word)), _) => ITEMS.iter().any(|item| word == item),
        _ => false,
    }
}

fn each_binding(pattern: &Pat, see: &mut dyn FnMut(&Ident, bool)) {
    match pattern {
        Pat::Ident(pattern) => {
            see(&pattern.ident, pattern.mutability.is_some());
            if let Some((_, inner)) = &pattern.subpat {
                each_binding(inner, see);
            }
        }
        Pat::Paren(pattern) => each_binding(&pattern.pat, see),
        Pat::Reference(pattern) => each_binding(&pattern.pat, see),
        Pat::Type(pattern) => each_binding(&pattern.pat, see),
        Pat::Tuple(pattern) => pattern.elems.iter().for_each(|element| each_binding(element, see)),
        Pat::TupleStruct(pattern) => pattern.elems.iter().for_each(|element| each_binding(element, see)),
        Pat::Slice(pattern) => pattern.elems.iter().for_each(|element| each_binding(element, see)),
        Pat::Struct(pattern) => pattern.fields.iter().for_each(|field| each_binding(&field.pat, see)),
        _ => {}
    }
}
