//! Replaces the names that a file uses by full names, with a leading dot. What leads nowhere is reported
//! and replaced by something that is right, so that the rest of the file can be checked.

use std::cell::OnceCell;

use prost_types::field_descriptor_proto::Type;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    ServiceDescriptorProto, UninterpretedOption,
};

use protox::prost_reflect::DescriptorPool;

use super::parse::ParsedFile;
use super::symbols::{Found, Kind, Scope, Symbols, is_extension, is_message, is_type};
use super::{repair, suggest};
use crate::diagnostic::Diagnostic;
use crate::element::{self, field};

/// The descriptor of the file called `name` with full names in place of relative ones. `pool` has all files
/// that it can refer to. Every name that leads nowhere is added to `diagnostics`.
pub(super) fn resolve(
    name: &str,
    file: &ParsedFile,
    symbols: &Symbols<'_>,
    pool: &DescriptorPool,
    diagnostics: &mut Vec<Diagnostic>,
) -> FileDescriptorProto {
    let mut descriptor = file.descriptor.clone();
    let mut resolver = Resolver {
        name,
        file,
        symbols,
        pool,
        scope: OnceCell::new(),
        map: None,
        needs_stand_in: false,
        diagnostics,
    };
    resolver.file(&mut descriptor);
    if resolver.needs_stand_in {
        descriptor.message_type.push(repair::stand_in(name));
    }
    descriptor
}

struct Resolver<'a> {
    name: &'a str,
    file: &'a ParsedFile,
    symbols: &'a Symbols<'a>,
    pool: &'a DescriptorPool,
    scope: OnceCell<Scope<'a>>,
    /// The path of the field that is a map, while its entry is resolved, which has no place in the file.
    map: Option<Vec<i32>>,
    /// Whether the file now refers to its [stand-in](repair::stand_in).
    needs_stand_in: bool,
    diagnostics: &'a mut Vec<Diagnostic>,
}

/// The options of any element, if there are some, that are not interpreted yet.
macro_rules! uninterpreted {
    ($element:expr) => {
        $element
            .options
            .as_mut()
            .map_or(&mut [][..], |options| &mut options.uninterpreted_option)
    };
}

