//! Compares an implementation with the interface of its service.

use quote::ToTokens;
use syn::Error;

use crate::args::Args;
use crate::implementation::{Implementation, Method};
use crate::interface::{Interface, Rpc};
use crate::nearest::nearest;
use crate::signature;

/// What is wrong with an implementation, and what it needs to be complete.
pub(crate) struct Findings<'a> {
    pub(crate) errors: Vec<Error>,
    /// The methods that the implementation lacks, or has wrong.
    pub(crate) missing: Vec<&'a Rpc>,
    /// What was taken out of the implementation.
    pub(crate) wrong: Vec<Method>,
}

/// Finds every mistake that shows without knowing types, and takes the methods that have one out of
/// `implementation`: the compiler would report each of them again.
pub(crate) fn check<'a>(
    implementation: &mut Implementation,
    interface: &'a Interface,
    args: &Args,
) -> Findings<'a> {
    let mut errors = Vec::new();
    // A method that is there but wrong is not reported as missing too.
    let mut meant = Vec::new();
    let has_macros = implementation.has_macros();
    let present: Vec<String> = names(&implementation.methods);
    let is_right = |method: &Method| {
        let name = method.signature.ident.to_string();
        match interface.methods.iter().find(|rpc| rpc.name == name) {
            Some(rpc) => {
                let mistake = signature::mistake(&method.signature, rpc, interface);
                let is_right = mistake.is_none();
                errors.extend(mistake);
                is_right
            }
            None => {
                let (mistake, rpc) = unknown(method, interface, &present);
                errors.push(mistake);
                meant.extend(rpc.map(|rpc| &rpc.name));
                false
            }
        }
    };
    let (right, wrong) = std::mem::take(&mut implementation.methods)
        .into_iter()
        .partition(is_right);
    implementation.methods = right;
    let right = names(&implementation.methods);
    let missing: Vec<&Rpc> = match has_macros {
        true => Vec::new(),
        false => interface
            .methods
            .iter()
            .filter(|rpc| !right.iter().any(|name| rpc.name == name))
            .collect(),
    };
    let forgotten: Vec<&Rpc> = missing
        .iter()
        .copied()
        .filter(|rpc| !meant.contains(&&rpc.name) && !present.iter().any(|name| rpc.name == name))
        .collect();
    if !forgotten.is_empty() && !args.unimplemented {
        errors.push(not_implemented(implementation, interface, &forgotten));
    }
    Findings {
        errors,
        missing,
        wrong,
    }
}

fn names(methods: &[Method]) -> Vec<String> {
    let names = methods.iter().map(|method| &method.signature.ident);
    names.map(ToString::to_string).collect()
}

/// Reports a method that the service does not have, and tells which one was meant.
fn unknown<'a>(
    method: &Method,
    interface: &'a Interface,
    present: &[String],
) -> (Error, Option<&'a Rpc>) {
    let ident = &method.signature.ident;
    let service = &interface.name;
    let names: Vec<(String, &Rpc)> = interface
        .methods
        .iter()
        .map(|rpc| (rpc.name.to_string(), rpc))
        .filter(|(name, _)| !present.contains(name))
        .collect();
    let written = ident.to_string();
    let near = nearest(&written, names.iter().map(|(name, _)| name.as_str()));
    match names.iter().find(|(name, _)| Some(name.as_str()) == near) {
        Some((name, rpc)) => {
            let message = format!("`{service}` has no method `{ident}`, but one called `{name}`");
            (Error::new(ident.span(), message), Some(rpc))
        }
        None => {
            let message = format!(
                "`{service}` has no method `{ident}`; what is not called by clients belongs into an \
                 `impl` block of its own"
            );
            (Error::new(ident.span(), message), None)
        }
    }
}

/// Reports the methods that are missing, with what has to be written.
fn not_implemented(
    implementation: &Implementation,
    interface: &Interface,
    missing: &[&Rpc],
) -> Error {
    let signatures: String = missing
        .iter()
        .map(|rpc| format!("\n    {rpc} {{\n        todo!()\n    }}\n"))
        .collect();
    let self_type = implementation.self_type.to_token_stream().to_string();
    let message = format!(
        "`{self_type}` lacks {count} of `{service}`:\n{signatures}\n\
         or have it answer UNIMPLEMENTED: `#[rpc_service(unimplemented)]`",
        self_type = self_type.replace(' ', ""),
        count = match missing.len() {
            1 => "a method".to_owned(),
            count => format!("{count} methods"),
        },
        service = interface.name,
    );
    Error::new(implementation.span(), message)
}
