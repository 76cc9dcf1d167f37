//! Gives every element of a file a comment, which becomes its documentation, and the types, services
//! and methods their place in the file.

use std::collections::HashMap;

use prost_types::source_code_info::Location;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FileDescriptorProto, ServiceDescriptorProto,
};

use crate::element::field;

/// Opens the line of a comment that says where its element is. [`place_of`] recognizes it.
const PLACE_MARKER: &str = " @rpc-build:place ";

/// The place that a line of documentation names, if it is there for that.
pub(crate) fn place_of(doc_line: &str) -> Option<&str> {
    doc_line.strip_prefix(PLACE_MARKER)
}

/// Annotates `file`, whose places are shown as lines of `path`. The comments of elements that
/// `without_comments` matches are replaced, as if they had none.
pub(crate) fn annotate(
    file: &mut FileDescriptorProto,
    path: &str,
    without_comments: impl Fn(&str) -> bool,
) {
    let info = file.source_code_info.take().unwrap_or_default();
    let mut locations: HashMap<Vec<i32>, Location> = info
        .location
        .into_iter()
        .map(|location| (location.path.clone(), location))
        .collect();
    for element in Elements::of(file) {
        let location = locations
            .entry(element.path.clone())
            .or_insert_with(|| Location {
                path: element.path,
                ..Location::default()
            });
        if without_comments(&element.full_name) {
            location.leading_comments = None;
            location.trailing_comments = None;
        }
        if location.leading_comments().is_empty() && location.trailing_comments().is_empty() {
            location.leading_comments = Some(format!(" {}\n", element.default_docs));
        }
        if element.has_place
            && let Some(&line) = location.span.first()
        {
            let last = match &mut location.trailing_comments {
                Some(trailing) if !trailing.is_empty() => trailing,
                _ => location.leading_comments.get_or_insert_default(),
            };
            if !last.ends_with('\n') {
                last.push('\n');
            }
            last.push_str(&format!("{PLACE_MARKER}{path}:{}\n", line + 1));
        }
    }
    let mut location: Vec<Location> = locations.into_values().collect();
    location.sort_by(|a, b| a.path.cmp(&b.path));
    file.source_code_info = Some(prost_types::SourceCodeInfo { location });
}

/// Something in a file that becomes an item of its own in Rust, or a part of one.
struct Element {
    path: Vec<i32>,
    /// With a leading dot.
    full_name: String,
    default_docs: String,
    has_place: bool,
}

/// All elements of a file.
struct Elements(Vec<Element>);

impl Elements {
    fn of(file: &FileDescriptorProto) -> Vec<Element> {
        let mut elements = Self(Vec::new());
        let scope = match file.package() {
            "" => String::new(),
            package => format!(".{package}"),
        };
        for (path, message) in numbered(&[], field::FILE_MESSAGE, &file.message_type) {
            elements.message(path, &scope, message);
        }
        for (path, each) in numbered(&[], field::FILE_ENUM, &file.enum_type) {
            elements.enumeration(path, &scope, each);
        }
        for (path, service) in numbered(&[], field::FILE_SERVICE, &file.service) {
            elements.service(path, &scope, service);
        }
        elements.0
    }

    fn message(&mut self, path: Vec<i32>, scope: &str, message: &DescriptorProto) {
        let name = format!("{scope}.{}", message.name());
        for (path, each) in numbered(&path, field::MESSAGE_FIELD, &message.field) {
            self.part(path, &name, each.name(), "field");
        }
        for (path, each) in numbered(&path, field::MESSAGE_ONEOF, &message.oneof_decl) {
            self.part(path, &name, each.name(), "oneof");
        }
        for (path, each) in numbered(&path, field::MESSAGE_ENUM, &message.enum_type) {
            self.enumeration(path, &name, each);
        }
        for (path, each) in numbered(&path, field::MESSAGE_NESTED, &message.nested_type) {
            self.message(path, &name, each);
        }
        self.item(path, name, "message");
    }

    fn enumeration(&mut self, path: Vec<i32>, scope: &str, each: &EnumDescriptorProto) {
        let name = format!("{scope}.{}", each.name());
        for (path, value) in numbered(&path, field::ENUM_VALUE, &each.value) {
            self.part(path, &name, value.name(), "value");
        }
        self.item(path, name, "enum");
    }

