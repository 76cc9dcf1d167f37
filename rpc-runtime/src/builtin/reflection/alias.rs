//! Services that are registered under other names than their own.

use prost_types::{FileDescriptorProto, ServiceDescriptorProto};

/// A file that defines the service `alias` to be what `original` is in `file`. No `.proto` file says so, and
/// clients that are told of a service look for its definition. `None` if protobuf has no such names.
pub(super) fn file(
    alias: &str,
    original: &str,
    file: &FileDescriptorProto,
) -> Option<FileDescriptorProto> {
    if !alias.split('.').all(is_identifier) {
        return None;
    }
    let (package, name) = match alias.rsplit_once('.') {
        Some((package, name)) => (Some(package.to_owned()), name),
        None => (None, alias),
    };
    let original = original.rsplit('.').next().unwrap_or(original);
    let service = file.service.iter().find(|it| it.name() == original)?;
    Some(FileDescriptorProto {
        name: Some(format!("rpc/alias/{alias}.proto")),
        package,
        dependency: std::iter::once(file.name().to_owned())
            .chain(file.dependency.iter().cloned())
            .collect(),
        service: vec![ServiceDescriptorProto {
            name: Some(name.to_owned()),
            ..service.clone()
        }],
        syntax: file.syntax.clone(),
        ..FileDescriptorProto::default()
    })
}

fn is_identifier(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
