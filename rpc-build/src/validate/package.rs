//! The names in the module of a package: types, modules, and all that belongs to services.

use std::collections::{BTreeMap, BTreeSet};

use prost_types::ServiceDescriptorProto;

use super::claims::{Claim, Claims};
use super::message::{Scope, message, type_and_values};
use super::{File, Generated};
use crate::diagnostic::Diagnostic;
use crate::element::{self, field};
use crate::names;

/// Finds the names that clash in the modules of all packages.
pub(super) fn check(files: &[File<'_>], generated: &Generated<'_>) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let mut modules: BTreeMap<String, Claims<'_>> = BTreeMap::new();
    packages(files, generated, &mut modules, &mut diagnostics);
    for file in files {
        let package = file.descriptor.package();
        let claims = modules.entry(rust_path(package)).or_default();
        let mut scope = Scope {
            file: *file,
            generated,
            full_name: package.to_owned(),
            claims,
            diagnostics: &mut diagnostics,
        };
        for (index, each) in file.descriptor.message_type.iter().enumerate() {
            message(&mut scope, each, &[field::FILE_MESSAGE, index as i32]);
        }
        for (index, each) in file.descriptor.enum_type.iter().enumerate() {
            type_and_values(&mut scope, each, &[field::FILE_ENUM, index as i32]);
        }
        for (index, each) in file.descriptor.service.iter().enumerate() {
            service(&mut scope, each, &[field::FILE_SERVICE, index as i32]);
        }
    }
    diagnostics
}

/// Claims the module of every package in the module around it.
fn packages<'a>(
    files: &[File<'a>],
    generated: &Generated<'_>,
    modules: &mut BTreeMap<String, Claims<'a>>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut seen = BTreeSet::new();
    for file in files {
        let full_name = file.descriptor.package();
        if (generated.is_extern)(&format!(".{full_name}")) {
            continue;
        }
        for package in
            element::enclosing(full_name).filter(|package| seen.insert(package.to_string()))
        {
            let (parent, name) = package.rsplit_once('.').unwrap_or(("", package));
            let claim = Claim {
                what: format!("package '{package}'"),
                file: *file,
                path: vec![field::FILE_PACKAGE],
            };
            modules.entry(rust_path(parent)).or_default().claim(
                names::module(name).to_string(),
                claim,
                diagnostics,
            );
        }
    }
}

/// The module of `package` as Rust writes it.
fn rust_path(package: &str) -> String {
    let path: Vec<String> = names::module_path(package)
        .iter()
        .map(ToString::to_string)
        .collect();
    path.join("::")
}

/// Claims the items of a service, and the methods of its trait.
fn service(scope: &mut Scope<'_, '_>, service: &ServiceDescriptorProto, path: &[i32]) {
    let full_name = element::join(&scope.full_name, service.name());
    if !(scope.generated.is_wanted)(&format!(".{full_name}")) {
        return;
    }
    let name = service.name();
    let type_name = names::type_name(name);
    let generated = scope.generated;
    let items = [
        (generated.server, "", "service"),
        (generated.server, "Server", "the server of service"),
        (
            generated.client,
            "ClientProxy",
            "the client proxy of service",
        ),
        (
            generated.client,
            "AsyncClientProxy",
            "the async client proxy of service",
        ),
    ];
    let name_path = [path, &[field::NAME]].concat();
    for (_, suffix, what) in items.iter().filter(|(is_generated, ..)| *is_generated) {
        let what = format!("{what} '{name}'");
        let is_free = scope.claim(format!("{type_name}{suffix}"), what, name_path.clone());
        // Whoever renames the service renames all that is called after it.
        if !is_free {
            break;
        }
    }
    let mut methods = Claims::default();
    for (index, method) in service.method.iter().enumerate() {
        let claim = Claim {
            what: format!("method '{}'", method.name()),
            file: scope.file,
            path: [path, &[field::SERVICE_METHOD, index as i32, field::NAME]].concat(),
        };
        let rust_name = names::method(method.name()).to_string();
        methods.claim(rust_name, claim, scope.diagnostics);
    }
}
