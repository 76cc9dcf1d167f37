//! Files with an edition, in a descriptor set: what their features become on the wire and in code.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

mod descriptors;

use std::fs;
use std::path::{Path, PathBuf};

use prost::Message;
use prost_types::FileDescriptorSet;
use prost_types::field_descriptor_proto::{Label, Type};

use descriptors::{
    CLOSED, DELIMITED, EDITION_2023, EDITION_2024, EXPANDED, Field, File, IMPLICIT,
    LEGACY_REQUIRED, LENGTH_PREFIXED, MessageType, Set,
};

/// What the two files below compile to, kept: with `UPDATE_GOLDEN=1` it is written instead of compared.
mod generated {
    include!("../golden/editions/expected/rpc_protos.rs");
}

use generated::{legacy, shop};

/// The number of an option that an extension defines.
const CUSTOM_OPTION: u32 = 50_001;

/// A file of which all is as in proto3.
fn shop() -> File {
    File::new("shop", EDITION_2023, &[])
        .message(
            "Item",
            [
                Field::new("explicit", 1, Type::Int32).custom_option(CUSTOM_OPTION, "kept"),
                Field::new("implicit", 2, Type::Int32).feature(IMPLICIT),
                Field::new("packed", 3, Type::Int32).repeated(),
                Field::new("expanded", 4, Type::Int32)
                    .repeated()
                    .feature(EXPANDED),
                Field::new("child", 5, Type::Message).of(".shop.Item"),
                Field::new("number", 6, Type::Int32).in_oneof(),
                Field::new("kind", 7, Type::Enum).of(".shop.Kind"),
                Field::new("name", 8, Type::String).feature(IMPLICIT),
            ],
        )
        .oneof("choice")
        .enum_type("Kind", &[("KIND_UNSPECIFIED", 0), ("KIND_NEW", 1)])
}

