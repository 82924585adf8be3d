//! What our crates offer, read from their sources: the paths that a program can write.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::{Attribute, ImplItem, Item, ItemImpl, TraitItem, Type, UseTree, Visibility};

/// The crates that are looked at: the name in a path, and the folder.
const CRATES: [(&str, &str); 5] = [
    ("trackway", "crates/trace"),
    ("trackway_machine", "crates/machine"),
    ("trackway_macros", "crates/macros"),
    ("trackway_model", "crates/model"),
    ("trackway_wire", "crates/wire"),
];

/// Everything that can be named.
pub(crate) struct Items {
    crates: BTreeMap<&'static str, Source>,
}

/// One crate.
#[derive(Default)]
struct Source {
    /// By its path inside the crate.
    modules: BTreeMap<Vec<String>, Module>,
    /// Methods, variants, fields and constants of every type, by the type's name.
    members: BTreeMap<String, BTreeSet<String>>,
    /// Items of any name and place, and whether their documentation holds an example.
    items: BTreeMap<String, bool>,
    macros: BTreeSet<String>,
    /// Documented members with an example, as `Type::member`.
    examples: BTreeSet<String>,
}

#[derive(Default)]
struct Module {
    public: BTreeSet<String>,
    public_modules: BTreeSet<String>,
    uses: Vec<Use>,
}

/// One leaf of a `pub use`.
struct Use {
    path: Vec<String>,
    /// `None` for a glob.
    name: Option<String>,
}

impl Items {
    /// Reads the sources of all crates.
    pub(crate) fn read(root: &Path) -> Self {
        let read = |folder: &str| {
            let mut source = Source::default();
            source.module(&root.join(folder).join("src/lib.rs"), &[]);
            source
        };
        Self { crates: CRATES.iter().map(|(name, folder)| (*name, read(folder))).collect() }
    }

    /// Returns whether a program can write that path.
    pub(crate) fn has(&self, path: &str) -> bool {
        let path = bare(path);
        if let Some((name, of)) = path.strip_suffix('!').and_then(|path| path.rsplit_once("::")).map(|(a, b)| (b, a)) {
            return self.crates.get(of).is_some_and(|source| source.macros.contains(name));
        }
        let parts: Vec<String> = path.split("::").map(str::to_owned).collect();
        let [name, rest @ ..] = parts.as_slice() else { return false };
        self.crates.contains_key(name.as_str()) && self.names(name, &[], rest)
    }

    /// Returns whether the item has an example in its documentation.
    pub(crate) fn has_example(&self, path: &str) -> bool {
        let path = bare(path);
        if !self.has(path) {
            return false;
        }
        let parts: Vec<&str> = path.trim_end_matches('!').split("::").collect();
        let sources = || self.crates.values();
        let item = parts.last().is_some_and(|name| sources().any(|source| source.items.get(*name) == Some(&true)));
        let member = parts.len() > 1 && {
            let name = parts[parts.len() - 2..].join("::");
            sources().any(|source| source.examples.contains(&name))
        };
        item || member
    }

    /// Returns whether `rest` can be reached from that module.
    fn names(&self, of: &str, module: &[String], rest: &[String]) -> bool {
        let Some(source) = self.crates.get(of) else { return false };
        let (Some(found), [name, behind @ ..]) = (source.modules.get(module), rest) else { return rest.is_empty() };
        if found.public.contains(name) && source.is_member(name, behind) {
            return true;
        }
        let inner = [module, std::slice::from_ref(name)].concat();
        if found.public_modules.contains(name) && self.names(of, &inner, behind) {
            return true;
        }
        found.uses.iter().any(|used| self.through(of, module, used, rest))
    }

    /// Returns whether `rest` comes by that `pub use`.
    fn through(&self, of: &str, module: &[String], used: &Use, rest: &[String]) -> bool {
        let (of, path) = place(of, module, &used.path);
        let Some(source) = self.crates.get(of.as_str()) else {
            // Another's crate: it is there, or this one would not compile.
            return rest.len() == 1 && used.name.as_ref() == rest.first();
        };
        let [name, behind @ ..] = rest else { return false };
        match &used.name {
            None => self.names(&of, &path, rest),
            Some(known) if known == name => {
                let is_module = source.modules.contains_key(&path) && self.names(&of, &path, behind);
                let Some(original) = path.last() else { return is_module };
                let above = path.len().saturating_sub(1);
                // Either it is written there, or handed on from there.
                let is_there = source.items.contains_key(original) && source.is_member(original, behind);
                let handed_on = || {
                    let rest = [std::slice::from_ref(original), behind].concat();
                    above < path.len() && path.get(..above).is_some_and(|above| self.names(&of, above, &rest))
                };
                is_module || is_there || handed_on()
            }
            Some(_) => false,
        }
    }
}

impl Source {
    fn is_member(&self, item: &str, behind: &[String]) -> bool {
        match behind {
            [] => true,
            [member] => self.members.get(item).is_some_and(|members| members.contains(member)),
            _ => false,
        }
    }

    fn module(&mut self, file: &Path, path: &[String]) {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let folder = match file.file_stem().and_then(|stem| stem.to_str()) {
            Some("lib" | "mod") | None => file.parent().unwrap().to_owned(),
            Some(_) => file.with_extension(""),
        };
        self.items_of(parsed.items, path, &folder);
    }

