//! What the user may have meant by a name that is not defined.

use protox::prost_reflect::{DescriptorPool, Kind};

use super::symbols::{self, Scope, Symbols};
use crate::{element, include};

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
    nearest(rest, candidates).map(|found| format!("did you mean '{found}'?"))
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
            .or_else(|| well_known_file(&full_name));
        if let Some(file) = file {
            return Some(format!(
                "it is defined in a file that has to be imported: `import \"{file}\";`"
            ));
        }
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
    nearest(outermost, candidates).map(|found| format!("did you mean '{found}'?"))
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

/// The file that comes with every protobuf compiler and defines `full_name`.
fn well_known_file(full_name: &str) -> Option<&'static str> {
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

/// The suggestion for the candidate that `name` needs the fewest edits to become, if it looks like it
/// at all: at most one edit for each three characters. A candidate comes with what to suggest for it.
pub(super) fn nearest<'a>(
    name: &str,
    candidates: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<&'a str> {
    let limit = name.chars().count() / 3;
    let is_close = |(candidate, _): &(&str, _)| name.len().abs_diff(candidate.len()) <= 4 * limit;
    candidates
        // Most are ruled out by their length.
        .filter(is_close)
        .map(|(candidate, suggestion)| (distance(name, candidate), suggestion))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, suggestion)| suggestion)
}

/// The number of characters to insert, delete, replace or swap with the next one on the way from `a`
/// to `b`, where upper and lower case are the same.
fn distance(a: &str, b: &str) -> usize {
    let fold = |text: &str| text.to_lowercase().chars().collect::<Vec<char>>();
    let (a, b) = (fold(a), fold(b));
    // `rows[i][j]` is the distance of the first `i` characters of `a` to the first `j` of `b`.
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_edits_whatever_the_case() {
        for (a, b, expected) in [
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("HelloRequst", "HelloRequest", 1),
            ("money", "Money", 0),
            ("lable", "label", 1),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn names_that_look_different_are_not_suggested() {
        let candidates = || [("Book", "b.Book"), ("Shelf", "b.Shelf")].into_iter();
        assert_eq!(nearest("Bok", candidates()), Some("b.Book"));
        assert_eq!(nearest("Author", candidates()), None);
    }
}
