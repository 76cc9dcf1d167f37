//! Mistakes in `.proto` files and in build scripts: what the user reads, to the letter.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// A folder of `.proto` files for one test.
struct Project {
    root: PathBuf,
}

impl Project {
    /// Writes `files`, each a path below the project with its content.
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("diagnostics")
            .join(name);
        let _ = fs::remove_dir_all(&root);
        for (path, content) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        Self { root }
    }

    /// Everything that is wrong with `protos`, as cargo shows it, with paths as seen from the project.
    fn mistakes(&self, protos: &[&str], includes: &[&str]) -> String {
        let paths = |names: &[&str]| -> Vec<PathBuf> {
            names.iter().map(|name| self.root.join(name)).collect()
        };
        let outcome = rpc_build::configure()
            .out_dir(self.root.join("out"))
            .compile(&paths(protos), &paths(includes));
        let error = outcome.expect_err("the compilation fails");
        let shown: String = error
            .diagnostics()
            .iter()
            .map(|diagnostic| format!("{diagnostic}\n"))
            .collect();
        shown.replace(&format!("{}/", self.root.display()), "")
    }
}

/// What is wrong with the one file `proto/a.proto`.
fn mistakes_in(name: &str, content: &str) -> String {
    Project::new(name, &[("proto/a.proto", content)]).mistakes(&["proto/a.proto"], &["proto"])
}

#[test]
fn a_syntax_error_is_shown_where_it_is() {
    let shown = mistakes_in(
        "syntax",
        "syntax = \"proto3\";\nmessage A {\n\tstring msg 1;\n}\n",
    );
    assert_eq!(
        shown,
        "proto/a.proto:3:13: expected '=', but found '1'\n\
         \x20 3 | \tstring msg 1;\n\
         \x20   | \t           ^\n"
    );
}

#[test]
fn a_file_that_ends_too_early_is_shown_at_its_end() {
    let shown = mistakes_in("end", "syntax = \"proto3\";\nmessage A {\n");
    assert_eq!(
        shown,
        "proto/a.proto:2:12: expected a message field, oneof, reserved range, enum, message, option or '}', but reached end of file\n\
         \x20 2 | message A {\n\
         \x20   |            ^\n"
    );
}

#[test]
fn every_unknown_type_is_shown() {
    let shown = mistakes_in(
        "unknown_types",
        "syntax = \"proto3\";\npackage a;\nmessage A {\n  B b = 1;\n}\nservice S {\n  rpc Call(A) returns (C);\n}\n",
    );
    assert_eq!(
        shown,
        "proto/a.proto:4:3: name 'B' is not defined\n\
         \x20 4 |   B b = 1;\n\
         \x20   |   ^\n\
         \x20   = help: define it, or import the file that does\n\
         proto/a.proto:7:24: name 'C' is not defined\n\
         \x20 7 |   rpc Call(A) returns (C);\n\
         \x20   |                        ^\n\
         \x20   = help: define it, or import the file that does\n"
    );
}

#[test]
fn a_name_that_is_used_twice_is_shown_at_its_second_use() {
    let shown = mistakes_in(
        "twice",
        "syntax = \"proto3\";\nmessage A {}\nmessage A {}\n",
    );
    assert_eq!(
        shown,
        "proto/a.proto:3:9: name 'A' is defined twice\n\
         \x20 3 | message A {}\n\
         \x20   |         ^\n\
         \x20   = help: it is defined first at proto/a.proto:2:9\n"
    );
}

#[test]
fn a_missing_import_says_where_it_was_looked_for() {
    let shown = mistakes_in("import", "syntax = \"proto3\";\nimport \"gone.proto\";\n");
    assert_eq!(
        shown,
        "proto/a.proto:2:9: import 'gone.proto' not found\n\
         \x20 2 | import \"gone.proto\";\n\
         \x20   |         ^^^^^^^^^^\n\
         \x20   = help: looked in proto\n"
    );
}

#[test]
fn a_byte_that_is_not_utf_8_is_shown_where_it_is() {
    let project = Project::new("utf_8", &[]);
    let text = b"syntax = \"proto3\";\n// Stra\xdfe\nmessage A {}\n";
    fs::create_dir_all(&project.root).unwrap();
    fs::write(project.root.join("a.proto"), text).unwrap();
    assert_eq!(
        project.mistakes(&["a.proto"], &["."]).replace("./", ""),
        "a.proto:2:8: byte 0xdf is not UTF-8\n\
         \x20 2 | // Stra\u{fffd}e\n\
         \x20   |        ^\n\
         \x20   = help: save the file in the encoding UTF-8, which protobuf asks for\n"
    );
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let text = "\u{feff}syntax = \"proto3\";\nmessage A { B b = 1; }\n";
    let shown = mistakes_in("mark", text);
    assert!(shown.starts_with("proto/a.proto:2:13: name 'B'"), "{shown}");
}

