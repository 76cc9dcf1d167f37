//! What programs other than build scripts are given.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

use std::path::Path;
use std::{env, fs};

use prost::Message;
use prost_types::FileDescriptorSet;
use rpc_build::Schema;

fn golden() -> &'static Path {
    Path::new("tests/golden/hello")
}

#[test]
fn what_would_be_generated_is_what_a_compilation_writes() {
    let protos = [golden().join("hello.proto")];
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tools");
    let _ = fs::remove_dir_all(&out);
    let options = || {
        let options = rpc_build::configure().out_dir(&out);
        options.runtime_path("::rpc_runtime")
    };
    let generated = options().generate(&protos, &[golden()]).unwrap();
    assert!(!out.exists(), "nothing is written");
    options().compile(&protos, &[golden()]).unwrap();
    for (path, content) in &generated.files {
        assert_eq!(&fs::read(path).unwrap(), content, "{}", path.display());
    }
    assert_eq!(fs::read_dir(&out).unwrap().count(), generated.files.len());
}

#[test]
fn a_schema_has_the_place_of_every_element() {
    let schema = Schema::load(&[golden().join("hello.proto")], &[golden()]).unwrap();
    assert_eq!(schema.names(), ["hello.proto"]);
    let set = FileDescriptorSet::decode(schema.file_descriptor_set()).unwrap();
    let first = set.file[0].message_type[0].name();
    let text = fs::read_to_string(golden().join("hello.proto")).unwrap();
    let place = schema.location("hello.proto", &[4, 0, 1]);
    let line = text.lines().nth(place.line() - 1).unwrap();
    assert!(line[place.column() - 1..].starts_with(first), "{line}");
    assert_eq!(place.source_line(), line);
}

#[test]
fn the_schema_of_a_descriptor_set_has_places_without_text() {
    let schema = Schema::load(&[golden().join("hello.proto")], &[golden()]).unwrap();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tools.binpb");
    fs::write(&path, schema.file_descriptor_set()).unwrap();
    let of_set = Schema::load_descriptor_set(&path).unwrap();
    let (place, other) = (
        schema.location("hello.proto", &[4, 0, 1]),
        of_set.location("hello.proto", &[4, 0, 1]),
    );
    assert_eq!(
        (other.line(), other.column()),
        (place.line(), place.column())
    );
    assert_eq!(other.path(), Path::new("hello.proto"));
    assert_eq!(other.source_line(), "");
}
