//! Elements of a `.proto` file: their full names, and the paths to them in descriptors.

use prost_types::{DescriptorProto, FileDescriptorProto};

/// Field numbers of `descriptor.proto`, of which the paths to elements consist. Each path is a list
/// of pairs of such a number and an index, and ends with the number of a single field.
pub(crate) mod field {
    /// `name` of every kind of descriptor.
    pub(crate) const NAME: i32 = 1;
    pub(crate) const FILE_PACKAGE: i32 = 2;
    pub(crate) const FILE_DEPENDENCY: i32 = 3;
    pub(crate) const FILE_MESSAGE: i32 = 4;
    pub(crate) const FILE_ENUM: i32 = 5;
    pub(crate) const FILE_SERVICE: i32 = 6;
    pub(crate) const FILE_EXTENSION: i32 = 7;
    pub(crate) const FILE_OPTIONS: i32 = 8;
    pub(crate) const MESSAGE_FIELD: i32 = 2;
    pub(crate) const MESSAGE_NESTED: i32 = 3;
    pub(crate) const MESSAGE_ENUM: i32 = 4;
    pub(crate) const MESSAGE_EXTENSION_RANGE: i32 = 5;
    pub(crate) const MESSAGE_EXTENSION: i32 = 6;
    pub(crate) const MESSAGE_OPTIONS: i32 = 7;
    pub(crate) const MESSAGE_ONEOF: i32 = 8;
    pub(crate) const FIELD_EXTENDEE: i32 = 2;
    pub(crate) const FIELD_TYPE_NAME: i32 = 6;
    pub(crate) const FIELD_OPTIONS: i32 = 8;
    pub(crate) const ONEOF_OPTIONS: i32 = 2;
    pub(crate) const EXTENSION_RANGE_OPTIONS: i32 = 3;
    pub(crate) const ENUM_VALUE: i32 = 2;
    pub(crate) const ENUM_OPTIONS: i32 = 3;
    pub(crate) const ENUM_VALUE_OPTIONS: i32 = 3;
    pub(crate) const SERVICE_METHOD: i32 = 2;
    pub(crate) const SERVICE_OPTIONS: i32 = 3;
    pub(crate) const METHOD_INPUT: i32 = 2;
    pub(crate) const METHOD_OUTPUT: i32 = 3;
    pub(crate) const METHOD_OPTIONS: i32 = 4;
    pub(crate) const UNINTERPRETED_OPTION: i32 = 999;
}

/// The full name of the element `name` in `scope`, which is empty at the top.
pub(crate) fn join(scope: &str, name: &str) -> String {
    if scope.is_empty() {
        name.to_owned()
    } else {
        format!("{scope}.{name}")
    }
}

/// `name` and the names of all that encloses it, from the inside: `a.b.C`, `a.b`, `a`.
pub(crate) fn enclosing(name: &str) -> impl Iterator<Item = &str> {
    let innermost = (!name.is_empty()).then_some(name);
    std::iter::successors(innermost, |name| Some(name.rsplit_once('.')?.0))
}

/// Whether `message` is what the compiler wrote for the entries of a map.
pub(crate) fn is_map_entry(message: &DescriptorProto) -> bool {
    let options = message.options.as_ref();
    options.is_some_and(|options| options.map_entry())
}

/// What the importers of `file` see as if they had imported it themselves.
pub(crate) fn public_imports(file: &FileDescriptorProto) -> impl Iterator<Item = &str> {
    let imports = file.public_dependency.iter();
    imports.filter_map(|index| {
        let import = file.dependency.get(usize::try_from(*index).ok()?)?;
        Some(import.as_str())
    })
}
