//! The names in a message: its fields, their accessors, and what is nested in it.

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto};

use super::claims::{Claim, Claims};
use super::{File, Generated};
use crate::diagnostic::Diagnostic;
use crate::element::{self, field};
use crate::names;

/// Modules of these names would hide the types that generated code means by them.
const PRIMITIVE_TYPES: &[&str] = &[
    "bool", "f32", "f64", "i32", "i64", "str", "u8", "u32", "u64", "usize",
];

/// A module that code is generated into.
pub(super) struct Scope<'a, 'b> {
    pub(super) file: File<'a>,
    pub(super) generated: &'b Generated<'b>,
    /// The package or message that the module is for.
    pub(super) full_name: String,
    /// Types and modules, which share a namespace.
    pub(super) claims: &'b mut Claims<'a>,
    pub(super) diagnostics: &'b mut Vec<Diagnostic>,
}

impl Scope<'_, '_> {
    /// Takes `rust_name` among the types and modules, and returns whether it was free.
    pub(super) fn claim(&mut self, rust_name: String, what: String, path: Vec<i32>) -> bool {
        let file = self.file;
        let claim = Claim { what, file, path };
        self.claims.claim(rust_name, claim, self.diagnostics)
    }

    fn is_extern(&self, name: &str) -> bool {
        let full_name = element::join(&self.full_name, name);
        (self.generated.is_extern)(&format!(".{full_name}"))
    }

    fn complain(&mut self, path: &[i32], message: String, help: &str) {
        let diagnostic = self.file.complain(path, message);
        self.diagnostics
            .push(diagnostic.with_help(Some(help.to_owned())));
    }
}

/// Claims the names of a message and of all that is in it.
pub(super) fn message(scope: &mut Scope<'_, '_>, message: &DescriptorProto, path: &[i32]) {
    let name = message.name();
    if scope.is_extern(name) {
        return;
    }
    let what = format!("message '{name}'");
    let name_path = [path, &[field::NAME]].concat();
    let is_free = scope.claim(
        names::type_name(name).to_string(),
        what.clone(),
        name_path.clone(),
    );
    fields(scope, message, path);

    let nested = Nested::of(message);
    if nested.is_empty() {
        return;
    }
    let module = names::module(name).to_string();
    if PRIMITIVE_TYPES.contains(&module.as_str()) {
        let message =
            format!("the module for what is nested in {what} would hide Rust's type '{module}'");
        scope.complain(
            &name_path,
            message,
            "rename the message, or move what is nested in it out of it",
        );
    }
    // Whoever renames the message renames its module.
    if is_free {
        scope.claim(module, format!("what is nested in {what}"), name_path);
    }
    let mut inner = Scope {
        file: scope.file,
        generated: scope.generated,
        full_name: element::join(&scope.full_name, name),
        claims: &mut Claims::default(),
        diagnostics: scope.diagnostics,
    };
    for (index, each) in nested.messages {
        self::message(
            &mut inner,
            each,
            &[path, &[field::MESSAGE_NESTED, index]].concat(),
        );
    }
    for (index, each) in message.enum_type.iter().enumerate() {
        type_and_values(
            &mut inner,
            each,
            &[path, &[field::MESSAGE_ENUM, index as i32]].concat(),
        );
    }
    for index in nested.oneofs {
        oneof(&mut inner, message, index, path);
    }
}

/// What is generated into the module of a message.
struct Nested<'a> {
    messages: Vec<(i32, &'a DescriptorProto)>,
    enums: usize,
    oneofs: Vec<i32>,
}

