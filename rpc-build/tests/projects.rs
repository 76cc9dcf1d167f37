//! Whole projects, built by cargo as users build theirs: what is built again and when, and protos that
//! one crate imports from another.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

mod project;

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use project::{Project, RENAMED_RUNTIME, compiles, stderr};

/// A user's dependency on the runtime.
const RUNTIME: &str = r#"rpc-runtime = { path = "{rpc}/rpc-runtime" }"#;

impl Project {
    /// Gives the file at `path` a new time and the same content.
    fn touch(&self, path: &str) {
        let file = fs::File::options()
            .append(true)
            .open(self.folder.join(path));
        file.unwrap().set_modified(SystemTime::now()).unwrap();
    }

    /// Builds, and returns whether `package` was built again.
    #[track_caller]
    fn rebuilds(&self, package: &str) -> bool {
        let output = self.build();
        let log = stderr(&output);
        assert!(output.status.success(), "{log}");
        !log.contains(&format!("Fresh {package} "))
    }
}

#[test]
fn a_crate_is_built_again_exactly_when_its_protos_changed() {
    let api = |imports: &str| {
        format!(
            "syntax = \"proto3\";\npackage api;\nimport \"a.proto\";\n{imports}message Api {{ A a = 1; }}\n"
        )
    };
    let message = |name: &str, field: &str| {
        format!("syntax = \"proto3\";\npackage api;\nmessage {name} {{ {field} }}\n")
    };
    let project = Project::package(
        "rebuilt",
        RUNTIME,
        &[
            ("build.rs", &compiles("api.proto")),
            ("src/lib.rs", "rpc_runtime::include_protos!();\n"),
            ("proto/api.proto", &api("")),
            ("proto/a.proto", &message("A", "")),
        ],
    );
    let rebuilds = || project.rebuilds("rebuilt");
    assert!(rebuilds(), "the first time");
    assert!(!rebuilds(), "nothing changed");

    project.write("proto/b.proto", &message("B", ""));
    assert!(!rebuilds(), "a file that nothing imports");

    project.touch("proto/api.proto");
    assert!(rebuilds(), "a file that was touched");
    assert!(!rebuilds(), "nothing changed since");

    project.write("proto/a.proto", &message("A", "int32 added = 1;"));
    let uses_field =
        "rpc_runtime::include_protos!();\n\npub fn added(a: &api::A) -> i32 { a.added }\n";
    project.write("src/lib.rs", uses_field);
    assert!(rebuilds(), "an imported file that was edited");

    project.write("proto/api.proto", &api("import \"b.proto\";\n"));
    assert!(rebuilds(), "a new import");
    project.touch("proto/b.proto");
    assert!(rebuilds(), "the file that is imported now");
    assert!(!rebuilds(), "nothing changed since");

    project.touch("Cargo.toml");
    assert!(rebuilds(), "the manifest may give the runtime another name");

    let (there, away) = (project.folder.join("proto"), project.folder.join("away"));
    fs::rename(&there, &away).unwrap();
    let output = project.build();
    let log = stderr(&output);
    assert!(!output.status.success(), "the folder is missing");
    assert!(log.contains("include folder proto does not exist"), "{log}");
    fs::rename(&away, &there).unwrap();
    assert!(rebuilds(), "the folder is back");
    assert!(!rebuilds(), "nothing changed since");
}

#[test]
fn code_that_is_not_generated_any_more_cannot_be_included() {
    let build = |options: &str| {
        format!(
            r#"
fn main() -> rpc_build::Result<()> {{
    let own = std::path::PathBuf::from(std::env::var("OUT_DIR").unwrap()).join("own.rs");
    std::fs::write(own, "").unwrap();
    rpc_build::configure(){options}.compile(&["proto/shop.proto"], &["proto"])?;
    rpc_build::configure().single_file("other.rs").compile(&["proto/other.proto"], &["proto"])
}}
"#
        )
    };
    let message =
        |package: &str| format!("syntax = \"proto3\";\npackage {package};\nmessage M {{}}\n");
    let include = |what: &str| {
        format!(
            "pub mod shop {{ {what} }}\n\
             include!(concat!(env!(\"OUT_DIR\"), \"/own.rs\"));\n\
             pub mod more {{ include!(concat!(env!(\"OUT_DIR\"), \"/other.rs\")); }}\n"
        )
    };
    let project = Project::package(
        "outlived",
        RUNTIME,
        &[
            ("build.rs", &build("")),
            ("proto/shop.proto", &message("shop.v1")),
            ("proto/other.proto", &message("other")),
            (
                "src/lib.rs",
                &include("rpc_runtime::include_proto!(\"shop.v1\");"),
            ),
        ],
    );
    assert!(project.rebuilds("outlived"), "the first time");
    project.touch("proto/shop.proto");
    assert!(project.rebuilds("outlived"), "nothing was renamed");

    project.write("proto/shop.proto", &message("store.v1"));
    let output = project.build();
    let log = stderr(&output);
    assert!(
        !output.status.success() && log.contains("shop.v1.rs"),
        "{log}"
    );

    project.write("src/lib.rs", &include("rpc_runtime::include_protos!();"));
    assert!(project.rebuilds("outlived"), "the module tree is new");
    project.write("build.rs", &build(".single_file(\"all.rs\")"));
    let output = project.build();
    let log = stderr(&output);
    assert!(
        !output.status.success() && log.contains("rpc_protos.rs"),
        "{log}"
    );
}

