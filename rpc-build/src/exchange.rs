//! Protos across crates: what a crate publishes about its `.proto` files, and how another reads it.
//!
//! The publisher writes a file with the folders, the Rust paths of its types and the names of its services,
//! and cargo hands the file's name to the build scripts of the crates that depend on it. Each line is a
//! word and what belongs to it:
//!
//! ```text
//! package common
//! include /home/me/common/proto
//! type .common.Money common::Money
//! service .common.Bank
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro_crate::{FoundCrate, crate_name};
use prost_types::{DescriptorProto, EnumDescriptorProto};

use crate::diagnostic::Diagnostic;
use crate::load::LoadedFile;
use crate::options::Options;
use crate::{Error, Result, names, output, packages};

/// The file that a publisher writes.
const FILE_NAME: &str = "rpc_protos.published";
/// The key under which cargo passes on its path.
const METADATA_KEY: &str = "rpc_protos";

/// What another crate publishes.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Published {
    pub(crate) includes: Vec<PathBuf>,
    /// Rust paths by full names with a leading dot.
    pub(crate) types: BTreeMap<String, String>,
    /// Full names with a leading dot.
    pub(crate) services: BTreeSet<String>,
}

/// Reads what the crate with this `links` key publishes.
pub(crate) fn import(links: &str) -> Result<Published> {
    let variable = format!("DEP_{links}_{METADATA_KEY}")
        .to_uppercase()
        .replace('-', "_");
    let Some(path) = env::var_os(&variable).map(PathBuf::from) else {
        let message = format!("no dependency publishes protos as \"{links}\"");
        let help = format!(
            "the crate needs `links = \"{links}\"` in its Cargo.toml and `.publish(..)` in its build script, \
             and this crate needs it in [dependencies]"
        );
        return Err(Diagnostic::without_location(message)
            .with_help(Some(help))
            .into());
    };
    let text = fs::read_to_string(&path).map_err(|error| Error::file("read", &path, &error))?;
    Ok(parse(&text, |package| match crate_name(package) {
        Ok(FoundCrate::Name(name)) => name,
        Ok(FoundCrate::Itself) | Err(_) => package.replace('-', "_"),
    }))
}

/// Reads the published `text`; `crate_name` turns a package's name into what it is called here.
fn parse(text: &str, crate_name: impl Fn(&str) -> String) -> Published {
    let mut published = Published::default();
    let mut crate_path = String::new();
    for line in text.lines() {
        match line.split_once(' ') {
            Some(("package", package)) => crate_path = format!("::{}", crate_name(package)),
            Some(("include", folder)) => published.includes.push(folder.into()),
            Some(("type", names)) => {
                if let Some((proto_name, rust_path)) = names.split_once(' ') {
                    let rust_path = format!("{crate_path}::{rust_path}");
                    published.types.insert(proto_name.to_owned(), rust_path);
                }
            }
            Some(("service", name)) => {
                published.services.insert(name.to_owned());
            }
            _ => {}
        }
    }
    published
}

/// Publishes the types and services of `files` that this crate generates, below `module`.
#[allow(
    clippy::print_stdout,
    reason = "cargo reads the standard output of a build script"
)]
pub(crate) fn publish(
    module: &str,
    out_dir: &Path,
    includes: &[PathBuf],
    files: &[LoadedFile],
    options: &Options,
) -> Result<()> {
    if env::var_os("CARGO_MANIFEST_LINKS").is_none() {
        let message =
            "a crate that publishes its protos needs a name for cargo to pass them on under";
        let help =
            "add `links = \"..\"` to [package] in Cargo.toml, with a name that no other crate has";
        return Err(Diagnostic::without_location(message)
            .with_help(Some(help.to_owned()))
            .into());
    }
    let package = env::var("CARGO_PKG_NAME").unwrap_or_default();
    let mut text = format!("package {package}\n");
    for folder in includes {
        let folder =
            fs::canonicalize(folder).map_err(|error| Error::file("find", folder, &error))?;
        text.push_str(&format!("include {}\n", folder.display()));
    }
    let module = module.trim_start_matches("crate").trim_start_matches("::");
    for (proto_name, rust_path) in types(files) {
        if !options.is_extern(&proto_name) {
            let separator = if module.is_empty() { "" } else { "::" };
            text.push_str(&format!(
                "type {proto_name} {module}{separator}{rust_path}\n"
            ));
        }
    }
    for name in services(files).filter(|name| options.is_wanted(name)) {
        text.push_str(&format!("service {name}\n"));
    }
    let path = out_dir.join(FILE_NAME);
    println!("cargo::metadata={METADATA_KEY}={}", path.display());
    output::write(&BTreeMap::from([(path, text.into_bytes())]))
}

/// All messages and enums of `files`, with their Rust paths in the module tree.
fn types(files: &[LoadedFile]) -> BTreeMap<String, String> {
    let mut types = BTreeMap::new();
    for LoadedFile { descriptor, .. } in files {
        let scope = packages::scope(descriptor.package());
        let modules = names::module_path(descriptor.package());
        let modules: Vec<String> = modules.iter().map(ToString::to_string).collect();
        collect(
            &mut types,
            &scope,
            &modules,
            &descriptor.message_type,
            &descriptor.enum_type,
        );
    }
    types
}

/// The full names of all services of `files`, with a leading dot.
fn services(files: &[LoadedFile]) -> impl Iterator<Item = String> {
    files.iter().flat_map(|LoadedFile { descriptor, .. }| {
        let scope = packages::scope(descriptor.package());
        let services = descriptor.service.iter();
        services.map(move |service| format!("{scope}.{}", service.name()))
    })
}

/// Collects the types in `scope` and in the messages there.
fn collect(
    types: &mut BTreeMap<String, String>,
    scope: &str,
    modules: &[String],
    messages: &[DescriptorProto],
    enums: &[EnumDescriptorProto],
) {
    let names = messages.iter().map(|each| each.name());
    for name in names.chain(enums.iter().map(|each| each.name())) {
        let mut path = modules.to_vec();
        path.push(names::type_name(name).to_string());
        types.insert(format!("{scope}.{name}"), path.join("::"));
    }
    for message in messages {
        let mut modules = modules.to_vec();
        modules.extend(
            names::module_path(message.name())
                .iter()
                .map(ToString::to_string),
        );
        let scope = format!("{scope}.{}", message.name());
        collect(
            types,
            &scope,
            &modules,
            &message.nested_type,
            &message.enum_type,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_published_is_found_under_the_name_that_the_crate_has_here() {
        let text = "package money-types\ninclude /a b/proto\ntype .money.Money pb::money::Money\n\
                    service .money.Bank\n";
        let published = parse(text, |package| package.replace('-', "_"));
        let path = "::money_types::pb::money::Money".to_owned();
        let expected = Published {
            includes: vec![PathBuf::from("/a b/proto")],
            types: BTreeMap::from([(".money.Money".to_owned(), path)]),
            services: BTreeSet::from([".money.Bank".to_owned()]),
        };
        assert_eq!(published, expected);
    }
}