impl<'a> Nested<'a> {
    fn of(message: &'a DescriptorProto) -> Self {
        let messages = message.nested_type.iter().zip(0..);
        let has_members = |index: &i32| {
            message
                .field
                .iter()
                .any(|each| real_oneof(each) == Some(*index))
        };
        Self {
            messages: messages
                .filter(|(nested, _)| !element::is_map_entry(nested))
                .map(|(nested, index)| (index, nested))
                .collect(),
            enums: message.enum_type.len(),
            oneofs: (0..message.oneof_decl.len() as i32)
                .filter(has_members)
                .collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.enums == 0 && self.oneofs.is_empty()
    }
}

/// Claims the names of the fields of a message, and of the methods with which prost reads and writes
/// those that are optional or enums.
fn fields(scope: &mut Scope<'_, '_>, message: &DescriptorProto, path: &[i32]) {
    let (mut fields, mut accessors) = (Claims::default(), Claims::default());
    let file = scope.file;
    let is_proto2 = file.descriptor.syntax() != "proto3";
    for (index, each) in message.field.iter().enumerate() {
        if real_oneof(each).is_some() {
            continue;
        }
        let path = [path, &[field::MESSAGE_FIELD, index as i32, field::NAME]].concat();
        let claim = |what| Claim {
            what,
            file,
            path: path.clone(),
        };
        let name = each.name();
        let rust_name = names::field(name).to_string();
        let what = format!("field '{name}'");
        if !fields.claim(rust_name.clone(), claim(what), scope.diagnostics) {
            continue;
        }
        for prefix in accessor_prefixes(message, each, is_proto2) {
            let what = format!("a method for field '{name}'");
            let plain_name = rust_name.trim_start_matches("r#");
            if *prefix == "get_" && plain_name.len() < rust_name.len() {
                let message =
                    format!("field '{name}' is a map of enums, and '{name}' is a keyword in Rust");
                scope.complain(&path, message, "rename the field");
            }
            accessors.claim(
                format!("{prefix}{plain_name}"),
                claim(what),
                scope.diagnostics,
            );
        }
    }
    for index in Nested::of(message).oneofs {
        let name = message.oneof_decl[index as usize].name();
        let claim = Claim {
            what: format!("oneof '{name}'"),
            file,
            path: [path, &[field::MESSAGE_ONEOF, index, field::NAME]].concat(),
        };
        fields.claim(names::field(name).to_string(), claim, scope.diagnostics);
    }
}

/// What the names of the methods that prost generates for a field begin with.
fn accessor_prefixes(
    message: &DescriptorProto,
    each: &FieldDescriptorProto,
    is_proto2: bool,
) -> &'static [&'static str] {
    let entry = each.type_name().rsplit('.').next().unwrap_or_default();
    let map = message
        .nested_type
        .iter()
        .find(|nested| element::is_map_entry(nested) && nested.name() == entry);
    let is_enum = |each: &FieldDescriptorProto| each.r#type() == Type::Enum;
    if let Some(map) = map {
        return if map.field.iter().any(is_enum) {
            &["get_", "insert_"]
        } else {
            &[]
        };
    }
    let is_message = matches!(each.r#type(), Type::Message | Type::Group);
    let is_optional = each.proto3_optional() || (is_proto2 && each.label() == Label::Optional);
    match (is_enum(each), each.label()) {
        (true, Label::Repeated) => &["", "push_"],
        (true, _) => &["", "set_"],
        (false, Label::Optional) if is_optional && !is_message => &[""],
        _ => &[],
    }
}

/// Claims the names of the enum for a oneof, and of its variants.
fn oneof(scope: &mut Scope<'_, '_>, message: &DescriptorProto, index: i32, path: &[i32]) {
    let file = scope.file;
    let name = message.oneof_decl[index as usize].name();
    let type_name = names::type_name(name).to_string();
    let types = message.nested_type.iter().map(DescriptorProto::name);
    let mut types = types.chain(message.enum_type.iter().map(EnumDescriptorProto::name));
    // Prost avoids this clash itself.
    let is_taken = types.any(|taken| names::type_name(taken) == type_name);
    let suffix = if is_taken { "OneOf" } else { "" };
    let oneof_path = [path, &[field::MESSAGE_ONEOF, index, field::NAME]].concat();
    scope.claim(
        format!("{type_name}{suffix}"),
        format!("oneof '{name}'"),
        oneof_path,
    );

    let mut variants = Claims::default();
    for (index, each) in message.field.iter().enumerate() {
        if real_oneof(each).is_some_and(|of| message.oneof_decl[of as usize].name() == name) {
            let claim = Claim {
                what: format!("field '{}'", each.name()),
                file,
                path: [path, &[field::MESSAGE_FIELD, index as i32, field::NAME]].concat(),
            };
            variants.claim(
                names::type_name(each.name()).to_string(),
                claim,
                scope.diagnostics,
            );
        }
    }
}

/// Claims the names of an enum and of its variants.
pub(super) fn type_and_values(scope: &mut Scope<'_, '_>, each: &EnumDescriptorProto, path: &[i32]) {
    let name = each.name();
    if scope.is_extern(name) {
        return;
    }
    let file = scope.file;
    let name_path = [path, &[field::NAME]].concat();
    scope.claim(
        names::type_name(name).to_string(),
        format!("enum '{name}'"),
        name_path,
    );
    let mut variants = Claims::default();
    let mut numbers = std::collections::HashSet::new();
    for (index, value) in each.value.iter().enumerate() {
        // An alias is not generated.
        if numbers.insert(value.number()) {
            let claim = Claim {
                what: format!("value '{}'", value.name()),
                file,
                path: [path, &[field::ENUM_VALUE, index as i32, field::NAME]].concat(),
            };
            variants.claim(names::variant(name, value.name()), claim, scope.diagnostics);
        }
    }
}

/// The oneof that a field is in, but for those that stand for `optional` in proto3.
fn real_oneof(each: &FieldDescriptorProto) -> Option<i32> {
    each.oneof_index.filter(|_| !each.proto3_optional())
}
