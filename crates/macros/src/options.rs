//! What stands in the brackets: `#[trace(name = "orders.load", fields(order.id = id))]`.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Error, Expr, LitStr, Path, Result, Token,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    token::Paren,
};

const KINDS: [&str; 5] = ["Internal", "Server", "Client", "Producer", "Consumer"];

#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<LitStr>,
    pub(crate) kind: Option<Ident>,
    pub(crate) fields: Vec<Field>,
    pub(crate) args: Arguments,
    /// Where `ret` is written, if it is; and so on.
    pub(crate) ret: Option<Span>,
    pub(crate) skip_err: Option<Span>,
    pub(crate) root: Option<Span>,
    pub(crate) krate: Option<Path>,
}

/// An attribute of the span.
pub(crate) struct Field {
    pub(crate) key: LitStr,
    pub(crate) form: Form,
    pub(crate) value: Expr,
}

/// How a value becomes that of an attribute.
pub(crate) enum Form {
    Typed,
    Display,
    Debug,
}

/// Which arguments are recorded.
#[derive(Default)]
pub(crate) enum Arguments {
    #[default]
    None,
    All,
    Named(Vec<Ident>),
    AllBut(Vec<Ident>),
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
        each(input, |key, word| options.read(key, word, input))?;
        Ok(options)
    }
}

