//! Editions: files that say with features what `syntax` said before, rewritten in the syntax that says
//! the same.
//!
//! Neither prost-build nor prost-reflect knows editions, but both know all that features can ask for:
//!
//! | feature | becomes |
//! |---|---|
//! | `field_presence = EXPLICIT` | `optional`, in proto3 with the oneof that stands for it |
//! | `field_presence = IMPLICIT` | a plain field of proto3 |
//! | `field_presence = LEGACY_REQUIRED` | `required` of proto2 |
//! | `repeated_field_encoding` | `packed = true` or `packed = false` |
//! | `message_encoding = DELIMITED` | a group of proto2, of any message type and under any name |
//! | `enum_type`, `json_format` | proto2 or proto3 if nothing else decides; generated enums are open |
//!
//! [`FeatureSet`] resolves the features of each element, [`mod@resolve`] applies them, and
//! [`mod@syntax`] then chooses a syntax for the file. The one thing that has none is a file with fields of
//! `IMPLICIT` presence, which only proto3 has, beside something that only proto2 has.
//!
//! The result is for prost-build and prost-reflect. Tools that check descriptors as strictly as protoc
//! can still reject it where older syntaxes ask for more than the wire does: a group is named after its
//! message in them, and an enum of a proto2 file is not for fields of a proto3 file.

mod descriptor;
mod resolve;
mod set;
mod syntax;

use crate::diagnostic::Diagnostic;

use descriptor::File;
use set::FeatureSet;

pub(crate) use descriptor::FileSet;

/// What `syntax` is in files that have an edition instead.
const EDITIONS_SYNTAX: &str = "editions";

/// Rewrites the files in `set` that have an edition, and returns what cannot be said without one, each with
/// the name of its file.
pub(crate) fn lower(set: &mut FileSet) -> Vec<(String, Diagnostic)> {
    let files = set.files.iter_mut();
    let with_edition = files.filter(|file| file.syntax() == EDITIONS_SYNTAX);
    with_edition
        .filter_map(|file| {
            let mistake = lower_file(file).err()?;
            Some((file.name().to_owned(), mistake))
        })
        .collect()
}

fn lower_file(file: &mut File) -> Result<(), Diagnostic> {
    let Some(defaults) = FeatureSet::of_edition(file.edition()) else {
        let message = format!(
            "{} has edition number {} of google.protobuf.Edition, which is not supported",
            file.name(),
            file.edition(),
        );
        let help = "editions 2023 and 2024 are supported, which have the numbers 1000 and 1001";
        return Err(Diagnostic::without_location(message).with_help(Some(help.to_owned())));
    };
    let needs = resolve::resolve(file, &defaults).map_err(|error| {
        let message = format!("{}: its options cannot be read: {error}", file.name());
        Diagnostic::without_location(message)
    })?;
    syntax::choose(file, needs)?;
    file.edition = None;
    // Before there were editions, options came from imports like all others.
    let for_options = std::mem::take(&mut file.option_dependencies);
    file.dependencies.extend(for_options);
    Ok(())
}
