//! What `#[derive(Schema)]` makes of a struct.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{
    Attribute, Error, Field, Fields, Ident, Item, ItemStruct, LitStr, Path, Type, Visibility, ext::IdentExt,
    spanned::Spanned,
};

/// Returns the impls beside a struct, or what is wrong with it as compile errors.
pub(crate) fn derive(item: TokenStream) -> TokenStream {
    expand(item).unwrap_or_else(Error::into_compile_error)
}

fn expand(item: TokenStream) -> Result<TokenStream, Error> {
    let item: ItemStruct = match syn::parse2(item)? {
        Item::Struct(item) => item,
        other => return Err(Error::new(other.span(), "a schema is a struct: its fields are the fields of a state")),
    };
    if !item.generics.params.is_empty() {
        return Err(Error::new(
            item.generics.span(),
            "a schema has no parameters: a state holds values of known types",
        ));
    }
    let home = home(&item.attrs)?;
    let columns = columns(&item)?;
    let keys = columns.iter().map(|column| column.key(&home));
    let descriptions = columns.iter().map(|column| column.description(&home));
    let reads = columns.iter().map(Column::read);
    let writes = columns.iter().map(Column::write);
    let name = &item.ident;
    Ok(quote! {
        #[automatically_derived]
        #[allow(non_upper_case_globals, private_interfaces, dead_code)]
        impl #name {
            #(#keys)*
        }

        #[automatically_derived]
        impl #home::Schema for #name {
            fn fields() -> &'static [#home::Field] {
                const FIELDS: &[#home::Field] = &[#(#descriptions),*];
                FIELDS
            }

            fn read(state: &#home::State) -> ::core::result::Result<Self, #home::StateError> {
                ::core::result::Result::Ok(Self { #(#reads),* })
            }

            fn write(&self, state: &#home::State) -> #home::State {
                let state = ::core::clone::Clone::clone(state);
                #(#writes)*
                state
            }
        }
    })
}

/// A field of the struct, and what is said of it.
struct Column {
    docs: Vec<Attribute>,
    visibility: Visibility,
    ident: Ident,
    name: LitStr,
    kind: Type,
    is_optional: bool,
}

impl Column {
    fn new(field: &Field, item: &ItemStruct) -> Result<Self, Error> {
        let Some(ident) = &field.ident else {
            return Err(Error::new(field.span(), "the fields of a state have names, and so must those of a schema"));
        };
        let visibility = match &field.vis {
            Visibility::Inherited => &item.vis,
            own => own,
        };
        let name = name(&field.attrs)?.unwrap_or_else(|| LitStr::new(&ident.unraw().to_string(), ident.span()));
        let docs = field.attrs.iter().filter(|attribute| attribute.path().is_ident("doc")).cloned().collect();
        let is_optional = is_option(&field.ty);
        let (visibility, ident, kind) = (visibility.clone(), ident.clone(), field.ty.clone());
        Ok(Self { docs, visibility, ident, name, kind, is_optional })
    }

    fn key(&self, home: &Path) -> TokenStream {
        let Self { docs, visibility, ident, name, kind, .. } = self;
        let said = format!("The field `{}` of the state.", name.value());
        let docs = if docs.is_empty() { quote!(#[doc = #said]) } else { quote!(#(#docs)*) };
        quote! {
            #docs
            #visibility const #ident: #home::Key<#kind> = #home::Key::new(#name);
        }
    }

    fn description(&self, home: &Path) -> TokenStream {
        let Self { name, kind, .. } = self;
        let made = if self.is_optional { quote!(optional) } else { quote!(required) };
        // The type is where a reader looks when it cannot be read from a state.
        quote_spanned!(kind.span()=> #home::Field::#made::<#kind>(#name))
    }

    fn read(&self) -> TokenStream {
        let ident = &self.ident;
        quote!(#ident: state.get(Self::#ident)?)
    }

    fn write(&self) -> TokenStream {
        let ident = &self.ident;
        quote!(let state = state.set(Self::#ident, &self.#ident);)
    }
}

fn columns(item: &ItemStruct) -> Result<Vec<Column>, Error> {
    let Fields::Named(fields) = &item.fields else {
        return Err(Error::new(item.ident.span(), "the fields of a state have names, and so must those of a schema"));
    };
    let mut columns: Vec<Column> = Vec::new();
    for field in &fields.named {
        let column = Column::new(field, item)?;
        if let Some(other) = columns.iter().find(|other| other.name.value() == column.name.value()) {
            let message = format!("`{}` is called `{}` in the state already", other.ident, other.name.value());
            return Err(Error::new(column.name.span(), message));
        }
        columns.push(column);
    }
    Ok(columns)
}

/// Returns what `#[schema(crate = path)]` on the struct says, or where the crate is otherwise.
fn home(attributes: &[Attribute]) -> Result<Path, Error> {
    let mut home = syn::parse_quote!(::trackway_machine);
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("schema")) {
        attribute.parse_nested_meta(|option| {
            if !option.path.is_ident("crate") {
                return Err(option.error("a struct takes `crate = path`; its fields take `name = \"...\"`"));
            }
            home = option.value()?.call(Path::parse_mod_style)?;
            Ok(())
        })?;
    }
    Ok(home)
}

/// Returns what `#[schema(name = "...")]` on a field says.
fn name(attributes: &[Attribute]) -> Result<Option<LitStr>, Error> {
    let mut name = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("schema")) {
        attribute.parse_nested_meta(|option| {
            if !option.path.is_ident("name") {
                return Err(option.error("a field takes `name = \"...\"`: what it is called in the state"));
            }
            name = Some(option.value()?.parse()?);
            Ok(())
        })?;
    }
    Ok(name)
}

fn is_option(kind: &Type) -> bool {
    match kind {
        Type::Path(path) => path.path.segments.last().is_some_and(|segment| segment.ident == "Option"),
        Type::Group(group) => is_option(&group.elem),
        Type::Paren(inner) => is_option(&inner.elem),
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use quote::quote;

    use super::*;

    fn refusal(item: TokenStream) -> String {
        expand(item).map(|made| made.to_string()).unwrap_err().to_string()
    }

    #[test]
    fn only_a_struct_with_names_describes_a_state() {
        let named = "the fields of a state have names, and so must those of a schema";
        assert_eq!(
            refusal(quote!(
                struct Pair(u8, u8);
            )),
            named
        );
        assert!(
            refusal(quote!(
                enum Either {
                    A,
                    B,
                }
            ))
            .starts_with("a schema is a struct")
        );
        assert!(
            refusal(quote!(
                struct Of<T> {
                    it: T,
                }
            ))
            .starts_with("a schema has no parameters")
        );
    }

    #[test]
    fn two_fields_cannot_be_one_in_the_state() {
        let twice = quote!(
            struct Chat {
                question: String,
                #[schema(name = "question")]
                other: String,
            }
        );
        assert_eq!(refusal(twice), "`question` is called `question` in the state already");
    }

    #[test]
    fn options_that_nobody_knows_are_refused_with_those_there_are() {
        let field = quote!(
            struct Chat {
                #[schema(rename = "q")]
                question: String,
            }
        );
        assert_eq!(refusal(field), "a field takes `name = \"...\"`: what it is called in the state");
        let item = quote!(
            #[schema(name = "q")]
            struct Chat {
                question: String,
            }
        );
        assert_eq!(refusal(item), "a struct takes `crate = path`; its fields take `name = \"...\"`");
    }
}