/// Calls back with every option of an attribute, each of which may be given once, in order; what is called reads its value.
pub(crate) fn each(input: ParseStream<'_>, mut read: impl FnMut(&Ident, &str) -> Result<()>) -> Result<()> {
    let mut seen: Vec<String> = Vec::new();
    while !input.is_empty() {
        if input.peek(LitStr) {
            let name: LitStr = input.parse()?;
            return Err(Error::new(name.span(), format!("write `name = \"{}\"`", name.value())));
        }
        let key = input.call(Ident::parse_any)?;
        let word = key.to_string();
        if seen.contains(&word) {
            return Err(Error::new(key.span(), format!("`{word}` is given twice")));
        }
        read(&key, &word)?;
        seen.push(word);
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(())
}

impl Options {
    fn read(&mut self, key: &Ident, word: &str, input: ParseStream<'_>) -> Result<()> {
        match word {
            "name" => self.name = Some(name(key, input)?),
            "kind" => self.kind = Some(kind(key, input)?),
            "fields" => self.fields = fields(key, input)?,
            "args" | "skip" if !matches!(self.args, Arguments::None) => {
                let said =
                    "`args` is all arguments, `args(a)` those alone, and `skip(a)` all others: write one of them";
                return Err(Error::new(key.span(), said));
            }
            "args" => self.args = arguments(input)?,
            "skip" => match arguments(input)? {
                Arguments::Named(names) => self.args = Arguments::AllBut(names),
                _ => return Err(Error::new(key.span(), "write `skip(password)`, which records all other arguments")),
            },
            "ret" => self.ret = Some(key.span()),
            "skip_err" => self.skip_err = Some(key.span()),
            "root" => self.root = Some(key.span()),
            "crate" => {
                equals(key, "crate = ::path", input)?;
                self.krate = Some(input.call(Path::parse_mod_style)?);
            }
            _ => return Err(Error::new(key.span(), unknown(word))),
        }
        Ok(())
    }
}

fn unknown(word: &str) -> String {
    let instead = match word {
        "skip_all" => "; arguments are recorded only if `args(..)` names them",
        "err" => "; the `Err` of a `Result` is recorded unless `skip_err` is given",
        "parent" => "; `root` begins a trace, and otherwise the active span is the parent",
        "level" | "target" => "; spans have no levels",
        _ => "",
    };
    format!(
        "unknown option `{word}`{instead}. The options are `name = \"..\"`, `kind = Client`, `fields(key = value)`, \
         `args`, `args(a, b)`, `skip(a, b)`, `ret`, `skip_err`, `root` and `crate = ::path`"
    )
}

fn equals(key: &Ident, example: &str, input: ParseStream<'_>) -> Result<()> {
    if !input.peek(Token![=]) {
        return Err(Error::new(key.span(), format!("write `{example}`")));
    }
    input.parse::<Token![=]>()?;
    Ok(())
}

fn name(key: &Ident, input: ParseStream<'_>) -> Result<LitStr> {
    const EXAMPLE: &str = "name = \"orders.load\"";
    equals(key, EXAMPLE, input)?;
    if !input.peek(LitStr) {
        let said =
            format!("a span's name is the same for every call, a literal: `{EXAMPLE}`; put what varies in `fields`");
        return Err(input.error(said));
    }
    let name: LitStr = input.parse()?;
    if name.value().is_empty() {
        return Err(Error::new(name.span(), "a span needs a name; without `name` it is that of the function"));
    }
    Ok(name)
}

fn kind(key: &Ident, input: ParseStream<'_>) -> Result<Ident> {
    equals(key, "kind = Client", input)?;
    let said = || format!("a kind is one of `{}`", KINDS.join("`, `"));
    let kind = input.call(Ident::parse_any).map_err(|error| Error::new(error.span(), said()))?;
    if !KINDS.iter().any(|known| kind == known) {
        return Err(Error::new(kind.span(), said()));
    }
    Ok(kind)
}

fn fields(key: &Ident, input: ParseStream<'_>) -> Result<Vec<Field>> {
    if !input.peek(Paren) {
        return Err(Error::new(key.span(), "write `fields(order.id = id, size = %x, who = ?y)`"));
    }
    let content;
    parenthesized!(content in input);
    let fields = Punctuated::<Field, Token![,]>::parse_terminated(&content)?;
    Ok(fields.into_iter().collect())
}

fn arguments(input: ParseStream<'_>) -> Result<Arguments> {
    if !input.peek(Paren) {
        return Ok(Arguments::All);
    }
    let content;
    parenthesized!(content in input);
    let listed = Punctuated::<Ident, Token![,]>::parse_terminated_with(&content, |input| {
        if input.peek(Token![self]) {
            return Err(
                input.error("`self` is recorded by no option; of it, name what is to be: `fields(id = self.id)`")
            );
        }
        let name = input.call(Ident::parse).map_err(|error| {
            Error::new(error.span(), "`args` takes the names of arguments; expressions go in `fields(key = value)`")
        })?;
        if !input.is_empty() && !input.peek(Token![,]) {
            return Err(input.error("`args` takes the names of arguments; expressions go in `fields(key = value)`"));
        }
        Ok(name)
    })?;
    Ok(Arguments::Named(listed.into_iter().collect()))
}

impl Parse for Field {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key = field_key(input)?;
        if !input.peek(Token![=]) {
            let said = format!("a field needs a value: `{} = value`", key.value());
            return Err(Error::new(key.span(), said));
        }
        input.parse::<Token![=]>()?;
        let form = if input.parse::<Option<Token![%]>>()?.is_some() {
            Form::Display
        } else if input.parse::<Option<Token![?]>>()?.is_some() {
            Form::Debug
        } else {
            Form::Typed
        };
        let value: Expr = input.parse()?;
        if let Some(span) = awaits(value.to_token_stream()) {
            let said = "a field cannot wait, since it is read as the span starts: pass in what was awaited";
            return Err(Error::new(span, said));
        }
        Ok(Self { key, form, value })
    }
}

/// Reads `order.id` or `"order.id"`.
fn field_key(input: ParseStream<'_>) -> Result<LitStr> {
    if input.peek(LitStr) {
        let key: LitStr = input.parse()?;
        if key.value().is_empty() {
            return Err(Error::new(key.span(), "a field needs a name"));
        }
        return Ok(key);
    }
    let words = Punctuated::<Ident, Token![.]>::parse_separated_nonempty_with(input, Ident::parse_any)
        .map_err(|error| Error::new(error.span(), "a field is written `order.id = value` or `\"order.id\" = value`"))?;
    let text: Vec<String> = words.iter().map(|word| word.unraw().to_string()).collect();
    let span = words.first().map_or_else(Span::call_site, Ident::span);
    Ok(LitStr::new(&text.join("."), span))
}

/// Returns where these tokens await something.
fn awaits(tokens: TokenStream) -> Option<Span> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == "await" => Some(ident.span()),
        TokenTree::Group(group) => awaits(group.stream()),
        _ => None,
    })
}
