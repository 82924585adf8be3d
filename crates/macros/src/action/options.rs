//! What stands in the brackets: `#[action(reads = [question], writes = [answer], tags = ["llm"])]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{
    Error, LitStr, Path, Result, Token, bracketed,
    ext::IdentExt,
    parse::{Parse, ParseStream},
    spanned::Spanned,
    token::Bracket,
};

use crate::{expand::at, options::each};

#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<String>,
    pub(crate) reads: Vec<Key>,
    pub(crate) writes: Vec<Key>,
    pub(crate) tags: Vec<Key>,
    pub(crate) reduce: Option<Path>,
    pub(crate) krate: Option<Path>,
}

/// The name of a field or a tag: `question`, `"question"` or `Chat::question`.
pub(crate) struct Key {
    /// Its last word.
    pub(crate) name: String,
    /// The constant that has the name, where the key is one.
    constant: Option<Path>,
    span: Span,
}

impl Key {
    /// Returns whether only the constant's value tells what it names: `keys::ANSWER`.
    pub(crate) fn is_opaque(&self) -> bool {
        is_opaque(&self.name)
    }

    /// Writes an expression of the type `&'static str`.
    pub(crate) fn written(&self, krate: &TokenStream) -> TokenStream {
        match &self.constant {
            None => self.name.to_token_stream(),
            Some(path) => quote_spanned!(at(Some(self.span))=> #krate::__private::Named(#path).name()),
        }
    }
}

/// Returns whether a name in capitals stands for a constant, whose value is another.
pub(crate) fn is_opaque(name: &str) -> bool {
    name.chars().any(char::is_uppercase) && !name.chars().any(char::is_lowercase)
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
        each(input, |option, word| options.read(option, word, input))?;
        Ok(options)
    }
}

impl Options {
    fn read(&mut self, option: &Ident, word: &str, input: ParseStream<'_>) -> Result<()> {
        match word {
            "reads" => self.reads = list(option, "reads = [question]", input)?,
            "writes" => self.writes = list(option, "writes = [answer]", input)?,
            "tags" => self.tags = list(option, "tags = [\"llm\"]", input)?,
            "name" => self.name = Some(name(option, input)?),
            "reduce" => {
                equals(option, "reduce = path::to::function", input)?;
                self.reduce = Some(input.call(Path::parse_mod_style)?);
            }
            "crate" => {
                equals(option, "crate = ::path", input)?;
                self.krate = Some(input.call(Path::parse_mod_style)?);
            }
            _ => return Err(Error::new(option.span(), unknown(word))),
        }
        Ok(())
    }
}

fn unknown(word: &str) -> String {
    let instead = match word {
        "read" | "write" | "tag" => format!("; write `{word}s = [..]`"),
        "inputs" | "optional" => "; an action's inputs are its parameters, those of the type `Option` optional".into(),
        _ => String::new(),
    };
    format!(
        "unknown option `{word}`{instead}. The options are `reads = [..]`, `writes = [..]`, `tags = [..]`, \
         `name = \"..\"`, `reduce = path` and `crate = ::path`"
    )
}

fn equals(option: &Ident, example: &str, input: ParseStream<'_>) -> Result<()> {
    if !input.peek(Token![=]) {
        return Err(Error::new(option.span(), format!("write `{example}`")));
    }
    input.parse::<Token![=]>()?;
    Ok(())
}

fn name(option: &Ident, input: ParseStream<'_>) -> Result<String> {
    equals(option, "name = \"answer\"", input)?;
    if !input.peek(LitStr) {
        return Err(Error::new(input.span(), "an action's name is a literal: `name = \"answer\"`"));
    }
    let name: LitStr = input.parse()?;
    if name.value().is_empty() {
        return Err(Error::new(name.span(), "an action needs a name; without `name` it is that of the function"));
    }
    Ok(name.value())
}

fn list(option: &Ident, example: &str, input: ParseStream<'_>) -> Result<Vec<Key>> {
    equals(option, example, input)?;
    if !input.peek(Bracket) {
        return Err(Error::new(input.span(), format!("a list has brackets: `{example}`")));
    }
    let content;
    bracketed!(content in input);
    let mut keys: Vec<Key> = Vec::new();
    while !content.is_empty() {
        let key = key(&content)?;
        if keys.iter().any(|known| known.name == key.name) {
            return Err(Error::new(key.span, format!("`{}` is listed twice", key.name)));
        }
        keys.push(key);
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(keys)
}

fn key(input: ParseStream<'_>) -> Result<Key> {
    if input.peek(LitStr) {
        let name: LitStr = input.parse()?;
        if name.value().is_empty() {
            return Err(Error::new(name.span(), "this name is empty"));
        }
        return Ok(Key { name: name.value(), constant: None, span: name.span() });
    }
    let said = "a name is written `question`, `\"question\"` or `Chat::question`";
    let path = input.call(Path::parse_mod_style).map_err(|error| Error::new(error.span(), said))?;
    let Some(last) = path.segments.last() else { return Err(Error::new(path.span(), said)) };
    let (name, span) = (last.ident.unraw().to_string(), path.span());
    let is_constant = path.segments.len() > 1 || is_opaque(&name);
    Ok(Key { name, constant: is_constant.then_some(path), span })
}