    fn items_of(&mut self, items: Vec<Item>, path: &[String], folder: &Path) {
        let mut module = Module::default();
        for item in items {
            match item {
                Item::Mod(inner) => {
                    let name = inner.ident.to_string();
                    if is_public(&inner.vis) {
                        module.public_modules.insert(name.clone());
                    }
                    let below = [path, std::slice::from_ref(&name)].concat();
                    match inner.content {
                        Some((_, items)) => self.items_of(items, &below, &folder.join(&name)),
                        None if is_for_tests(&inner.attrs) => {}
                        None => self.module(&file_of(folder, &name), &below),
                    }
                }
                Item::Use(used) if is_public(&used.vis) => leaves(&used.tree, &mut Vec::new(), &mut module.uses),
                Item::Impl(block) => self.implementation(block),
                Item::Macro(made) => {
                    if let Some(name) = made.ident {
                        let exported = made.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export"));
                        if exported {
                            self.macros.insert(name.to_string());
                        }
                        self.items.insert(name.to_string(), has_example(&made.attrs));
                    }
                }
                item => self.plain(item, &mut module),
            }
        }
        self.modules.insert(path.to_vec(), module);
    }

    /// Takes a type, a trait, a function or a constant.
    fn plain(&mut self, item: Item, module: &mut Module) {
        let (name, visibility, attributes) = match &item {
            Item::Struct(item) => (&item.ident, &item.vis, &item.attrs),
            Item::Enum(item) => (&item.ident, &item.vis, &item.attrs),
            Item::Trait(item) => (&item.ident, &item.vis, &item.attrs),
            Item::Type(item) => (&item.ident, &item.vis, &item.attrs),
            Item::Const(item) => (&item.ident, &item.vis, &item.attrs),
            Item::Static(item) => (&item.ident, &item.vis, &item.attrs),
            Item::Fn(item) => (&item.sig.ident, &item.vis, &item.attrs),
            _ => return,
        };
        let name = name.to_string();
        let example = has_example(attributes);
        *self.items.entry(name.clone()).or_default() |= example;
        if is_public(visibility) {
            module.public.insert(name.clone());
        }
        let members = self.members.entry(name.clone()).or_default();
        match item {
            Item::Struct(item) => {
                let public = item.fields.into_iter().filter(|field| is_public(&field.vis));
                members.extend(public.filter_map(|field| Some(field.ident?.to_string())));
            }
            Item::Enum(item) => members.extend(item.variants.into_iter().map(|variant| variant.ident.to_string())),
            Item::Trait(item) => {
                for member in item.items {
                    let (member, attributes) = match member {
                        TraitItem::Fn(member) => (member.sig.ident, member.attrs),
                        TraitItem::Const(member) => (member.ident, member.attrs),
                        TraitItem::Type(member) => (member.ident, member.attrs),
                        _ => continue,
                    };
                    members.insert(member.to_string());
                    if has_example(&attributes) {
                        self.examples.insert(format!("{name}::{member}"));
                    }
                }
            }
            _ => {}
        }
    }

    fn implementation(&mut self, block: ItemImpl) {
        let Type::Path(of) = &*block.self_ty else { return };
        let Some(name) = of.path.segments.last().map(|segment| segment.ident.to_string()) else { return };
        let of_trait = block.trait_.is_some();
        for member in block.items {
            let (member, visibility, attributes) = match member {
                ImplItem::Fn(member) => (member.sig.ident, member.vis, member.attrs),
                ImplItem::Const(member) => (member.ident, member.vis, member.attrs),
                _ => continue,
            };
            if of_trait || is_public(&visibility) {
                self.members.entry(name.clone()).or_default().insert(member.to_string());
                if has_example(&attributes) {
                    self.examples.insert(format!("{name}::{member}"));
                }
            }
        }
    }
}

/// Returns a path without what stands behind it: arguments, type parameters.
fn bare(path: &str) -> &str {
    path.split(['(', '<', ' ']).next().unwrap_or_default()
}

/// Returns in which crate a `use` looks, and where.
fn place(of: &str, module: &[String], path: &[String]) -> (String, Vec<String>) {
    let [first, rest @ ..] = path else { return (of.to_owned(), module.to_vec()) };
    match first.as_str() {
        "crate" => (of.to_owned(), rest.to_vec()),
        "self" => (of.to_owned(), [module, rest].concat()),
        "super" => (of.to_owned(), [&module[..module.len() - 1], rest].concat()),
        name if CRATES.iter().any(|(known, _)| *known == name) => (name.to_owned(), rest.to_vec()),
        // A module beside, or a crate that is not ours: this edition tells them apart, and so does who finds it.
        _ => (of.to_owned(), [module, path].concat()),
    }
}

fn leaves(tree: &UseTree, above: &mut Vec<String>, into: &mut Vec<Use>) {
    match tree {
        UseTree::Path(inner) => {
            above.push(inner.ident.to_string());
            leaves(&inner.tree, above, into);
            above.pop();
        }
        UseTree::Name(leaf) => {
            let name = leaf.ident.to_string();
            into.push(Use { path: [above.as_slice(), std::slice::from_ref(&name)].concat(), name: Some(name) });
        }
        UseTree::Rename(leaf) => {
            let path = [above.as_slice(), &[leaf.ident.to_string()]].concat();
            into.push(Use { path, name: Some(leaf.rename.to_string()) });
        }
        UseTree::Glob(_) => into.push(Use { path: above.clone(), name: None }),
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, above, into)),
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Ok(list) = attribute.meta.require_list() else { return false };
        attribute.path().is_ident("cfg") && list.tokens.to_string() == "test"
    })
}

fn has_example(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let syn::Meta::NameValue(doc) = &attribute.meta else { return false };
        let syn::Expr::Lit(text) = &doc.value else { return false };
        matches!(&text.lit, syn::Lit::Str(text) if attribute.path().is_ident("doc") && text.value().contains("```"))
    })
}

fn file_of(folder: &Path, name: &str) -> PathBuf {
    let beside = folder.join(format!("{name}.rs"));
    if beside.is_file() { beside } else { folder.join(name).join("mod.rs") }
}
