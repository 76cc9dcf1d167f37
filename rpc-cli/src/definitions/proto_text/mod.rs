//! Definitions as they stand in `.proto` files.

mod comments;
mod options;

use std::fmt::Write;
use std::ops::RangeInclusive;

use prost_reflect::{
    EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, OneofDescriptor,
    ServiceDescriptor, Syntax,
};

use self::comments::Comments;
use self::options::{in_brackets, in_lines};
use super::Symbol;

/// The largest numbers that `max` stands for, in reserved ranges of messages and of enums.
const MAX_FIELD: u32 = 536_870_911;
const MAX_VALUE: i32 = i32::MAX;

/// Writes definitions, with names in full.
pub(crate) struct ProtoText {
    out: String,
    comments: Comments,
    depth: usize,
}

impl ProtoText {
    /// The text that defines `symbol`, comments included.
    pub(crate) fn of(symbol: &Symbol) -> String {
        let mut text = ProtoText {
            out: String::new(),
            comments: Comments::of(&symbol.file()),
            depth: 0,
        };
        match symbol {
            Symbol::Service(service) => text.service(service),
            Symbol::Method(method) => text.method(method),
            Symbol::Message(message) => text.message(message),
            Symbol::Enum(of) => text.enumeration(of),
            Symbol::Field(field) => text.field(field),
        }
        text.out
    }

    /// One line, indented.
    fn line(&mut self, line: impl AsRef<str>) {
        let indent = self.depth * 2;
        // Writing to a `String` does not fail.
        let _ = match line.as_ref() {
            "" => writeln!(self.out),
            line => writeln!(self.out, "{:indent$}{line}", ""),
        };
    }

    /// What `inner` writes, between braces behind `head`.
    fn block(&mut self, head: &str, inner: impl FnOnce(&mut Self)) {
        self.line(format!("{head} {{"));
        self.depth += 1;
        let begin = self.out.len();
        inner(self);
        self.depth -= 1;
        if self.out.len() == begin {
            self.out.truncate(begin - 1);
            self.out.push_str("}\n");
        } else {
            self.line("}");
        }
    }

    fn comment(&mut self, path: &[i32]) {
        for line in self.comments.before(path) {
            self.line(format!("//{line}"));
        }
    }

    fn service(&mut self, service: &ServiceDescriptor) {
        self.comment(service.path());
        self.block(&format!("service {}", service.name()), |text| {
            for line in in_lines(&service.options()) {
                text.line(line);
            }
            service.methods().for_each(|method| text.method(&method));
        });
    }

    fn method(&mut self, method: &MethodDescriptor) {
        self.comment(method.path());
        let stream = |streams| if streams { "stream " } else { "" };
        let head = format!(
            "rpc {}({}{}) returns ({}{})",
            method.name(),
            stream(method.is_client_streaming()),
            method.input().full_name(),
            stream(method.is_server_streaming()),
            method.output().full_name(),
        );
        let options = in_lines(&method.options());
        match options.is_empty() {
            true => self.line(format!("{head};")),
            false => self.block(&head, |text| {
                options.iter().for_each(|line| text.line(line))
            }),
        }
    }

    fn message(&mut self, message: &MessageDescriptor) {
        self.comment(message.path());
        let head = format!("message {}", message.name());
        self.block(&head, |text| text.message_body(message));
    }

    fn message_body(&mut self, message: &MessageDescriptor) {
        for line in in_lines(&message.options()) {
            self.line(line);
        }
        self.fields(message);
        let ranges = message.reserved_ranges();
        let ranges = ranges.map(|range| range.start..=range.end - 1);
        self.ranges("reserved", ranges, MAX_FIELD);
        self.reserved_names(message.reserved_names());
        let ranges = message.extension_ranges();
        let ranges = ranges.map(|range| range.start..=range.end - 1);
        self.ranges("extensions", ranges, MAX_FIELD);
        for nested in message
            .child_messages()
            .filter(|nested| !nested.is_map_entry())
        {
            // A group is defined where its field is.
            let kind = Kind::Message(nested.clone());
            if !message
                .fields()
                .any(|field| field.is_group() && field.kind() == kind)
            {
                self.line("");
                self.message(&nested);
            }
        }
        for nested in message.child_enums() {
            self.line("");
            self.enumeration(&nested);
        }
    }