/// A file that has what only proto2 has, mostly inherited from the file itself.
fn legacy() -> File {
    File::new("legacy", EDITION_2024, &[DELIMITED, CLOSED, EXPANDED])
        .message("Part", [Field::new("id", 1, Type::Int32)])
        .message(
            "Old",
            [
                Field::new("id", 1, Type::Int32).feature(LEGACY_REQUIRED),
                Field::new("group", 2, Type::Message).of(".legacy.Part"),
                Field::new("groups", 3, Type::Message)
                    .of(".legacy.Part")
                    .repeated(),
                Field::new("in_choice", 4, Type::Message)
                    .of(".legacy.Part")
                    .in_oneof(),
                Field::new("prefixed", 5, Type::Message)
                    .of(".legacy.Part")
                    .feature(LENGTH_PREFIXED),
                Field::new("limit", 6, Type::Int32).with_default("7"),
                Field::new("parts", 7, Type::Message)
                    .of(".legacy.Old.PartsEntry")
                    .repeated(),
                Field::new("level", 8, Type::Enum).of(".legacy.Level"),
                Field::new("numbers", 9, Type::Int32).repeated(),
                Field::new("inner", 10, Type::Message).of(".legacy.Old"),
            ],
        )
        .oneof("choice")
        .map_entry("PartsEntry", ".legacy.Part")
        .enum_type("Level", &[("LEVEL_LOW", 1), ("LEVEL_HIGH", 2)])
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("editions")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Compiles `files` into `out_dir`.
fn compile(folder: &Path, out_dir: &Path, files: impl Into<Vec<File>>) -> rpc_build::Result<()> {
    fs::write(folder.join("set.bin"), Set::encoded(files)).unwrap();
    rpc_build::configure()
        .out_dir(out_dir)
        .file_descriptor_set_path(folder.join("lowered.bin"))
        .compile_descriptor_set(folder.join("set.bin"))
}

/// The descriptors that the compiler makes of `file`.
fn lowered(name: &str, file: File) -> prost_types::FileDescriptorProto {
    let folder = folder(name);
    compile(&folder, &folder, [file]).unwrap();
    let set = fs::read(folder.join("lowered.bin")).unwrap();
    FileDescriptorSet::decode(&set[..]).unwrap().file.remove(0)
}

/// The first mistake in `files`, with its help.
fn mistake(name: &str, files: impl Into<Vec<File>>) -> String {
    let folder = folder(name);
    let error = compile(&folder, &folder, files).unwrap_err();
    error.diagnostics()[0].to_string()
}

#[test]
fn the_code_is_as_it_was_read_and_kept() {
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/editions/expected");
    let folder = folder("golden");
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let out_dir = if update { &expected } else { &folder };
    compile(&folder, out_dir, [shop(), legacy()]).unwrap();
    let names = [
        "rpc_protos.rs",
        "shop.rs",
        "shop.descriptor.bin",
        "legacy.rs",
        "legacy.descriptor.bin",
    ];
    for name in names {
        let read = |folder: &Path| fs::read(folder.join(name)).unwrap();
        assert!(
            read(out_dir) == read(&expected),
            "{name} differs; if that is right, run the tests with UPDATE_GOLDEN=1"
        );
    }
}

#[test]
fn a_field_of_explicit_presence_knows_that_it_is_set_to_its_default() {
    let item = shop::Item {
        explicit: Some(0),
        ..Default::default()
    };
    assert_eq!(item.encode_to_vec(), [0x08, 0]);
    assert_eq!(shop::Item::decode(&[0x08, 0][..]).unwrap(), item);
    assert_eq!(shop::Item::decode(&[][..]).unwrap().explicit, None);
}

#[test]
fn a_field_of_implicit_presence_is_not_sent_with_its_default() {
    let item = shop::Item {
        implicit: 0,
        name: String::new(),
        ..Default::default()
    };
    assert!(item.encode_to_vec().is_empty());
    let item = shop::Item {
        implicit: 5,
        ..Default::default()
    };
    assert_eq!(item.encode_to_vec(), [0x10, 5]);
}

#[test]
fn numbers_are_packed_or_expanded_as_their_field_says() {
    let item = shop::Item {
        packed: vec![1, 2],
        expanded: vec![3, 4],
        ..Default::default()
    };
    let encoded = item.encode_to_vec();
    assert_eq!(encoded, [0x1a, 2, 1, 2, 0x20, 3, 0x20, 4]);
    assert_eq!(shop::Item::decode(&encoded[..]).unwrap(), item);
    let old = legacy::Old {
        numbers: vec![5, 6],
        ..Default::default()
    };
    assert!(old.encode_to_vec().ends_with(&[0x48, 5, 0x48, 6]));
}

#[test]
fn unknown_numbers_of_an_enum_stay_in_their_field() {
    let item = shop::Item::decode(&[0x38, 9][..]).unwrap();
    assert_eq!(item.kind, Some(9));
    let old = legacy::Old::decode(&[0x08, 1, 0x40, 9][..]).unwrap();
    assert_eq!(old.level, Some(9));
    assert_eq!(old.encode_to_vec(), [0x08, 1, 0x40, 9]);
}

#[test]
fn delimited_messages_are_groups_and_maps_and_exceptions_are_not() {
    let part = |id| legacy::Part { id: Some(id) };
    let old = legacy::Old {
        id: 1,
        group: Some(part(2)),
        groups: vec![part(3), part(4)],
        prefixed: Some(part(6)),
        parts: [("k".to_owned(), part(7))].into(),
        choice: Some(legacy::old::Choice::InChoice(part(5))),
        inner: Some(Box::new(legacy::Old {
            id: 8,
            ..Default::default()
        })),
        ..Default::default()
    };
    let encoded = old.encode_to_vec();
    let expected: [&[u8]; 8] = [
        &[0x08, 1],
        &[0x13, 0x08, 2, 0x14],
        &[0x1b, 0x08, 3, 0x1c],
        &[0x1b, 0x08, 4, 0x1c],
        &[0x23, 0x08, 5, 0x24],
        &[0x2a, 2, 0x08, 6],
        &[0x3a, 7, 0x0a, 1, b'k', 0x12, 2, 0x08, 7],
        &[0x53, 0x08, 8, 0x54],
    ];
    for each in expected {
        assert!(
            encoded.windows(each.len()).any(|window| window == each),
            "{each:x?} is missing in {encoded:x?}"
        );
    }
    assert_eq!(encoded.len(), expected.concat().len());
    assert_eq!(legacy::Old::decode(&encoded[..]).unwrap(), old);
}

#[test]
fn a_required_field_is_always_sent_and_a_default_is_what_an_absent_field_has() {
    let old = legacy::Old::default();
    assert_eq!(old.encode_to_vec(), [0x08, 0]);
    assert_eq!(old.limit(), 7);
    assert_eq!(old.level(), legacy::Level::Low);
}

#[test]
fn what_proto3_can_say_becomes_proto3() {
    let file = lowered("proto3", shop());
    assert_eq!(file.syntax(), "proto3");
    let item = &file.message_type[0];
    let oneofs: Vec<&str> = item.oneof_decl.iter().map(|oneof| oneof.name()).collect();
    assert_eq!(oneofs, ["choice", "_explicit", "_kind"]);
    let optional = item.field.iter().filter(|field| field.proto3_optional());
    let optional: Vec<&str> = optional.map(|field| field.name()).collect();
    assert_eq!(optional, ["explicit", "kind"]);
    assert_eq!(item.field[0].oneof_index, Some(1));
    assert!(item.field[2].options.as_ref().unwrap().packed());
    assert!(!item.field[3].options.as_ref().unwrap().packed());
}

#[test]
fn the_oneof_of_an_optional_field_has_a_name_of_its_own() {
    let id = Field::new("id", 1, Type::Int32);
    let mut file = File::new("a", EDITION_2023, &[]).message("A", [id]);
    file.messages[0].nested.push(MessageType {
        name: "_id".to_owned(),
        ..MessageType::default()
    });
    let file = lowered("own_name", file);
    assert_eq!(file.message_type[0].oneof_decl[0].name(), "X_id");
}

#[test]
fn what_only_proto2_can_say_becomes_proto2() {
    let file = lowered("proto2", legacy());
    assert_eq!(file.syntax(), "proto2");
    let old = &file.message_type[1];
    assert_eq!(old.field[0].label(), Label::Required);
    assert_eq!(old.field[1].r#type(), Type::Group);
    assert_eq!(old.oneof_decl.len(), 1);
    assert!(
        old.field
            .iter()
            .all(|field| field.proto3_optional.is_none())
    );
}

#[test]
fn a_closed_enum_alone_makes_a_file_proto2_unless_a_field_has_implicit_presence() {
    let file = |presence: &[(u32, i32)]| {
        File::new("a", EDITION_2023, &[&[CLOSED], presence].concat())
            .message("A", [Field::new("id", 1, Type::Int32)])
            .enum_type("E", &[("ZERO", 0)])
    };
    assert_eq!(lowered("closed", file(&[])).syntax(), "proto2");
    assert_eq!(
        lowered("closed_implicit", file(&[IMPLICIT])).syntax(),
        "proto3"
    );
}

#[test]
fn options_of_extensions_are_kept_and_features_are_not() {
    let folder = folder("options");
    compile(&folder, &folder, [shop()]).unwrap();
    let set = fs::read(folder.join("lowered.bin")).unwrap();
    let set = Set::decode(&set[..]).unwrap();
    let fields = &set.files[0].messages[0].fields;
    let explicit = Field::default().custom_option(CUSTOM_OPTION, "kept");
    assert_eq!(fields[0].options, explicit.options);
    assert!(fields[1].options.is_empty(), "{:?}", fields[1].options);
    assert_eq!(set.files[0].edition, 0);
}

#[test]
fn elements_that_no_syntax_has_together_are_named() {
    let file = File::new("a", EDITION_2023, &[]).message(
        "A",
        [
            Field::new("old", 1, Type::Int32).feature(LEGACY_REQUIRED),
            Field::new("new", 2, Type::Int32).feature(IMPLICIT),
        ],
    );
    assert_eq!(
        mistake("mix", [file]),
        "a.proto: field 'a.A.old' with field_presence = LEGACY_REQUIRED is in one file with \
         field 'a.A.new' with field_presence = IMPLICIT\n  \
         = help: move one of them to another file, or change its feature: only proto2 has the first, \
         only proto3 has the second, and no syntax has both"
    );
}

#[test]
fn an_edition_that_is_too_new_is_named() {
    assert_eq!(
        mistake("new", [shop(), File::new("a", 1002, &[])]),
        "a.proto has edition number 1002 of google.protobuf.Edition, which is not supported\n  \
         = help: editions 2023 and 2024 are supported, which have the numbers 1000 and 1001"
    );
}
