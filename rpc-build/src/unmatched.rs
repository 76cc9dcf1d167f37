//! Paths that the build script gave to an option and that match nothing.

use std::collections::BTreeSet;

use prost_types::{DescriptorProto, EnumDescriptorProto};

use crate::diagnostic::Diagnostic;
use crate::load::{LoadedFile, nearest};
use crate::options::{self, Options};
use crate::packages;

/// Finds the paths of `services` that match none: without it, no code would be written and nothing said.
pub(crate) fn services(options: &Options, files: &[LoadedFile]) -> Vec<Diagnostic> {
    let names: BTreeSet<String> = files
        .iter()
        .flat_map(|LoadedFile { descriptor, .. }| {
            let scope = packages::scope(descriptor.package());
            let services = descriptor.service.iter();
            services.map(move |service| format!("{scope}.{}", service.name()))
        })
        .collect();
    let unmatched = options
        .services
        .iter()
        .filter(|path| !is_matched(path, &names));
    unmatched
        .map(|path| {
            let message = format!("services: '{path}' matches no service of the .proto files");
            let help = did_you_mean(path, &names).unwrap_or_else(|| match names.is_empty() {
                true => "they have none: leave the option out".to_owned(),
                false => format!("they have {}", list(&names)),
            });
            Diagnostic::without_location(message).with_help(Some(help))
        })
        .collect()
}

/// A warning for each path of the other options that matches nothing.
pub(crate) fn warnings(options: &Options, files: &[LoadedFile]) -> Vec<String> {
    let mut names = BTreeSet::new();
    for LoadedFile { descriptor, .. } in files {
        let scope = packages::scope(descriptor.package());
        for service in &descriptor.service {
            names.insert(format!("{scope}.{}", service.name()));
            let methods = service.method.iter();
            names.extend(methods.map(|each| format!("{scope}.{}.{}", service.name(), each.name())));
        }
        messages(&mut names, &scope, &descriptor.message_type);
        enums(&mut names, &scope, &descriptor.enum_type);
    }
    let unmatched = options
        .paths
        .iter()
        .filter(|(_, path)| !is_matched(path, &names));
    unmatched
        .map(|(option, path)| {
            let help = did_you_mean(path, &names).map(|help| format!(": {help}"));
            let help = help.unwrap_or_default();
            format!("{option}: '{path}' matches nothing in the .proto files{help}")
        })
        .collect()
}

/// Collects the names of messages and of all that is in them.
fn messages(names: &mut BTreeSet<String>, scope: &str, all: &[DescriptorProto]) {
    for message in all {
        let scope = format!("{scope}.{}", message.name());
        let oneofs = message.oneof_decl.iter();
        names.extend(oneofs.map(|each| format!("{scope}.{}", each.name())));
        for field in &message.field {
            names.insert(format!("{scope}.{}", field.name()));
            // Prost takes the oneof that a field is in as part of its path.
            let oneof = field
                .oneof_index
                .and_then(|index| usize::try_from(index).ok());
            if let Some(oneof) = oneof.and_then(|index| message.oneof_decl.get(index)) {
                names.insert(format!("{scope}.{}.{}", oneof.name(), field.name()));
            }
        }
        messages(names, &scope, &message.nested_type);
        enums(names, &scope, &message.enum_type);
        names.insert(scope);
    }
}

/// Collects the names of enums and of their values.
fn enums(names: &mut BTreeSet<String>, scope: &str, all: &[EnumDescriptorProto]) {
    for each in all {
        let scope = format!("{scope}.{}", each.name());
        names.extend(
            each.value
                .iter()
                .map(|value| format!("{scope}.{}", value.name())),
        );
        names.insert(scope);
    }
}

/// Whether `path` matches one of `names`, or is for everything.
fn is_matched(path: &str, names: &BTreeSet<String>) -> bool {
    path == "." || names.iter().any(|name| options::matches(path, name))
}

/// The nearest name, with as many parts as `path` has.
fn did_you_mean(path: &str, names: &BTreeSet<String>) -> Option<String> {
    let parts = path.split('.').count();
    let candidates = names.iter().map(|name| {
        let mut dots = name.rmatch_indices('.');
        let start = dots.nth(parts - 1).map_or(0, |(at, _)| at + 1);
        let end = if path.starts_with('.') {
            name
        } else {
            &name[start..]
        };
        (end, end)
    });
    nearest(path, candidates).map(|found| format!("did you mean '{found}'?"))
}

/// The first of `names` as a list for people.
fn list(names: &BTreeSet<String>) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).take(MAX_LISTED).collect();
    names.join(", ")
}

/// As many names are listed at most, where none looks like the one that is wrong.
const MAX_LISTED: usize = 8;

#[cfg(test)]
mod tests {
    use prost_types::{FieldDescriptorProto, FileDescriptorProto, OneofDescriptorProto};

    use super::*;

    fn file() -> LoadedFile {
        let field = |name: &str, oneof_index| FieldDescriptorProto {
            name: Some(name.to_owned()),
            oneof_index,
            ..Default::default()
        };
        let item = DescriptorProto {
            name: Some("Item".to_owned()),
            field: vec![field("id", None), field("book", Some(0))],
            oneof_decl: vec![OneofDescriptorProto {
                name: Some("kind".to_owned()),
                ..Default::default()
            }],
            ..Default::default()
        };
        LoadedFile {
            descriptor: FileDescriptorProto {
                package: Some("shop.v1".to_owned()),
                message_type: vec![item],
                ..Default::default()
            },
            encoded: Vec::new(),
        }
    }

    #[test]
    fn each_path_that_matches_nothing_is_named_with_its_option() {
        let builder = crate::configure()
            .type_attribute("Itme", "#[a]")
            .field_attribute("Item.idd", "#[a]")
            .bytes(["nope"]);
        assert_eq!(
            warnings(&builder.options, &[file()]),
            [
                "type_attribute: 'Itme' matches nothing in the .proto files: did you mean 'Item'?",
                "field_attribute: 'Item.idd' matches nothing in the .proto files: did you mean 'Item.id'?",
                "bytes: 'nope' matches nothing in the .proto files",
            ]
        );
    }

    #[test]
    fn paths_of_everything_in_a_message_match() {
        let paths = [
            ".",
            ".shop",
            ".shop.v1.Item",
            "Item.id",
            "Item.kind",
            "Item.kind.book",
            "Item.book",
        ];
        for path in paths {
            let builder = crate::configure().boxed(path).type_attribute(path, "#[a]");
            assert!(warnings(&builder.options, &[file()]).is_empty(), "{path}");
        }
    }
}