#[test]
fn a_mistake_in_an_imported_file_is_shown_once_in_that_file() {
    let importer = "syntax = \"proto3\";\nimport \"common/c.proto\";\n";
    let project = Project::new(
        "imported",
        &[
            ("proto/a.proto", importer),
            ("proto/b.proto", importer),
            (
                "shared/common/c.proto",
                "syntax = \"proto3\";\nmessage C { D d = 1; }\n",
            ),
        ],
    );
    assert_eq!(
        project.mistakes(&["proto/a.proto", "proto/b.proto"], &["proto", "shared"]),
        "shared/common/c.proto:2:13: name 'D' is not defined\n\
         \x20 2 | message C { D d = 1; }\n\
         \x20   |             ^\n\
         \x20   = help: define it, or import the file that does\n"
    );
}

#[test]
fn mistakes_in_several_files_are_all_shown() {
    let project = Project::new(
        "several",
        &[
            ("a.proto", "syntax = \"proto3\";\nmessage {}\n"),
            ("b.proto", "syntax = \"proto3\";\nmessage {}\n"),
        ],
    );
    let shown = project.mistakes(&["a.proto", "b.proto"], &["."]);
    assert_eq!(
        shown
            .matches("expected an identifier, but found '{'")
            .count(),
        2,
        "{shown}"
    );
}

#[test]
fn an_edition_is_shown_with_how_to_have_protoc_read_it() {
    let shown = mistakes_in("edition", "// A file.\nedition = \"2023\";\npackage a;\n");
    assert_eq!(
        shown,
        "proto/a.proto:2:1: only protoc can read protobuf editions\n\
         \x20 2 | edition = \"2023\";\n\
         \x20   | ^^^^^^^^^^^^^^^^^\n\
         \x20   = help: call `use_protoc()`, or have protoc write a descriptor set, \
         `protoc --include_imports --include_source_info -o a.bin proto/a.proto`, \
         and call `compile_descriptor_set(\"a.bin\")`\n"
    );
}

#[test]
fn methods_with_the_same_rust_name_are_shown() {
    let shown = mistakes_in(
        "clash",
        "syntax = \"proto3\";\nmessage A {}\nservice S {\n  rpc GetUrl(A) returns (A);\n  rpc GetURL(A) returns (A);\n}\n",
    );
    assert_eq!(
        shown,
        "proto/a.proto:5:7: method 'GetURL' and method 'GetUrl' are both called 'get_url' in Rust\n\
         \x20 5 |   rpc GetURL(A) returns (A);\n\
         \x20   |       ^^^^^^\n\
         \x20   = help: rename one of them; the other is at proto/a.proto:4:7\n"
    );
}

#[test]
fn a_missing_file_is_named() {
    let project = Project::new(
        "missing_file",
        &[("proto/a.proto", "syntax = \"proto3\";\n")],
    );
    assert_eq!(
        project.mistakes(&["proto/b.proto"], &["proto"]),
        "file proto/b.proto does not exist\n  = help: paths in a build script are relative to the folder of its package\n"
    );
}

#[test]
fn a_missing_include_folder_is_named() {
    let project = Project::new(
        "missing_folder",
        &[("proto/a.proto", "syntax = \"proto3\";\n")],
    );
    assert_eq!(
        project.mistakes(&["proto/a.proto"], &["proto", "third_party"]),
        "include folder third_party does not exist\n  = help: paths in a build script are relative to the folder of its package\n"
    );
}

#[test]
fn a_file_outside_of_the_include_folders_is_named() {
    let project = Project::new(
        "outside",
        &[
            ("proto/a.proto", "syntax = \"proto3\";\n"),
            ("other/b.proto", "syntax = \"proto3\";\n"),
        ],
    );
    assert_eq!(
        project.mistakes(&["other/b.proto"], &["proto"]),
        "file 'other/b.proto' is not in any include path\n  = help: looked in proto\n"
    );
}

#[test]
fn the_error_itself_is_one_short_line() {
    let project = Project::new(
        "short",
        &[(
            "a.proto",
            "syntax = \"proto3\";\nmessage A { B b = 1; C c = 2; }\n",
        )],
    );
    let outcome = rpc_build::configure()
        .out_dir(project.root.join("out"))
        .compile(&[project.root.join("a.proto")], &[&project.root]);
    let error = outcome.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("a.proto:2:13: name 'B' is not defined (and 1 more)"),
        "{error}"
    );
    assert_eq!(format!("{error:?}"), error.to_string());
}