#[test]
fn protos_import_those_of_another_crate_and_share_its_types() {
    let files = [
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"money\", \"shop\"]\nresolver = \"3\"\n",
        ),
        (
            "money/Cargo.toml",
            r#"
[package]
name = "money-types"
version = "0.1.0"
edition = "2024"
links = "money"
[dependencies]
rpc-runtime = { path = "{rpc}/rpc-runtime" }
[build-dependencies]
rpc-build = { path = "{rpc}/rpc-build" }
"#,
        ),
        (
            "money/build.rs",
            r#"
fn main() -> rpc_build::Result<()> {
    rpc_build::configure()
        .publish("crate::pb")
        .compile(&["proto/money.proto"], &["proto"])
}
"#,
        ),
        (
            "money/proto/money.proto",
            r#"
syntax = "proto3";
package bank.v1;
message Money {
  message Currency { string code = 1; }
  enum Kind { KIND_COIN = 0; KIND_PAPER = 1; }
  int64 cents = 1;
  Currency currency = 2;
  Kind kind = 3;
}
service Bank { rpc Change(Money) returns (Money); }
"#,
        ),
        (
            "money/src/lib.rs",
            "pub mod pb {\n    rpc_runtime::include_protos!();\n}\n",
        ),
        (
            "shop/Cargo.toml",
            r#"
[package]
name = "shop"
version = "0.1.0"
edition = "2024"
[dependencies]
bank = { package = "money-types", path = "../money" }
rpc = { package = "rpc-runtime", path = "{rpc}/rpc-runtime" }
[build-dependencies]
rpc-build = { path = "{rpc}/rpc-build" }
"#,
        ),
        (
            "shop/build.rs",
            r#"
fn main() -> rpc_build::Result<()> {
    rpc_build::configure()
        .import_from("money")
        .compile(&["proto/shop.proto"], &["proto"])
}
"#,
        ),
        (
            "shop/proto/shop.proto",
            r#"
syntax = "proto3";
package shop;
import "money.proto";
message Order {
  bank.v1.Money price = 1;
  bank.v1.Money.Currency currency = 2;
  bank.v1.Money.Kind kind = 3;
}
service Shop { rpc Pay(bank.v1.Money) returns (Order); }
"#,
        ),
        (
            "shop/src/lib.rs",
            r#"
// Ambiguous if there were a module for the package that the other crate has.
use bank::pb::bank::v1::{BankClientProxy, Money, money};

rpc::include_protos!();

/// Compiles only if both crates mean the same types, and if the proxy found the renamed runtime.
pub fn pay(bank: &BankClientProxy, shop: &shop::ShopClientProxy, price: Money) -> Result<shop::Order, rpc::Status> {
    let mut order = shop.pay(bank.change(price.clone())?)?;
    order.set_kind(money::Kind::Paper);
    order.currency = price.currency;
    Ok(order)
}
"#,
        ),
    ];
    let project = Project::new("shared", &files);
    assert!(project.rebuilds("shop"));
    assert!(!project.rebuilds("shop"), "nothing changed");
    project.touch("money/proto/money.proto");
    assert!(
        project.rebuilds("shop"),
        "it depends on the other crate's protos"
    );
}

#[test]
fn code_of_another_version_fails_with_one_message() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/hello/expected");
    let code = fs::read_to_string(golden.join("helloworld.rs")).unwrap();
    let version = |text: &str| format!("generated_by!(\"{text}\")");
    let old_code = code.replace(&version("0.1"), &version("0.0"));
    assert_ne!(old_code, code);
    let project = Project::package(
        "outdated",
        RUNTIME,
        &[
            ("src/helloworld.rs", &old_code),
            (
                "src/lib.rs",
                "pub mod hello {\n    include!(\"helloworld.rs\");\n}\n",
            ),
        ],
    );
    let descriptors = "helloworld.descriptor.bin";
    fs::copy(
        golden.join(descriptors),
        project.folder.join("src").join(descriptors),
    )
    .unwrap();
    let log = stderr(&project.build());
    let errors: Vec<&str> = log
        .lines()
        .filter(|line| line.starts_with("error") && !line.contains("could not compile"))
        .collect();
    let expected = "error: this file was generated by rpc-build 0.0, and rpc-runtime is 0.1: \
                    give both the same version in Cargo.toml, and generate the file again";
    assert_eq!(errors, [expected], "{log}");
}

#[test]
fn a_renamed_runtime_is_found_by_the_compiler_and_by_the_attribute() {
    let project = Project::package(
        "renamed",
        RENAMED_RUNTIME,
        &[
            (
                "proto/hello.proto",
                "syntax = \"proto3\";\npackage hello;\n\
                 service Hello { rpc Hello(Name) returns (Name); }\nmessage Name {}\n",
            ),
            ("build.rs", &compiles("hello.proto")),
            (
                "src/lib.rs",
                r#"
pub mod hello {
    wire::include_proto!("hello");
}

pub struct Greeter;

#[wire::rpc_service(unimplemented)]
impl hello::Hello for Greeter {}

pub fn server() -> wire::Server {
    wire::Server::new().service(Greeter)
}
"#,
            ),
        ],
    );
    assert!(project.rebuilds("renamed"));
}
