//! Packages as modules: what they refer to, and the tree that they form.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use prost_types::{DescriptorProto, FileDescriptorProto};
use quote::{ToTokens, quote};
use syn::Ident;

use crate::load::LoadedFile;
use crate::{names, output};

/// What the full names of everything in `package` start with, up to the dot before their own names.
pub(crate) fn scope(package: &str) -> String {
    match package {
        "" => String::new(),
        package => format!(".{package}"),
    }
}

/// One top-level type of another package that a package refers to.
pub(crate) struct Reference {
    /// The other package.
    pub(crate) package: String,
    /// The Rust path from the referring module to the type.
    pub(crate) path: TokenStream,
}

/// For each other package that `package` refers to, one of the types that it needs from there.
/// Types for which `is_extern` is true come from elsewhere.
pub(crate) fn references(
    package: &str,
    files: &[LoadedFile],
    is_extern: impl Fn(&str) -> bool,
) -> Vec<Reference> {
    let owners = type_owners(files, is_extern);
    let mut found: BTreeMap<&str, &str> = BTreeMap::new();
    let own_files = files
        .iter()
        .filter(|file| file.descriptor.package() == package);
    for name in own_files.flat_map(|file| types_used(&file.descriptor)) {
        // A nested type belongs to the package of the type around it.
        let mut enclosing =
            std::iter::successors(Some(name), |name| Some(name.rsplit_once('.')?.0));
        if let Some((name, owner)) = enclosing.find_map(|name| owners.get_key_value(name))
            && owner != package
        {
            found.entry(owner).or_insert(name);
        }
    }
    let reference = |(owner, name): (&str, &str)| Reference {
        package: owner.to_owned(),
        path: relative_path(package, owner, name),
    };
    found.into_iter().map(reference).collect()
}

/// The package of every top-level type that is generated, by the type's full name.
fn type_owners(files: &[LoadedFile], is_extern: impl Fn(&str) -> bool) -> BTreeMap<String, String> {
    let mut owners = BTreeMap::new();
    for file in files.iter().map(|file| &file.descriptor) {
        let messages = file.message_type.iter().map(DescriptorProto::name);
        let enums = file.enum_type.iter().map(|each| each.name());
        for name in messages.chain(enums) {
            let full_name = format!("{}.{name}", scope(file.package()));
            if !is_extern(&full_name) {
                owners.insert(full_name, file.package().to_owned());
            }
        }
    }
    owners
}

/// The full names of the types of all fields and of all requests and replies.
fn types_used(file: &FileDescriptorProto) -> BTreeSet<&str> {
    let mut used = BTreeSet::new();
    let mut messages: Vec<&DescriptorProto> = file.message_type.iter().collect();
    while let Some(message) = messages.pop() {
        used.extend(
            message
                .field
                .iter()
                .filter_map(|field| field.type_name.as_deref()),
        );
        messages.extend(&message.nested_type);
    }
    let methods = file.service.iter().flat_map(|service| &service.method);
    used.extend(methods.flat_map(|method| [method.input_type(), method.output_type()]));
    used
}

/// The path from the module of `package` to the type `name` in the module of `owner`.
fn relative_path(package: &str, owner: &str, name: &str) -> TokenStream {
    let (from, to) = (names::module_path(package), names::module_path(owner));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = match from.len() - shared {
        0 => vec![quote!(self)],
        levels => vec![quote!(super); levels],
    };
    let down = &to[shared..];
    let type_name = names::type_name(name.rsplit('.').next().unwrap_or(name));
    quote!(#(#up ::)* #(#down ::)* #type_name)
}

/// A module with the packages below it.
#[derive(Default)]
struct Module {
    /// The package of which this module has the code, if it is not there just for those below.
    package: Option<String>,
    children: BTreeMap<Ident, Module>,
}

/// How the code of the packages comes into the module tree.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// From a file for each package.
    Included,
    /// It stands there.
    Inline,
}

