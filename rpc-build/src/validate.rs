//! Mistakes that protobuf allows and Rust does not.

use std::collections::HashMap;

use prost_types::FileDescriptorProto;

use crate::diagnostic::{Diagnostic, Location};
use crate::include::Source;
use crate::names;

/// The field numbers of `FileDescriptorProto.service`, `ServiceDescriptorProto.method` and
/// `MethodDescriptorProto.name`, of which paths to the positions of names consist.
const SERVICE_FIELD: i32 = 6;
const METHOD_FIELD: i32 = 2;
const NAME_FIELD: i32 = 1;

/// Finds methods of one service that would have the same name in Rust, such as `GetURL` and `GetUrl`.
pub(crate) fn method_clashes(file: &FileDescriptorProto, source: &Source) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for (service_index, service) in file.service.iter().enumerate() {
        let mut first_uses = HashMap::new();
        for (method_index, method) in service.method.iter().enumerate() {
            let rust_name = names::method(method.name());
            if let Some(first) = first_uses.insert(rust_name.clone(), method.name()) {
                let path = [
                    SERVICE_FIELD,
                    service_index as i32,
                    METHOD_FIELD,
                    method_index as i32,
                    NAME_FIELD,
                ];
                let message = format!(
                    "methods '{first}' and '{}' of service '{}' are both called '{rust_name}' in Rust",
                    method.name(),
                    service.name(),
                );
                let location = locate(file, &path, source);
                diagnostics.push(
                    Diagnostic::new(message, location)
                        .with_help(Some("rename one of them".to_owned())),
                );
            }
        }
    }
    diagnostics
}

/// The place of the element at `path`, or the start of the file if the descriptor has no place for it.
fn locate(file: &FileDescriptorProto, path: &[i32], source: &Source) -> Location {
    let locations = file.source_code_info.iter().flat_map(|info| &info.location);
    let span = locations
        .into_iter()
        .find(|location| location.path == path)
        .map(|found| &found.span[..]);
    let Some(&[line, start, end]) = span else {
        return Location::from_span(&source.path, &source.text, 0..0);
    };
    let line_start: usize = source
        .text
        .split_inclusive('\n')
        .take(line as usize)
        .map(str::len)
        .sum();
    let span = line_start + start as usize..line_start + end as usize;
    Location::from_span(&source.path, &source.text, span)
}
