//! What the user may have meant by a name that is not defined.

use protox::prost_reflect::{DescriptorPool, Kind};

use super::nearest::nearest;
use super::symbols::{self, Scope, Symbols};
use crate::{element, include, method_options};

/// The types of fields that are defined nowhere.
const SCALARS: &[&str] = &[
    "bool", "bytes", "double", "fixed32", "fixed64", "float", "int32", "int64", "sfixed32",
    "sfixed64", "sint32", "sint64", "string", "uint32", "uint64",
];

/// What some of them are called elsewhere, with too little likeness to be found by it.
const FOREIGN_SCALARS: &[(&str, &str)] = &[
    ("boolean", "bool"),
    ("byte", "bytes"),
    ("f32", "float"),
    ("f64", "double"),
    ("float32", "float"),
    ("float64", "double"),
    ("i32", "int32"),
    ("i64", "int64"),
    ("int", "int32"),
    ("integer", "int32"),
    ("long", "int64"),
    ("str", "string"),
    ("u32", "uint32"),
    ("u64", "uint64"),
    ("uint", "uint32"),
];

/// The files with the messages that are used as fields, or as requests and replies.
const COMMON_FILES: &[&str] = &[
    "google/protobuf/any.proto",
    "google/protobuf/duration.proto",
    "google/protobuf/empty.proto",
    "google/protobuf/field_mask.proto",
    "google/protobuf/struct.proto",
    "google/protobuf/timestamp.proto",
    "google/protobuf/wrappers.proto",
];

/// Help for `name`, of which the first part leads to the scope `by`, where the rest is not defined.
pub(super) fn for_shadowed(symbols: &Symbols<'_>, name: &str, by: &str) -> String {
    if symbols.file_of(name).is_some() {
        format!("here it is looked up in '{by}'; write '.{name}'")
    } else {
        format!("it is looked up in '{by}'")
    }
}

/// Help for the same, if something in that scope looks like it.
pub(super) fn inside(
    symbols: &Symbols<'_>,
    visible: &Scope<'_>,
    name: &str,
    by: &str,
) -> Option<String> {
    if symbols.file_of(name).is_some() {
        return None;
    }
    let (_, rest) = name.split_once('.').unwrap_or_default();
    let candidates = visible.names().filter_map(|(full_name, _)| {
        let inside = full_name.strip_prefix(by)?.strip_prefix('.')?;
        Some((inside, full_name))
    });
    let visible = nearest(rest, candidates).map(|found| format!("did you mean '{found}'?"));
    // The scope may be that of one well-known file, where another one is meant.
    visible.or_else(|| for_well_known(name).filter(|_| by == "google"))
}

/// Help for `name`, which leads nowhere in a file of `package`: the import that is missing, or a
/// visible name of the wanted kind that looks like it.
pub(super) fn for_unknown(
    symbols: &Symbols<'_>,
    visible: &Scope<'_>,
    name: &str,
    package: &str,
    is_wanted: fn(symbols::Kind) -> bool,
) -> Option<String> {
    let outermost = name.trim_start_matches('.');
    let full_names = element::enclosing(package)
        .chain([""])
        .map(|scope| element::join(scope, outermost));
    for full_name in full_names {
        let file = symbols
            .file_of(&full_name)
            .or_else(|| built_in_file(&full_name));
        if let Some(file) = file {
            return Some(format!(
                "it is defined in a file that has to be imported: `import \"{file}\";`"
            ));
        }
    }
    let is_field = is_wanted(symbols::Kind::Enum);
    if let Some(help) = for_scalar(name, is_field) {
        return Some(help);
    }
    let well_known = format!("google.protobuf.{name}");
    if let Some(file) = built_in_file(&well_known).filter(|_| is_wanted(symbols::Kind::Message)) {
        return Some(format!(
            "did you mean '{well_known}'? It is in `import \"{file}\";`"
        ));
    }
    let candidates = visible
        .names()
        .filter(|(_, kind)| is_wanted(*kind))
        .map(|(full_name, _)| {
            let in_package = full_name.strip_prefix(package);
            let short = in_package.and_then(|rest| rest.strip_prefix('.'));
            let suggestion = short.unwrap_or(full_name);
            // Who forgot the package as well is still told what it is.
            let compared = if outermost.contains('.') {
                suggestion
            } else {
                full_name.rsplit('.').next().unwrap_or(full_name)
            };
            (compared, suggestion)
        });
    let scalars = SCALARS.iter().filter(|_| is_field);
    let candidates = candidates.chain(scalars.map(|name| (*name, *name)));
    if let Some(found) = nearest(outermost, candidates) {
        return Some(format!("did you mean '{found}'?"));
    }
    for_well_known(outermost).filter(|_| is_wanted(symbols::Kind::Message))
}