/// The module tree of packages with their `code`: that of each package is in the module of its name.
pub(crate) fn module_tree(code: &BTreeMap<String, syn::File>, content: Content) -> syn::File {
    let mut root = Module::default();
    for package in code.keys() {
        let path = names::module_path(package).into_iter();
        let module = path.fold(&mut root, |module, name| {
            module.children.entry(name).or_default()
        });
        module.package = Some(package.clone());
    }
    let tree = Tree { code, content };
    let quiet = quiet();
    let without_package = root.package.as_deref().map(|package| {
        let content = tree.content(package);
        let names = root.children.keys();
        quote! {
            #quiet
            mod __rpc_generated {
                #(use super::#names;)*
                #content
            }
            #[allow(unreachable_pub, unused_imports)]
            pub use __rpc_generated::*;
        }
    });
    let modules = root
        .children
        .iter()
        .map(|(name, module)| tree.module(name, module, &quiet));
    syn::parse_quote!(#without_package #(#modules)*)
}

/// What the modules are filled with.
struct Tree<'a> {
    code: &'a BTreeMap<String, syn::File>,
    content: Content,
}

impl Tree<'_> {
    /// The module `name` behind `attributes`.
    fn module(&self, name: &Ident, module: &Module, attributes: &TokenStream) -> TokenStream {
        let docs = match &module.package {
            Some(package) => format!(" The package `{package}`."),
            None => " The packages below.".to_owned(),
        };
        let content = module.package.as_deref().map(|each| self.content(each));
        let children = module
            .children
            .iter()
            .map(|(name, child)| self.module(name, child, &TokenStream::new()));
        quote! {
            #[doc = #docs]
            #attributes
            pub mod #name { #content #(#children)* }
        }
    }

    /// The code of `package`, or what includes it.
    fn content(&self, package: &str) -> TokenStream {
        match self.content {
            Content::Included => {
                let file_name = output::code_file_name(package);
                quote!(::core::include!(#file_name);)
            }
            Content::Inline => self.code[package].to_token_stream(),
        }
    }
}

/// Exempts a module from the lints that the user's crate turns on for code that people write.
fn quiet() -> TokenStream {
    quote! {
        #[allow(dead_code, deprecated, unreachable_pub, unused_imports, unused_qualifications)]
        #[allow(clippy::all, clippy::nursery, clippy::pedantic, rustdoc::all)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_up_to_the_shared_module_and_down_again() {
        let cases = [
            (
                "shop",
                "people.registry",
                ".people.registry.Person",
                "super :: people :: registry :: Person",
            ),
            ("a.b.c", "a.d", ".a.d.M", "super :: super :: d :: M"),
            ("a.b", "a", ".a.M", "super :: M"),
            ("a", "", ".m", "super :: M"),
            ("a", "a.type", ".a.type.M", "self :: r#type :: M"),
        ];
        for (package, owner, name, expected) in cases {
            assert_eq!(relative_path(package, owner, name).to_string(), expected);
        }
    }

    #[test]
    fn packages_become_nested_modules() {
        let code: BTreeMap<String, syn::File> = ["a.b.c", "a", ""]
            .map(|package| (package.to_owned(), syn::parse_quote!()))
            .into();
        let tree = module_tree(&code, Content::Included);
        let quiet = quiet();
        let expected: syn::File = syn::parse_quote! {
            #quiet
            mod __rpc_generated {
                use super::a;
                ::core::include!("_.rs");
            }
            #[allow(unreachable_pub, unused_imports)]
            pub use __rpc_generated::*;
            #[doc = " The package `a`."]
            #quiet
            pub mod a {
                ::core::include!("a.rs");
                #[doc = " The packages below."]
                pub mod b {
                    #[doc = " The package `a.b.c`."]
                    pub mod c { ::core::include!("a.b.c.rs"); }
                }
            }
        };
        assert_eq!(
            tree.to_token_stream().to_string(),
            expected.to_token_stream().to_string()
        );
    }
}
