//! Every type, service and extension of a compilation by its full name, and who can see it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;

use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
};

use super::parse::{Parsed, ParsedFile};
use crate::diagnostic::Diagnostic;
use crate::element::{self, field};

/// What a name stands for. Fields and values are left out: no other element names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Message,
    Enum,
    Service,
    Extension,
}

/// One definition.
struct Symbol<'a> {
    kind: Kind,
    file: &'a str,
    /// Leads to its name within the file.
    path: Vec<i32>,
    /// The files that define it again.
    again: Vec<&'a str>,
}

/// The definitions of all files.
pub(super) struct Symbols<'a> {
    parsed: &'a Parsed,
    by_name: BTreeMap<String, Symbol<'a>>,
    /// By file, the paths to the names of what was defined before.
    repeated: HashMap<&'a str, Vec<Vec<i32>>>,
}

/// The part of [`Symbols`] that one file can name: its own, what it imports, and what its imports
/// import publicly.
pub(super) struct Scope<'a> {
    symbols: &'a Symbols<'a>,
    files: HashSet<&'a str>,
    /// Whether all imports could be read.
    is_complete: bool,
    /// The packages of those files, and the packages around them.
    packages: HashSet<&'a str>,
}

/// What a name leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The full name.
    Symbol(String, Kind),
    /// The first part of the name leads to a scope, by its full name, that has no such element.
    Shadowed(String),
    Nothing,
}

impl<'a> Symbols<'a> {
    /// Collects what is defined in the files of `parsed`. A name that is defined twice is added to
    /// `diagnostics`, at the second place.
    pub(super) fn collect(
        parsed: &'a Parsed,
        order: &[&'a str],
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut symbols = Self {
            parsed,
            by_name: BTreeMap::new(),
            repeated: HashMap::new(),
        };
        for &name in order {
            let file = &parsed.files[name];
            for (full_name, kind, path) in definitions(&file.descriptor) {
                let repeated = symbols.repeated(name).iter();
                // What is in a message that is there twice would be there twice, too.
                if repeated
                    .map(|outer| &outer[..outer.len() - 1])
                    .any(|outer| path.starts_with(outer))
                {
                    continue;
                }
                if let Some(first) = symbols.by_name.get_mut(&full_name) {
                    first.again.push(name);
                    let first = &symbols.by_name[&full_name];
                    diagnostics.push(symbols.defined_twice(&full_name, first, file, &path));
                    symbols.repeated.entry(name).or_default().push(path);
                } else {
                    let symbol = Symbol {
                        kind,
                        file: name,
                        path,
                        again: Vec::new(),
                    };
                    symbols.by_name.insert(full_name, symbol);
                }
            }
        }
        symbols
    }

    fn defined_twice(
        &self,
        full_name: &str,
        first: &Symbol<'_>,
        file: &ParsedFile,
        path: &[i32],
    ) -> Diagnostic {
        let first_file = &self.parsed.files[first.file];
        let place = first_file
            .location(&first.path)
            .map_or_else(|| first.file.to_owned(), |location| location.to_string());
        let help = if same_file(first_file, file) {
            let names = format!("'{}' and '{}'", first.file, file.descriptor.name());
            format!(
                "one file is read under two names, {names}: keep the include folder that imports use"
            )
        } else {
            format!("it is defined first at {place}")
        };
        file.complain(path, format!("name '{full_name}' is defined twice"))
            .with_help(Some(help))
    }

    /// What the file called `name` can see.
    pub(super) fn scope_of(&'a self, name: &'a str) -> Scope<'a> {
        let mut files = HashSet::from([name]);
        let mut waiting: Vec<&str> = match self.parsed.files.get(name) {
            Some(file) => file
                .descriptor
                .dependency
                .iter()
                .map(String::as_str)
                .collect(),
            None => Vec::new(),
        };
        let mut is_complete = true;
        while let Some(import) = waiting.pop() {
            match self.parsed.files.get(import) {
                Some(file) if files.insert(import) => {
                    waiting.extend(element::public_imports(&file.descriptor));
                }
                Some(_) => {}
                None => is_complete = false,
            }
        }
        let packages = files
            .iter()
            .filter_map(|file| self.parsed.files.get(*file))
            .flat_map(|file| element::enclosing(file.descriptor.package()))
            .collect();
        Scope {
            symbols: self,
            files,
            is_complete,
            packages,
        }
    }

    /// The paths to the names of all that the file called `name` defines, and that is defined already.
    pub(super) fn repeated(&self, name: &str) -> &[Vec<i32>] {
        self.repeated.get(name).map_or(&[], Vec::as_slice)
    }

    /// The file that defines `full_name`, whoever can see it.
    pub(super) fn file_of(&self, full_name: &str) -> Option<&'a str> {
        Some(self.by_name.get(full_name)?.file)
    }
}