/// Help for a `name` that looks like that of a message that comes with every compiler.
fn for_well_known(name: &str) -> Option<String> {
    let name = name.trim_start_matches('.');
    let short = name.strip_prefix("google.protobuf.");
    let all = include::WELL_KNOWN_FILES.iter();
    // Who writes the package may mean any of them, and who does not, hardly one of the rest.
    let files = all.filter(|file| short.is_some() || COMMON_FILES.contains(file));
    let pool = DescriptorPool::global();
    let messages: Vec<(String, &str)> = files
        .filter_map(|file| Some((pool.get_file_by_name(file)?, *file)))
        .flat_map(|(descriptor, file)| {
            let messages = descriptor.messages();
            let messages: Vec<_> = messages
                .map(|each| (each.name().to_owned(), file))
                .collect();
            messages
        })
        .collect();
    let names = messages
        .iter()
        .map(|(message, _)| (message.as_str(), message.as_str()));
    let found = nearest(short.unwrap_or(name), names)?;
    let (_, file) = messages.iter().find(|(message, _)| message == found)?;
    Some(format!(
        "did you mean 'google.protobuf.{found}'? It is in `import \"{file}\";`"
    ))
}

/// Help for a `name` that says in another language, or in the wrong place, that something is no message.
fn for_scalar(name: &str, is_field: bool) -> Option<String> {
    if !is_field {
        let is_scalar = SCALARS.contains(&name);
        return is_scalar.then(|| {
            "methods take and return messages: define one with a field of this type".to_owned()
        });
    }
    let mut foreign = FOREIGN_SCALARS.iter();
    let (_, scalar) = foreign.find(|(foreign, _)| *foreign == name)?;
    Some(format!("did you mean '{scalar}'?"))
}

/// Whether `google.protobuf.<message>`, such as `FieldOptions`, has the option `name`. If it has not,
/// the error is the help.
pub(super) fn standard_option(message: &str, name: &str) -> Result<(), Option<String>> {
    let pool = DescriptorPool::global();
    let Some(options) = pool.get_message_by_name(&format!("google.protobuf.{message}")) else {
        return Ok(());
    };
    if options.get_field_by_name(name).is_some() {
        return Ok(());
    }
    Err(among(name, &members(&Kind::Message(options))))
}

/// The names of the fields of a message, or of the values of an enum.
pub(super) fn members(kind: &Kind) -> Vec<String> {
    match kind {
        Kind::Message(message) => message
            .fields()
            .map(|each| each.name().to_owned())
            .collect(),
        Kind::Enum(each) => each.values().map(|value| value.name().to_owned()).collect(),
        _ => Vec::new(),
    }
}

/// Help for `name`, in place of which there are `names`.
pub(super) fn among(name: &str, names: &[String]) -> Option<String> {
    let candidates = names.iter().map(|name| (name.as_str(), name.as_str()));
    match nearest(name, candidates) {
        Some(found) => Some(format!("did you mean '{found}'?")),
        None if (1..=MAX_LISTED).contains(&names.len()) => {
            Some(format!("there is {}", names.join(", ")))
        }
        None => None,
    }
}

/// The file that needs no include folder and defines `full_name`.
fn built_in_file(full_name: &str) -> Option<&'static str> {
    if let Some(option) = full_name.strip_prefix("rpc.") {
        let own = include::built_in(method_options::FILE)?;
        let mut options = own.extension.iter();
        return options
            .any(|each| each.name() == option)
            .then_some(method_options::FILE);
    }
    let pool = DescriptorPool::global();
    let defines = |file: &&&str| {
        let Some(file) = pool.get_file_by_name(file) else {
            return false;
        };
        let is_message = file.messages().any(|each| each.full_name() == full_name);
        is_message || file.enums().any(|each| each.full_name() == full_name)
    };
    include::WELL_KNOWN_FILES.iter().find(defines).copied()
}

/// As many names are listed at most, where none looks like the one that is wrong.
const MAX_LISTED: usize = 8;