impl Resolver<'_> {
    fn file(&mut self, file: &mut FileDescriptorProto) {
        let package = file.package().to_owned();
        let options = uninterpreted!(file);
        self.options(options, "FileOptions", &package, &[field::FILE_OPTIONS]);
        for (index, message) in file.message_type.iter_mut().enumerate() {
            self.message(message, &package, &[field::FILE_MESSAGE, index as i32]);
        }
        for (index, each) in file.enum_type.iter_mut().enumerate() {
            self.enumeration(each, &package, &[field::FILE_ENUM, index as i32]);
        }
        for (index, extension) in file.extension.iter_mut().enumerate() {
            self.field(extension, &package, &[field::FILE_EXTENSION, index as i32]);
        }
        for (index, service) in file.service.iter_mut().enumerate() {
            self.service(service, &package, &[field::FILE_SERVICE, index as i32]);
        }
    }

    fn message(&mut self, message: &mut DescriptorProto, scope: &str, path: &[i32]) {
        let scope = element::join(scope, message.name());
        let at = |number, index: usize| [path, &[number, index as i32]].concat();
        let options_path = [path, &[field::MESSAGE_OPTIONS]].concat();
        self.options(
            uninterpreted!(message),
            "MessageOptions",
            &scope,
            &options_path,
        );
        for (index, each) in message.field.iter_mut().enumerate() {
            self.field(each, &scope, &at(field::MESSAGE_FIELD, index));
        }
        for (index, extension) in message.extension.iter_mut().enumerate() {
            self.field(extension, &scope, &at(field::MESSAGE_EXTENSION, index));
        }
        for (index, each) in message.enum_type.iter_mut().enumerate() {
            self.enumeration(each, &scope, &at(field::MESSAGE_ENUM, index));
        }
        for (index, oneof) in message.oneof_decl.iter_mut().enumerate() {
            let mut path = at(field::MESSAGE_ONEOF, index);
            path.push(field::ONEOF_OPTIONS);
            self.options(uninterpreted!(oneof), "OneofOptions", &scope, &path);
        }
        for (index, range) in message.extension_range.iter_mut().enumerate() {
            let mut path = at(field::MESSAGE_EXTENSION_RANGE, index);
            path.push(field::EXTENSION_RANGE_OPTIONS);
            self.options(
                uninterpreted!(range),
                "ExtensionRangeOptions",
                &scope,
                &path,
            );
        }
        for index in 0..message.nested_type.len() {
            let entry = &message.nested_type[index];
            if element::is_map_entry(entry) {
                self.map = map_field(entry.name(), &message.field).map(|field| {
                    [
                        &at(field::MESSAGE_FIELD, field)[..],
                        &[field::FIELD_TYPE_NAME],
                    ]
                    .concat()
                });
            }
            self.message(
                &mut message.nested_type[index],
                &scope,
                &at(field::MESSAGE_NESTED, index),
            );
            self.map = None;
        }
    }

    fn field(&mut self, each: &mut FieldDescriptorProto, scope: &str, path: &[i32]) {
        let at = |number| [path, &[number]].concat();
        if let Some(name) = &mut each.type_name {
            let kind = self.type_name(name, scope, Wanted::Type, &at(field::FIELD_TYPE_NAME));
            if kind.is_none() {
                each.default_value = None;
            }
            let is_enum = kind == Some(Kind::Enum);
            let found = if is_enum { Type::Enum } else { Type::Message };
            // The parser knows no more than that something is a group.
            each.r#type.get_or_insert(found.into());
        }
        if let Some(name) = &mut each.extendee {
            self.type_name(name, scope, Wanted::Message, &at(field::FIELD_EXTENDEE));
        }
        self.options(
            uninterpreted!(each),
            "FieldOptions",
            scope,
            &at(field::FIELD_OPTIONS),
        );
    }

    fn enumeration(&mut self, each: &mut EnumDescriptorProto, scope: &str, path: &[i32]) {
        let options_path = [path, &[field::ENUM_OPTIONS]].concat();
        self.options(uninterpreted!(each), "EnumOptions", scope, &options_path);
        for (index, value) in each.value.iter_mut().enumerate() {
            let tail = [field::ENUM_VALUE, index as i32, field::ENUM_VALUE_OPTIONS];
            let path = [path, &tail].concat();
            self.options(uninterpreted!(value), "EnumValueOptions", scope, &path);
        }
    }

    fn service(&mut self, service: &mut ServiceDescriptorProto, scope: &str, path: &[i32]) {
        let scope = element::join(scope, service.name());
        let options_path = [path, &[field::SERVICE_OPTIONS]].concat();
        self.options(
            uninterpreted!(service),
            "ServiceOptions",
            &scope,
            &options_path,
        );
        for (index, method) in service.method.iter_mut().enumerate() {
            let at = |number| [path, &[field::SERVICE_METHOD, index as i32, number]].concat();
            if let Some(name) = &mut method.input_type {
                self.type_name(name, &scope, Wanted::Message, &at(field::METHOD_INPUT));
            }
            if let Some(name) = &mut method.output_type {
                self.type_name(name, &scope, Wanted::Message, &at(field::METHOD_OUTPUT));
            }
            let path = at(field::METHOD_OPTIONS);
            self.options(uninterpreted!(method), "MethodOptions", &scope, &path);
        }
    }

    fn options(
        &mut self,
        options: &mut [UninterpretedOption],
        message: &str,
        scope: &str,
        path: &[i32],
    ) {
        for (index, option) in options.iter_mut().enumerate() {
            let path = [path, &[field::UNINTERPRETED_OPTION, index as i32]].concat();
            let mut is_known = true;
            if let Some(first) = option.name.first()
                && !first.is_extension
                && let Err(help) = suggest::standard_option(message, &first.name_part)
            {
                let message = format!("option '{}' is not defined", first.name_part);
                self.complain(&first.name_part, &path, message, help);
                is_known = false;
            }
            for part in option.name.iter_mut().filter(|part| part.is_extension) {
                let kind = self.name(&mut part.name_part, scope, Wanted::Option, &path);
                is_known &= kind.is_some();
            }
            if !is_known {
                *option = repair::option_without_effect();
            }
        }
    }

    /// Replaces `name` by what it stands for inside of `scope`, or by the stand-in.
    fn type_name(
        &mut self,
        name: &mut String,
        scope: &str,
        wanted: Wanted,
        path: &[i32],
    ) -> Option<Kind> {
        let kind = self.name(name, scope, wanted, path);
        if kind.is_none() {
            self.needs_stand_in = true;
            let stand_in = element::join(
                self.file.descriptor.package(),
                repair::stand_in(self.name).name(),
            );
            *name = format!(".{stand_in}");
        }
        kind
    }

    /// Replaces `name` by what it stands for inside of `scope`. If that is nothing that the file can refer
    /// to, the name stays.
    fn name(
        &mut self,
        name: &mut String,
        scope: &str,
        wanted: Wanted,
        path: &[i32],
    ) -> Option<Kind> {
        let visible = self.scope.get_or_init(|| self.symbols.scope_of(self.name));
        let found = visible.find(name, scope, wanted.filter());
        if let Found::Symbol(full_name, kind) = &found
            && wanted.filter()(*kind)
        {
            let is_linked = |file: &str| self.pool.get_file_by_name(file).is_some();
            let is_usable = |file| file == self.name || visible.has(file) && is_linked(file);
            // What is wrong with its file, or with defining it again, has been said.
            if !self.symbols.file_of(full_name).is_some_and(is_usable) {
                return None;
            }
            *name = format!(".{full_name}");
            return Some(*kind);
        }
        self.not_found(name, &found, wanted, path);
        None
    }

    /// Says that `name` leads to nothing that is `wanted`, if that is certain.
    fn not_found(&mut self, name: &str, found: &Found, wanted: Wanted, path: &[i32]) {
        let visible = self.scope.get_or_init(|| self.symbols.scope_of(self.name));
        let message = match found {
            Found::Symbol(_, kind) => {
                format!("'{name}' is {}, not {}", describe(*kind), wanted.describe())
            }
            _ if wanted == Wanted::Option => format!("option '({name})' is not defined"),
            _ => format!("name '{name}' is not defined"),
        };
        let package = self.file.descriptor.package();
        let (nearest, otherwise) = match found {
            Found::Symbol(..) => (None, None),
            Found::Shadowed(by) => (
                suggest::inside(self.symbols, visible, name, by),
                Some(suggest::for_shadowed(self.symbols, name, by)),
            ),
            Found::Nothing => (
                suggest::for_unknown(self.symbols, visible, name, package, wanted.filter()),
                Some("define it, or import the file that does".to_owned()),
            ),
        };
        // A name that looks like no other may come from a file that could not be read.
        let is_wrong = visible.is_complete() || matches!(found, Found::Symbol(..));
        if is_wrong || nearest.is_some() {
            let help = nearest.or(otherwise);
            self.complain(name, path, message, help);
        }
    }

    /// Says that `word` is wrong, which the element at `path` contains.
    fn complain(&mut self, word: &str, path: &[i32], message: String, help: Option<String>) {
        let path = self.map.as_deref().unwrap_or(path);
        let diagnostic = self.file.complain_about(word, path, message);
        self.diagnostics.push(diagnostic.with_help(help));
    }
}

/// The index of the field that is a map with entries of the type `entry`.
fn map_field(entry: &str, fields: &[FieldDescriptorProto]) -> Option<usize> {
    let type_name =
        |each: &FieldDescriptorProto| each.type_name().rsplit('.').next() == Some(entry);
    fields.iter().position(type_name)
}

/// What a name has to stand for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Type,
    Message,
    Option,
}

impl Wanted {
    fn filter(self) -> fn(Kind) -> bool {
        match self {
            Self::Type => is_type,
            Self::Message => is_message,
            Self::Option => is_extension,
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Self::Type => "a message or an enum",
            Self::Message => "a message",
            Self::Option => "an option",
        }
    }
}

fn describe(kind: Kind) -> &'static str {
    match kind {
        Kind::Message => "a message",
        Kind::Enum => "an enum",
        Kind::Service => "a service",
        Kind::Extension => "an extension",
    }
}
