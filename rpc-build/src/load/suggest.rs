//! What the user may have meant by a name that is not defined.

use protox::prost_reflect::DescriptorPool;

use super::symbols::{Kind, Scope, Symbols};
use crate::{element, include};

/// Help for `name`, of which the first part leads to the scope `by`, where the rest is not defined.
pub(super) fn for_shadowed(symbols: &Symbols<'_>, name: &str, by: &str) -> String {
    let outermost = name.trim_start_matches('.');
    if symbols.file_of(outermost).is_some() {
        format!("here it is looked up in '{by}'; write '.{outermost}'")
    } else {
        format!("it is looked up in '{by}'")
    }
}

/// Help for `name`, which leads nowhere in a file of `package`: the import that is missing, or a
/// visible name of the wanted kind that looks like it.
pub(super) fn for_unknown(
    symbols: &Symbols<'_>,
    visible: &Scope<'_>,
    name: &str,
    package: &str,
    is_wanted: fn(Kind) -> bool,
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
    let shown = |full_name: &str| {
        let in_package = full_name.strip_prefix(package);
        let short = in_package.and_then(|rest| rest.strip_prefix('.'));
        short.unwrap_or(full_name).to_owned()
    };
    let candidates = visible
        .names()
        .filter(|(_, kind)| is_wanted(*kind))
        .map(|(full_name, _)| shown(full_name));
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
    let names = options.fields().map(|option| option.name().to_owned());
    Err(nearest(name, names).map(|found| format!("did you mean '{found}'?")))
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

/// The candidate that `name` needs the fewest edits to become, if it looks like it at all: at most
/// one edit for each three characters.
fn nearest(name: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    let limit = name.chars().count() / 3;
    candidates
        .map(|candidate| (distance(name, &candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The number of characters to insert, delete or replace on the way from `a` to `b`, where upper and
/// lower case are the same.
fn distance(a: &str, b: &str) -> usize {
    let fold = |text: &str| text.to_lowercase().chars().collect::<Vec<char>>();
    let (a, b) = (fold(a), fold(b));
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
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
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn names_that_look_different_are_not_suggested() {
        let candidates = || ["Book", "Shelf"].map(str::to_owned).into_iter();
        assert_eq!(nearest("Bok", candidates()), Some("Book".to_owned()));
        assert_eq!(nearest("Author", candidates()), None);
    }
}