    /// Fields in their order, each oneof where its first one stands.
    fn fields(&mut self, message: &MessageDescriptor) {
        let mut written: Vec<OneofDescriptor> = Vec::new();
        let places = message.descriptor_proto().field.iter();
        let fields = places.filter_map(|field| message.get_field_by_name(field.name()));
        for field in fields {
            let oneof = field
                .containing_oneof()
                .filter(|oneof| !oneof.is_synthetic());
            match oneof {
                None => self.field(&field),
                Some(oneof) if written.contains(&oneof) => {}
                Some(oneof) => {
                    self.comment(oneof.path());
                    self.block(&format!("oneof {}", oneof.name()), |text| {
                        for line in in_lines(&oneof.options()) {
                            text.line(line);
                        }
                        oneof.fields().for_each(|field| text.field(&field));
                    });
                    written.push(oneof);
                }
            }
        }
    }

    fn field(&mut self, field: &FieldDescriptor) {
        self.comment(field.path());
        let (label, name, number) = (label(field), field.name(), field.number());
        let options = in_brackets(field);
        match field.kind() {
            Kind::Message(group) if field.is_group() => {
                let head = format!("{label}group {} = {number}{options}", group.name());
                self.block(&head, |text| text.message_body(&group));
            }
            _ => {
                let (of, after) = (type_name(field), self.comments.after(field.path()));
                self.line(format!("{label}{of} {name} = {number}{options};{after}"));
            }
        }
    }

    fn enumeration(&mut self, of: &EnumDescriptor) {
        self.comment(of.path());
        self.block(&format!("enum {}", of.name()), |text| {
            for line in in_lines(&of.options()) {
                text.line(line);
            }
            for value in of.values() {
                text.comment(value.path());
                let options = options::joined(&value.options(), Vec::new());
                let after = text.comments.after(value.path());
                text.line(format!(
                    "{} = {}{options};{after}",
                    value.name(),
                    value.number()
                ));
            }
            text.ranges("reserved", of.reserved_ranges(), MAX_VALUE);
            text.reserved_names(of.reserved_names());
        });
    }

    fn ranges<N: PartialEq + std::fmt::Display + Copy>(
        &mut self,
        keyword: &str,
        ranges: impl Iterator<Item = RangeInclusive<N>>,
        max: N,
    ) {
        let ranges = ranges.map(|range| match (*range.start(), *range.end()) {
            (start, end) if start == end => start.to_string(),
            (start, end) if end == max => format!("{start} to max"),
            (start, end) => format!("{start} to {end}"),
        });
        let ranges: Vec<_> = ranges.collect();
        if !ranges.is_empty() {
            self.line(format!("{keyword} {};", ranges.join(", ")));
        }
    }

    fn reserved_names<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        let names: Vec<_> = names.map(|name| format!("{name:?}")).collect();
        if !names.is_empty() {
            self.line(format!("reserved {};", names.join(", ")));
        }
    }
}

/// What stands before a field's type.
fn label(field: &FieldDescriptor) -> &'static str {
    let in_oneof = field
        .containing_oneof()
        .is_some_and(|oneof| !oneof.is_synthetic());
    if field.is_map() || in_oneof {
        return "";
    }
    if field.is_list() {
        return "repeated ";
    }
    if field.is_required() {
        return "required ";
    }
    let is_proto2 = field.parent_file().syntax() == Syntax::Proto2;
    match is_proto2 || field.containing_oneof().is_some() {
        true => "optional ",
        false => "",
    }
}

/// The type of a field as a `.proto` file spells it.
pub(in crate::definitions) fn type_name(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => {
            let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
            format!("map<{}, {}>", type_name(&key), type_name(&value))
        }
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(of) => of.full_name().to_owned(),
        scalar => format!("{scalar:?}"),
    }
}
