//! Replaces the names that a file uses by full names, with a leading dot.

use std::cell::OnceCell;

use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    ServiceDescriptorProto, UninterpretedOption,
};

use super::parse::ParsedFile;
use super::suggest;
use super::symbols::{Found, Kind, Scope, Symbols, is_extension, is_message, is_type};
use crate::diagnostic::Diagnostic;
use crate::element::{self, field};

/// The descriptor of the file called `name` with full names in place of relative ones, or every name
/// in it that leads nowhere.
pub(super) fn resolve(
    name: &str,
    file: &ParsedFile,
    symbols: &Symbols<'_>,
) -> Result<FileDescriptorProto, Vec<Diagnostic>> {
    let mut descriptor = file.descriptor.clone();
    let mut resolver = Resolver {
        name,
        file,
        symbols,
        scope: OnceCell::new(),
        diagnostics: Vec::new(),
    };
    resolver.file(&mut descriptor);
    let mut diagnostics = resolver.diagnostics;
    if diagnostics.is_empty() {
        return Ok(descriptor);
    }
    diagnostics.sort_by_key(|each| each.location().map(|at| (at.line(), at.column())));
    Err(diagnostics)
}

struct Resolver<'a> {
    name: &'a str,
    file: &'a ParsedFile,
    symbols: &'a Symbols<'a>,
    scope: OnceCell<Scope<'a>>,
    diagnostics: Vec<Diagnostic>,
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
            let before = self.diagnostics.len();
            self.message(
                &mut message.nested_type[index],
                &scope,
                &at(field::MESSAGE_NESTED, index),
            );
            let nested = &message.nested_type[index];
            if self.diagnostics.len() > before && is_map_entry(nested) {
                self.point_at_map(before, nested.name(), &message.field, path);
            }
        }
    }

    /// The entry of a map has no place in the file: mistakes in it, from number `first` on, are shown
    /// at the field that is the map.
    fn point_at_map(
        &mut self,
        first: usize,
        entry: &str,
        fields: &[FieldDescriptorProto],
        path: &[i32],
    ) {
        let is_map =
            |each: &FieldDescriptorProto| each.type_name().rsplit('.').next() == Some(entry);
        let Some(index) = fields.iter().position(is_map) else {
            return;
        };
        let path = [
            path,
            &[field::MESSAGE_FIELD, index as i32, field::FIELD_TYPE_NAME],
        ]
        .concat();
        if let Some(location) = self.file.location(&path) {
            for diagnostic in &mut self.diagnostics[first..] {
                diagnostic.move_to(location.clone());
            }
        }
    }

    fn field(&mut self, each: &mut FieldDescriptorProto, scope: &str, path: &[i32]) {
        let at = |number| [path, &[number]].concat();
        if let Some(name) = &mut each.type_name {
            self.name(name, scope, Wanted::Type, &at(field::FIELD_TYPE_NAME));
        }
        if let Some(name) = &mut each.extendee {
            self.name(name, scope, Wanted::Message, &at(field::FIELD_EXTENDEE));
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
                self.name(name, &scope, Wanted::Message, &at(field::METHOD_INPUT));
            }
            if let Some(name) = &mut method.output_type {
                self.name(name, &scope, Wanted::Message, &at(field::METHOD_OUTPUT));
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
            if let Some(first) = option.name.first()
                && !first.is_extension
                && let Err(help) = suggest::standard_option(message, &first.name_part)
            {
                let message = format!("option '{}' is not defined", first.name_part);
                self.complain(&path, message, help);
            }
            for part in option.name.iter_mut().filter(|part| part.is_extension) {
                self.name(&mut part.name_part, scope, Wanted::Option, &path);
            }
        }
    }

    /// Replaces `name` by what it stands for inside of `scope`.
    fn name(&mut self, name: &mut String, scope: &str, wanted: Wanted, path: &[i32]) {
        let visible = self.scope.get_or_init(|| self.symbols.scope_of(self.name));
        let found = visible.find(name, scope, wanted.filter());
        if let Found::Symbol(full_name, kind) = &found
            && wanted.filter()(*kind)
        {
            *name = format!(".{full_name}");
            return;
        }
        let message = match &found {
            Found::Symbol(_, kind) => {
                format!("'{name}' is {}, not {}", describe(*kind), wanted.describe())
            }
            _ if wanted == Wanted::Option => format!("option '({name})' is not defined"),
            _ => format!("name '{name}' is not defined"),
        };
        let help = match &found {
            Found::Symbol(..) => None,
            Found::Shadowed(by) => Some(suggest::for_shadowed(self.symbols, visible, name, by)),
            Found::Nothing => {
                let package = self.file.descriptor.package();
                suggest::for_unknown(self.symbols, visible, name, package, wanted.filter())
            }
        };
        self.complain(path, message, help);
    }

    fn complain(&mut self, path: &[i32], message: String, help: Option<String>) {
        let diagnostic = self.file.complain(path, message).with_help(help);
        self.diagnostics.push(diagnostic);
    }
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

fn is_map_entry(message: &DescriptorProto) -> bool {
    message
        .options
        .as_ref()
        .is_some_and(|options| options.map_entry())
}
