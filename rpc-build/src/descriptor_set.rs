//! The descriptors that generated code embeds, for reflection and JSON.

use std::collections::BTreeSet;

use prost::encoding::{self, DecodeContext, WireType};

use crate::load::LoadedFile;

/// The field number of `FileDescriptorSet.file`.
const FILE_FIELD: u32 = 1;
/// The field number of `FileDescriptorProto.source_code_info`.
const SOURCE_CODE_INFO_FIELD: u32 = 9;

/// An encoded `google.protobuf.FileDescriptorSet` of `files`, with comments and positions.
pub(crate) fn with_source_info<'a>(files: impl IntoIterator<Item = &'a LoadedFile>) -> Vec<u8> {
    encode_set(files.into_iter().map(|file| file.encoded.clone()))
}

/// An encoded `google.protobuf.FileDescriptorSet` of the files of `package` and of all that they
/// import. Comments and positions are left out: nobody asks for them at run time.
pub(crate) fn of_package(package: &str, files: &[LoadedFile]) -> Vec<u8> {
    let mut needed: BTreeSet<&str> = BTreeSet::new();
    // Imports come before their importers, so that one pass from the end finds them all.
    for file in files.iter().rev() {
        let descriptor = &file.descriptor;
        if descriptor.package() == package || needed.contains(descriptor.name()) {
            needed.insert(descriptor.name());
            needed.extend(descriptor.dependency.iter().map(String::as_str));
        }
    }
    let is_needed = |file: &&LoadedFile| needed.contains(file.descriptor.name());
    encode_set(
        files
            .iter()
            .filter(is_needed)
            .map(|file| without_source_info(&file.encoded)),
    )
}

fn encode_set(files: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut set = Vec::new();
    encoding::bytes::encode_repeated(FILE_FIELD, &files.collect::<Vec<_>>(), &mut set);
    set
}

/// The encoded file without its field `source_code_info`. Copied field by field, because decoding it
/// as a whole would lose the options that extensions define.
fn without_source_info(file: &[u8]) -> Vec<u8> {
    let mut stripped = Vec::with_capacity(file.len());
    let mut rest = file;
    while !rest.is_empty() {
        let field = rest;
        let Ok((number, wire_type)) = skip_field(&mut rest) else {
            unreachable!("the compiler encoded this file itself");
        };
        let is_source_info =
            number == SOURCE_CODE_INFO_FIELD && wire_type == WireType::LengthDelimited;
        if !is_source_info {
            stripped.extend_from_slice(&field[..field.len() - rest.len()]);
        }
    }
    stripped
}

fn skip_field(bytes: &mut &[u8]) -> Result<(u32, WireType), prost::DecodeError> {
    let (number, wire_type) = encoding::decode_key(bytes)?;
    encoding::skip_field(wire_type, number, bytes, DecodeContext::default())?;
    Ok((number, wire_type))
}
