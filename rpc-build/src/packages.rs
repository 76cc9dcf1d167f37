//! Packages as modules: what they refer to, and the tree that they form.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use prost_types::{DescriptorProto, FileDescriptorProto};
use quote::quote;
use syn::Ident;

use crate::load::LoadedFile;
use crate::{names, output};

/// The package whose types come from `prost-types`, not from generated code.
const WELL_KNOWN_TYPES: &str = "google.protobuf";

/// One top-level type of another package that a package refers to.
pub(crate) struct Reference {
    /// The other package.
    pub(crate) package: String,
    /// The Rust path from the referring module to the type.
    pub(crate) path: TokenStream,
}

/// For each other package that `package` refers to, one of the types that it needs from there.
pub(crate) fn references(package: &str, files: &[LoadedFile]) -> Vec<Reference> {
    let owners = type_owners(files);
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
fn type_owners(files: &[LoadedFile]) -> BTreeMap<String, String> {
    let mut owners = BTreeMap::new();
    let descriptors = files.iter().map(|file| &file.descriptor);
    for file in descriptors.filter(|file| file.package() != WELL_KNOWN_TYPES) {
        let messages = file.message_type.iter().map(DescriptorProto::name);
        let enums = file.enum_type.iter().map(|each| each.name());
        for name in messages.chain(enums) {
            let full_name = match file.package() {
                "" => format!(".{name}"),
                package => format!(".{package}.{name}"),
            };
            owners.insert(full_name, file.package().to_owned());
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

/// The module tree of `packages`: each package's code is included in the module of its name.
pub(crate) fn module_tree<'a>(packages: impl IntoIterator<Item = &'a String>) -> TokenStream {
    let mut root = Module::default();
    for package in packages {
        let path = names::module_path(package).into_iter();
        let module = path.fold(&mut root, |module, name| {
            module.children.entry(name).or_default()
        });
        module.package = Some(package.clone());
    }
    root.content()
}

impl Module {
    fn content(&self) -> TokenStream {
        let include = self.package.as_deref().map(|package| {
            let file_name = output::code_file_name(package);
            quote!(::core::include!(#file_name);)
        });
        let children = self.children.iter().map(|(name, child)| {
            let docs = match &child.package {
                Some(package) => format!(" The package `{package}`."),
                None => " The packages below.".to_owned(),
            };
            let content = child.content();
            quote! {
                #[doc = #docs]
                pub mod #name { #content }
            }
        });
        quote!(#include #(#children)*)
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
        let packages = ["a.b.c", "a", ""].map(str::to_owned);
        let tree = module_tree(&packages).to_string();
        let expected = quote! {
            ::core::include!("_.rs");
            #[doc = " The package `a`."]
            pub mod a {
                ::core::include!("a.rs");
                #[doc = " The packages below."]
                pub mod b {
                    #[doc = " The package `a.b.c`."]
                    pub mod c { ::core::include!("a.b.c.rs"); }
                }
            }
        };
        assert_eq!(tree, expected.to_string());
    }
}