    fn service(&mut self, path: Vec<i32>, scope: &str, service: &ServiceDescriptorProto) {
        let name = format!("{scope}.{}", service.name());
        for (path, method) in numbered(&path, field::SERVICE_METHOD, &service.method) {
            self.part(path, &name, method.name(), "method");
            if let Some(method) = self.0.last_mut() {
                method.has_place = true;
            }
        }
        self.item(path, name, "service");
    }

    fn item(&mut self, path: Vec<i32>, full_name: String, kind: &str) {
        self.0.push(Element {
            path,
            default_docs: format!("The {kind} `{}`.", full_name.trim_start_matches('.')),
            full_name,
            has_place: true,
        });
    }

    fn part(&mut self, path: Vec<i32>, scope: &str, name: &str, kind: &str) {
        self.0.push(Element {
            path,
            full_name: format!("{scope}.{name}"),
            default_docs: format!("The {kind} `{name}`."),
            has_place: false,
        });
    }
}

/// Each of `elements` with its path, below the element at `parent`.
fn numbered<'a, T>(
    parent: &'a [i32],
    number: i32,
    elements: &'a [T],
) -> impl Iterator<Item = (Vec<i32>, &'a T)> {
    (0..).zip(elements).map(move |(index, element)| {
        let path = parent.iter().copied().chain([number, index]).collect();
        (path, element)
    })
}

#[cfg(test)]
mod tests {
    use prost_types::{FieldDescriptorProto, SourceCodeInfo};

    use super::*;

    /// A message with one field, at line 3, with these comments.
    fn file(leading: &str, trailing: &str) -> FileDescriptorProto {
        let message = DescriptorProto {
            name: Some("Ask".to_owned()),
            field: vec![FieldDescriptorProto {
                name: Some("who".to_owned()),
                ..FieldDescriptorProto::default()
            }],
            ..DescriptorProto::default()
        };
        FileDescriptorProto {
            package: Some("api".to_owned()),
            message_type: vec![message],
            source_code_info: Some(SourceCodeInfo {
                location: vec![Location {
                    path: vec![4, 0],
                    span: vec![2, 0, 4, 1],
                    leading_comments: Some(leading.to_owned()),
                    trailing_comments: Some(trailing.to_owned()),
                    ..Location::default()
                }],
            }),
            ..FileDescriptorProto::default()
        }
    }

    /// The comments of the element at `path`, the leading ones and those behind it.
    fn comments(file: &FileDescriptorProto, path: &[i32]) -> (String, String) {
        let mut locations = file.source_code_info.iter().flat_map(|info| &info.location);
        let location = locations.find(|location| location.path == path).unwrap();
        (
            location.leading_comments().to_owned(),
            location.trailing_comments().to_owned(),
        )
    }

    #[test]
    fn what_has_no_comment_gets_its_name() {
        let mut file = file("", "");
        annotate(&mut file, "api.proto", |_| false);
        let expected = " The message `api.Ask`.\n @rpc-build:place api.proto:3\n";
        assert_eq!(comments(&file, &[4, 0]).0, expected);
        assert_eq!(comments(&file, &[4, 0, 2, 0]).0, " The field `who`.\n");
    }

    #[test]
    fn the_place_is_the_last_line_of_the_last_comment() {
        let mut file = file(" Before.\n", " Behind.\n");
        annotate(&mut file, "api.proto", |_| false);
        let expected = (
            " Before.\n".to_owned(),
            " Behind.\n @rpc-build:place api.proto:3\n".to_owned(),
        );
        assert_eq!(comments(&file, &[4, 0]), expected);
    }

    #[test]
    fn comments_that_nobody_wants_are_replaced() {
        let mut file = file(" Secret.\n", " Secret.\n");
        annotate(&mut file, "api.proto", |name| name == ".api.Ask");
        let (leading, trailing) = comments(&file, &[4, 0]);
        assert!(
            leading.starts_with(" The message `api.Ask`.\n"),
            "{leading}"
        );
        assert_eq!(trailing, "");
    }
}
