//! Each rule of `rpc lint` finds what breaks it, and nothing else.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

use std::collections::BTreeSet;

mod command;

use command::Folder;

/// A rule, the line and column of its first finding in files that break it, these files, and files that do not.
type Case = (&'static str, &'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    (
        "DIRECTORY_SAME_PACKAGE",
        "a.proto:1:20",
        "--- a.proto\nsyntax = \"proto3\"; package a;\n--- b.proto\nsyntax = \"proto3\"; package b;",
        "--- a.proto\nsyntax = \"proto3\"; package a;\n--- b/b.proto\nsyntax = \"proto3\"; package b;",
    ),
    (
        "PACKAGE_DEFINED",
        "a.proto:1:1",
        "--- a.proto\nsyntax = \"proto3\"; message M {}",
        "--- a.proto\nsyntax = \"proto3\"; package a; message M {}",
    ),
    (
        "PACKAGE_DIRECTORY_MATCH",
        "a/b.proto:1:20",
        "--- a/b.proto\nsyntax = \"proto3\"; package a.b;",
        "--- a/b/b.proto\nsyntax = \"proto3\"; package a.b;",
    ),
    (
        "PACKAGE_NO_IMPORT_CYCLE",
        "a1.proto:2:1",
        "--- a1.proto\nsyntax = \"proto3\"; package a;\nimport \"b.proto\";\n--- a2.proto\nsyntax = \"proto3\"; package a;\n--- b.proto\nsyntax = \"proto3\"; package b;\nimport \"a2.proto\";",
        "--- a1.proto\nsyntax = \"proto3\"; package a;\nimport \"b.proto\"; import \"a2.proto\";\n--- a2.proto\nsyntax = \"proto3\"; package a;\n--- b.proto\nsyntax = \"proto3\"; package b;",
    ),
    (
        "PACKAGE_SAME_DIRECTORY",
        "a/a.proto:1:20",
        "--- a/a.proto\nsyntax = \"proto3\"; package a;\n--- b/a.proto\nsyntax = \"proto3\"; package a;",
        "--- a/a.proto\nsyntax = \"proto3\"; package a;\n--- a/b.proto\nsyntax = \"proto3\"; package a;",
    ),
    (
        "ENUM_FIRST_VALUE_ZERO",
        "a.proto:2:14",
        "--- a.proto\nsyntax = \"proto2\";\nenum E { A = 1; B = 0; }",
        "--- a.proto\nsyntax = \"proto2\";\nenum E { A = 0; B = 1; }",
    ),
    (
        "ENUM_NO_ALLOW_ALIAS",
        "a.proto:2:10",
        "--- a.proto\nsyntax = \"proto3\";\nenum E { option allow_alias = true; A = 0; B = 0; }",
        "--- a.proto\nsyntax = \"proto3\";\nenum E { A = 0; B = 1; }",
    ),
    (
        "ENUM_PASCAL_CASE",
        "a.proto:2:6",
        "--- a.proto\nsyntax = \"proto3\";\nenum my_enum { A = 0; }",
        "--- a.proto\nsyntax = \"proto3\";\nenum MyEnum { A = 0; }",
    ),
    (
        "ENUM_VALUE_UPPER_SNAKE_CASE",
        "a.proto:2:22",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M { enum E { firstValue = 0; } }",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M { enum E { FIRST_VALUE = 0; } }",
    ),
    (
        "FIELD_LOWER_SNAKE_CASE",
        "a.proto:2:20",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M { string itemName = 1; }",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M { string item_name = 1; }",
    ),
    (
        "FIELD_NOT_REQUIRED",
        "a.proto:2:13",
        "--- a.proto\nsyntax = \"proto2\";\nmessage M { required int32 a = 1; }",
        "--- a.proto\nsyntax = \"proto2\";\nmessage M { optional int32 a = 1; }",
    ),
    (
        "FILE_LOWER_SNAKE_CASE",
        "MyFile.proto:1:1",
        "--- MyFile.proto\nsyntax = \"proto3\";",
        "--- my_file.proto\nsyntax = \"proto3\";",
    ),
    (
        "IMPORT_NO_PUBLIC",
        "a.proto:2:8",
        "--- a.proto\nsyntax = \"proto3\";\nimport public \"b.proto\";\n--- b.proto\nsyntax = \"proto3\";",
        "--- a.proto\nsyntax = \"proto3\";\nimport \"b.proto\";\n--- b.proto\nsyntax = \"proto3\";",
    ),
    (
        "IMPORT_NO_WEAK",
        "a.proto:2:8",
        "--- a.proto\nsyntax = \"proto3\";\nimport weak \"b.proto\";\n--- b.proto\nsyntax = \"proto3\";",
        "--- a.proto\nsyntax = \"proto3\";\nimport \"b.proto\";\n--- b.proto\nsyntax = \"proto3\";",
    ),
    (
        "IMPORT_USED",
        "a.proto:2:1",
        "--- a.proto\nsyntax = \"proto3\";\nimport \"b.proto\";\n--- b.proto\nsyntax = \"proto3\"; message B {}",
        "--- a.proto\nsyntax = \"proto3\";\nimport \"b.proto\"; message A { map<int32, B> b = 1; }\n--- b.proto\nsyntax = \"proto3\"; message B {}",
    ),
    (
        "MESSAGE_PASCAL_CASE",
        "a.proto:2:21",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M { message inner_one {} }",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M { message InnerOne {} map<int32, int32> an_entry = 1; }",
    ),
    (
        "ONEOF_LOWER_SNAKE_CASE",
        "a.proto:2:19",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M { oneof myChoice { int32 a = 1; } }",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M { oneof my_choice { int32 a = 1; } optional int32 Bad = 2; }",
    ),
    (
        "PACKAGE_LOWER_SNAKE_CASE",
        "a.proto:1:20",
        "--- a.proto\nsyntax = \"proto3\"; package shop.myItems;",
        "--- a.proto\nsyntax = \"proto3\"; package shop.my_items;",
    ),
    (
        "PACKAGE_SAME_CSHARP_NAMESPACE",
        "a.proto:2:1",
        "--- a.proto\nsyntax = \"proto3\"; package a;\noption csharp_namespace = \"A\";\n--- b.proto\nsyntax = \"proto3\"; package a;",
        "--- a.proto\nsyntax = \"proto3\"; package a;\noption csharp_namespace = \"A\";\n--- b.proto\nsyntax = \"proto3\"; package b;",
    ),
    (
        "PACKAGE_SAME_GO_PACKAGE",
        "a.proto:2:1",
        "--- a.proto\nsyntax = \"proto3\"; package a;\noption go_package = \"a\";\n--- b.proto\nsyntax = \"proto3\"; package a; option go_package = \"b\";",
        "--- a.proto\nsyntax = \"proto3\"; package a;\noption go_package = \"a\";\n--- b.proto\nsyntax = \"proto3\"; package a; option go_package = \"a\";",
    ),
    (
        "PACKAGE_SAME_JAVA_MULTIPLE_FILES",
        "a.proto:2:1",
        "--- a.proto\nsyntax = \"proto3\"; package a;\noption java_multiple_files = true;\n--- b.proto\nsyntax = \"proto3\"; package a;",
        "--- a.proto\nsyntax = \"proto3\"; package a;\n--- b.proto\nsyntax = \"proto3\"; package a;",
    ),
    (
        "PACKAGE_SAME_JAVA_PACKAGE",
        "a.proto:2:1",
        "--- a.proto\nsyntax = \"proto3\"; package a;\noption java_package = \"a\";\n--- b.proto\nsyntax = \"proto3\"; package a;",
        "--- a.proto\nsyntax = \"proto3\"; package a;\n--- b.proto\nsyntax = \"proto3\"; package a;",
    ),
    (
        "PACKAGE_SAME_PHP_NAMESPACE",
        "a.proto:2:1",
        "--- a.proto\nsyntax = \"proto3\"; package a;\noption php_namespace = \"A\";\n--- b.proto\nsyntax = \"proto3\"; package a;",
        "--- a.proto\nsyntax = \"proto3\"; package a;\n--- b.proto\nsyntax = \"proto3\"; package a;",
    ),
    (
        "PACKAGE_SAME_RUBY_PACKAGE",
        "a.proto:2:1",
        "--- a.proto\nsyntax = \"proto3\"; package a;\noption ruby_package = \"A\";\n--- b.proto\nsyntax = \"proto3\"; package a;",
        "--- a.proto\nsyntax = \"proto3\"; package a;\n--- b.proto\nsyntax = \"proto3\"; package a;",
    ),
    (
        "PACKAGE_SAME_SWIFT_PREFIX",
        "a.proto:2:1",
        "--- a.proto\nsyntax = \"proto3\"; package a;\noption swift_prefix = \"A\";\n--- b.proto\nsyntax = \"proto3\"; package a;",
        "--- a.proto\nsyntax = \"proto3\"; package a;\n--- b.proto\nsyntax = \"proto3\"; package a;",
    ),
    (
        "PACKAGE_VERSION_SUFFIX",
        "a.proto:1:20",
        "--- a.proto\nsyntax = \"proto3\"; package shop;",
        "--- a.proto\nsyntax = \"proto3\"; package shop.v1beta1;",
    ),
    (
        "RPC_PASCAL_CASE",
        "a.proto:2:31",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M {} service S {  rpc getIt(M) returns (M); }",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M {} service S {  rpc GetIt(M) returns (M); }",
    ),
    (
        "RPC_REQUEST_RESPONSE_UNIQUE",
        "a.proto:2:35",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M {} service S {  rpc Get(M) returns (M); }",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M {} message N {} service S {  rpc Get(M) returns (N); }",
    ),
    (
        "RPC_REQUEST_STANDARD_NAME",
        "a.proto:2:35",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M {} service S {  rpc Get(M) returns (M); }",
        "--- a.proto\nsyntax = \"proto3\";\nmessage GetRequest {} service S {  rpc Get(GetRequest) returns (GetRequest); }",
    ),
    (
        "RPC_RESPONSE_STANDARD_NAME",
        "a.proto:2:47",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M {} service S {  rpc Get(M) returns (M); }",
        "--- a.proto\nsyntax = \"proto3\";\nmessage SGetResponse {} service S {  rpc Get(SGetResponse) returns (SGetResponse); }",
    ),
    (
        "SERVICE_PASCAL_CASE",
        "a.proto:2:9",
        "--- a.proto\nsyntax = \"proto3\";\nservice my_service {}",
        "--- a.proto\nsyntax = \"proto3\";\nservice MyService {}",
    ),
    (
        "SERVICE_SUFFIX",
        "a.proto:2:9",
        "--- a.proto\nsyntax = \"proto3\";\nservice Shop {}",
        "--- a.proto\nsyntax = \"proto3\";\nservice ShopService {}",
    ),
    (
        "SYNTAX_SPECIFIED",
        "a.proto:1:1",
        "--- a.proto\nmessage M {}",
        "--- a.proto\nsyntax = \"proto2\"; message M {}",
    ),
    (
        "ENUM_VALUE_PREFIX",
        "a.proto:2:16",
        "--- a.proto\nsyntax = \"proto3\";\nenum ItemKind {NEW = 0; }",
        "--- a.proto\nsyntax = \"proto3\";\nenum ItemKind {ITEM_KIND_NEW = 0; }",
    ),
    (
        "ENUM_ZERO_VALUE_SUFFIX",
        "a.proto:2:13",
        "--- a.proto\nsyntax = \"proto3\";\nenum Kind { KIND_NEW = 0; }",
        "--- a.proto\nsyntax = \"proto3\";\nenum Kind { KIND_UNSPECIFIED = 0; KIND_NEW = 1; }",
    ),
    (
        "COMMENT_ENUM",
        "a.proto:2:6",
        "--- a.proto\nsyntax = \"proto3\";\nenum E { A = 0; }",
        "--- a.proto\nsyntax = \"proto3\";\n// One.\nenum E { A = 0; }",
    ),
    (
        "COMMENT_ENUM_VALUE",
        "a.proto:2:10",
        "--- a.proto\nsyntax = \"proto3\";\nenum E { A = 0; }",
        "--- a.proto\nsyntax = \"proto3\";\nenum E {\n// One.\nA = 0; }",
    ),
    (
        "COMMENT_FIELD",
        "a.proto:2:19",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M { int32 a = 1; }",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M {\n// One.\nint32 a = 1; }",
    ),
    (
        "COMMENT_MESSAGE",
        "a.proto:3:9",
        "--- a.proto\nsyntax = \"proto3\";\n// buf:lint:ignore OTHER\nmessage M {}",
        "--- a.proto\nsyntax = \"proto3\";\n// One.\nmessage M {}",
    ),
    (
        "COMMENT_ONEOF",
        "a.proto:2:19",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M { oneof o { int32 a = 1; } }",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M { optional int32 b = 2;\n// One.\noneof o { int32 a = 1; } }",
    ),
    (
        "COMMENT_RPC",
        "a.proto:2:29",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M {} service S {rpc A(M) returns (M); }",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M {} service S {\n// One.\nrpc A(M) returns (M); }",
    ),
    (
        "COMMENT_SERVICE",
        "a.proto:2:9",
        "--- a.proto\nsyntax = \"proto3\";\nservice S {}",
        "--- a.proto\nsyntax = \"proto3\";\n// One.\nservice S {}",
    ),
    (
        "RPC_NO_CLIENT_STREAMING",
        "a.proto:2:29",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M {} service S {rpc A(stream M) returns (M); }",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M {} service S {rpc A(M) returns (stream M); }",
    ),
    (
        "RPC_NO_SERVER_STREAMING",
        "a.proto:2:29",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M {} service S {rpc A(M) returns (stream M); }",
        "--- a.proto\nsyntax = \"proto3\";\nmessage M {} service S {rpc A(stream M) returns (M); }",
    ),
    (
        "STABLE_PACKAGE_NO_IMPORT_UNSTABLE",
        "a.proto:2:1",
        "--- a.proto\nsyntax = \"proto3\"; package a.v1;\nimport \"b.proto\";\n--- b.proto\nsyntax = \"proto3\"; package b.v1beta1;",
        "--- a.proto\nsyntax = \"proto3\"; package a.v1beta1;\nimport \"b.proto\";\n--- b.proto\nsyntax = \"proto3\"; package b.v1beta1;",
    ),
];

#[test]
fn each_rule_finds_what_breaks_it_and_nothing_else() {
    let mut wrong = Vec::new();
    for (rule, place, bad, good) in CASES {
        let found = Folder::with(bad).rpc(&["lint", "--json", "--rule", rule]);
        let first = found.first_place();
        if found.code != 1 || first.as_deref() != Some(place) {
            wrong.push(format!(
                "{rule} is at {first:?} and not at {place}: {found:?}"
            ));
        }
        let found = Folder::with(good).rpc(&["lint", "--json", "--rule", rule]);
        if found.code != 0 || !found.stdout.is_empty() {
            wrong.push(format!("{rule} finds what is right: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_case() {
    let listed = Folder::new()
        .rpc(&["lint", "--list-rules", "--json"])
        .rules();
    let tried: BTreeSet<_> = CASES.iter().map(|(rule, ..)| rule.to_string()).collect();
    assert_eq!(BTreeSet::from_iter(listed), tried);
}