impl<'a> Scope<'a> {
    /// What `name` means inside of the element `scope`. The innermost scope that knows the first
    /// part of the name decides, as in every protobuf compiler.
    pub(super) fn find(&self, name: &str, scope: &str, is_wanted: fn(Kind) -> bool) -> Found {
        if let Some(full_name) = name.strip_prefix('.') {
            return self.get(full_name).map_or(Found::Nothing, |kind| {
                Found::Symbol(full_name.to_owned(), kind)
            });
        }
        let first_part = name.split('.').next().unwrap_or(name);
        let mut other_kind = Found::Nothing;
        for outer in element::enclosing(scope).chain([""]) {
            let candidate = element::join(outer, name);
            let kind = self.get(&candidate);
            if first_part == name {
                match kind {
                    Some(kind) if is_wanted(kind) => return Found::Symbol(candidate, kind),
                    Some(kind) if other_kind == Found::Nothing => {
                        other_kind = Found::Symbol(candidate, kind);
                    }
                    _ => {}
                }
            } else if self.is_scope(&element::join(outer, first_part)) {
                return match kind {
                    Some(kind) => Found::Symbol(candidate, kind),
                    None => Found::Shadowed(element::join(outer, first_part)),
                };
            }
        }
        other_kind
    }

    /// Whether no name can come from a file that could not be read.
    pub(super) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Whether the file called `name` is visible.
    pub(super) fn has(&self, name: &str) -> bool {
        self.files.contains(name)
    }

    /// All visible names.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, Kind)> {
        let visible = |(_, symbol): &(&String, &Symbol<'_>)| self.files.contains(symbol.file);
        let all = self.symbols.by_name.iter();
        all.filter(visible)
            .map(|(name, symbol)| (name.as_str(), symbol.kind))
    }

    fn get(&self, full_name: &str) -> Option<Kind> {
        let symbol = self.symbols.by_name.get(full_name)?;
        let mut files = symbol.again.iter().chain([&symbol.file]);
        files.any(|file| self.has(file)).then_some(symbol.kind)
    }

    fn is_scope(&self, full_name: &str) -> bool {
        self.packages.contains(full_name)
            || self
                .get(full_name)
                .is_some_and(|kind| kind != Kind::Extension)
    }
}

/// Whether two files with different names come from one place.
fn same_file(one: &ParsedFile, other: &ParsedFile) -> bool {
    let path = |file: &ParsedFile| fs::canonicalize(&file.source.as_ref()?.path).ok();
    one.descriptor.name() != other.descriptor.name()
        && path(one).is_some()
        && path(one) == path(other)
}

/// The full names of all that `file` defines, with the paths to their names.
fn definitions(file: &FileDescriptorProto) -> Vec<(String, Kind, Vec<i32>)> {
    let mut found = Definitions(Vec::new());
    let package = file.package();
    for (index, message) in file.message_type.iter().enumerate() {
        found.message(package, message, &[field::FILE_MESSAGE, index as i32]);
    }
    found.enums(package, &file.enum_type, &[], field::FILE_ENUM);
    found.extensions(package, &file.extension, &[], field::FILE_EXTENSION);
    for (index, service) in file.service.iter().enumerate() {
        let path = [field::FILE_SERVICE, index as i32, field::NAME];
        found.add(package, service.name(), Kind::Service, &path);
    }
    found.0
}

struct Definitions(Vec<(String, Kind, Vec<i32>)>);

impl Definitions {
    fn add(&mut self, scope: &str, name: &str, kind: Kind, path: &[i32]) {
        self.0
            .push((element::join(scope, name), kind, path.to_vec()));
    }

    fn message(&mut self, scope: &str, message: &DescriptorProto, path: &[i32]) {
        self.add(
            scope,
            message.name(),
            Kind::Message,
            &[path, &[field::NAME]].concat(),
        );
        let scope = element::join(scope, message.name());
        for (index, nested) in message.nested_type.iter().enumerate() {
            let nested_path = [path, &[field::MESSAGE_NESTED, index as i32]].concat();
            self.message(&scope, nested, &nested_path);
        }
        self.enums(&scope, &message.enum_type, path, field::MESSAGE_ENUM);
        self.extensions(&scope, &message.extension, path, field::MESSAGE_EXTENSION);
    }

    fn enums(&mut self, scope: &str, enums: &[EnumDescriptorProto], path: &[i32], number: i32) {
        for (index, each) in enums.iter().enumerate() {
            let path = [path, &[number, index as i32, field::NAME]].concat();
            self.add(scope, each.name(), Kind::Enum, &path);
        }
    }

    fn extensions(
        &mut self,
        scope: &str,
        extensions: &[FieldDescriptorProto],
        path: &[i32],
        number: i32,
    ) {
        for (index, each) in extensions.iter().enumerate() {
            let path = [path, &[number, index as i32, field::NAME]].concat();
            self.add(scope, each.name(), Kind::Extension, &path);
        }
    }
}

/// The kinds that a field may have as its type.
pub(super) fn is_type(kind: Kind) -> bool {
    matches!(kind, Kind::Message | Kind::Enum)
}

/// The kinds that an rpc may take and return.
pub(super) fn is_message(kind: Kind) -> bool {
    kind == Kind::Message
}

/// The kinds that an option in parentheses may name.
pub(super) fn is_extension(kind: Kind) -> bool {
    kind == Kind::Extension
}
