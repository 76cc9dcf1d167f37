//! For each rule of `rpc breaking` a schema, a change that breaks it, and one that does not.

/// A rule, the line and column of its first finding, files, files that break it, and files that do not.
pub(crate) type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

/// A rule about an option of files: the option, a value, and another one, which is the default.
pub(crate) type FileOption = (&'static str, &'static str, &'static str, &'static str);

pub(crate) const OPTIONS: &[FileOption] = &[
    (
        "FILE_SAME_CC_ENABLE_ARENAS",
        "cc_enable_arenas",
        "false",
        "true",
    ),
    (
        "FILE_SAME_CC_GENERIC_SERVICES",
        "cc_generic_services",
        "true",
        "false",
    ),
    (
        "FILE_SAME_CSHARP_NAMESPACE",
        "csharp_namespace",
        "'A'",
        "''",
    ),
    ("FILE_SAME_GO_PACKAGE", "go_package", "'a'", "''"),
    (
        "FILE_SAME_JAVA_GENERIC_SERVICES",
        "java_generic_services",
        "true",
        "false",
    ),
    (
        "FILE_SAME_JAVA_MULTIPLE_FILES",
        "java_multiple_files",
        "true",
        "false",
    ),
    (
        "FILE_SAME_JAVA_OUTER_CLASSNAME",
        "java_outer_classname",
        "'A'",
        "''",
    ),
    ("FILE_SAME_JAVA_PACKAGE", "java_package", "'a'", "''"),
    (
        "FILE_SAME_OBJC_CLASS_PREFIX",
        "objc_class_prefix",
        "'A'",
        "''",
    ),
    (
        "FILE_SAME_OPTIMIZE_FOR",
        "optimize_for",
        "CODE_SIZE",
        "SPEED",
    ),
    (
        "FILE_SAME_PHP_CLASS_PREFIX",
        "php_class_prefix",
        "'A'",
        "''",
    ),
    (
        "FILE_SAME_PHP_METADATA_NAMESPACE",
        "php_metadata_namespace",
        "'A'",
        "''",
    ),
    ("FILE_SAME_PHP_NAMESPACE", "php_namespace", "'A'", "''"),
    (
        "FILE_SAME_PY_GENERIC_SERVICES",
        "py_generic_services",
        "true",
        "false",
    ),
    ("FILE_SAME_RUBY_PACKAGE", "ruby_package", "'A'", "''"),
    ("FILE_SAME_SWIFT_PREFIX", "swift_prefix", "'A'", "''"),
];

macro_rules! proto2 {
    ($text:literal) => {
        concat!("syntax = 'proto2'; package a;\n", $text)
    };
}

macro_rules! proto3 {
    ($text:literal) => {
        concat!("syntax = 'proto3'; package a;\n", $text)
    };
}

macro_rules! two_files {
    ($one:literal, $two:literal) => {
        concat!(
            "--- a.proto\nsyntax = 'proto3'; package a;\n",
            $one,
            "\n--- b.proto\nsyntax = 'proto3'; package a;\n",
            $two,
        )
    };
}

#[rustfmt::skip]
pub(crate) const CASES: &[Case] = &[
    ("ENUM_NO_DELETE", "new/a.proto:1:20",
        two_files!("enum E { A = 0; }", ""), two_files!("", "enum E { A = 0; }"), two_files!("enum E { A = 0; } enum F { B = 0; }", "")),
    ("EXTENSION_NO_DELETE", "new/a.proto:1:20",
        proto2!("message M { extensions 1; } extend M { optional int32 e = 1; }"), proto2!("message M { extensions 1; }"), proto2!("message M { extensions 1, 2; } extend M { optional int32 e = 1; }")),
    ("FILE_NO_DELETE", "old/b.proto:1:1",
        two_files!("", ""), proto3!(""), two_files!("message M {}", "")),
    ("MESSAGE_NO_DELETE", "new/a.proto:2:9",
        proto3!("message M { message N { message O {} } }"), proto3!("message M {}"), proto3!("message M { message N { message O {} } } message P {}")),
    ("SERVICE_NO_DELETE", "new/a.proto:1:20",
        proto3!("service S {}"), proto3!(""), proto3!("service T {} service S {}")),
    ("PACKAGE_NO_DELETE", "old/a.proto:1:20",
        proto3!(""), "syntax = 'proto3'; package b;", two_files!("", "message M {}")),
    ("PACKAGE_ENUM_NO_DELETE", "new/a.proto:1:20",
        two_files!("enum E { A = 0; }", ""), two_files!("", ""), two_files!("", "enum E { A = 0; }")),
    ("PACKAGE_EXTENSION_NO_DELETE", "new/a.proto:1:20",
        proto2!("message M { extensions 1; } extend M { optional int32 e = 1; }"), proto2!("message M { extensions 1; }"), proto2!("extend M { optional int32 e = 1; } message M { extensions 1; }")),
    ("PACKAGE_MESSAGE_NO_DELETE", "new/a.proto:1:20",
        two_files!("message M {}", ""), two_files!("", ""), two_files!("", "message M {}")),
    ("PACKAGE_SERVICE_NO_DELETE", "new/a.proto:1:20",
        two_files!("service S {}", ""), two_files!("", ""), two_files!("", "service S {}")),
    ("FILE_SAME_PACKAGE", "new/a.proto:1:20",
        proto3!("message M {}"), "syntax = 'proto3'; package b; message M {}", proto3!("")),
    ("FILE_SAME_SYNTAX", "new/a.proto:1:1",
        proto2!(""), proto3!(""), "package a;"),

    ("ENUM_SAME_TYPE", "new/a.proto:2:6",
        proto3!("enum E { A = 0; }"), proto2!("enum E { A = 0; }"), proto3!("enum E { A = 0; B = 1; }")),
    ("ENUM_SAME_JSON_FORMAT", "new/a.proto:2:6",
        proto3!("enum E { A = 0; }"), proto2!("enum E { A = 0; }"), proto3!("enum E { B = 0; }")),
    ("ENUM_VALUE_NO_DELETE", "new/a.proto:2:6",
        proto3!("enum E { A = 0; B = 1; }"), proto3!("enum E { A = 0; reserved 1; reserved 'B'; }"), proto3!("enum E { A = 0; C = 1; }")),
    ("ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED", "new/a.proto:2:6",
        proto3!("enum E { A = 0; B = 1; }"), proto3!("enum E { A = 0; reserved 'B'; }"), proto3!("enum E { A = 0; reserved 1 to 3; }")),
    ("ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED", "new/a.proto:2:6",
        proto3!("enum E { A = 0; B = 1; }"), proto3!("enum E { A = 0; reserved 1; }"), proto3!("enum E { A = 0; reserved 'B'; }")),
    ("ENUM_VALUE_SAME_NAME", "new/a.proto:2:17",
        proto3!("enum E { A = 0; B = 1; }"), proto3!("enum E { A = 0; C = 1; }"), proto3!("enum E { option allow_alias = true; A = 0; C = 1; B = 1; }")),
    ("RESERVED_ENUM_NO_DELETE", "new/a.proto:2:6",
        proto3!("enum E { A = 0; reserved 2 to 4; reserved 'B'; }"), proto3!("enum E { A = 0; reserved 2, 4; reserved 'B'; }"), proto3!("enum E { A = 0; reserved 3 to 5, 2; reserved 'B', 'C'; }")),

    ("EXTENSION_MESSAGE_NO_DELETE", "new/a.proto:2:9",
        proto2!("message M { extensions 100 to 199; }"), proto2!("message M { extensions 100 to 150; }"), proto2!("message M { extensions 150 to 250, 100 to 149; }")),
    ("MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR", "new/a.proto:2:9",
        proto2!("message M {}"), proto2!("message M { option no_standard_descriptor_accessor = true; }"), proto2!("message M { option no_standard_descriptor_accessor = false; }")),
    ("MESSAGE_SAME_JSON_FORMAT", "new/a.proto:2:9",
        proto3!("message M {}"), proto2!("message M {}"), proto3!("message M { int32 a = 1; }")),
    ("MESSAGE_SAME_MESSAGE_SET_WIRE_FORMAT", "new/a.proto:2:9",
        proto2!("message M { extensions 4 to max; }"), proto2!("message M { option message_set_wire_format = true; extensions 4 to max; }"), proto2!("message M { extensions 4 to max; option deprecated = true; }")),
    ("MESSAGE_SAME_REQUIRED_FIELDS", "new/a.proto:2:13",
        proto2!("message M { optional int32 a = 1; }"), proto2!("message M { required int32 a = 1; }"), proto2!("message M { repeated int32 a = 1; } message N { required int32 a = 1; }")),
    ("ONEOF_NO_DELETE", "new/a.proto:2:9",
        proto3!("message M { oneof o { int32 a = 1; } optional int32 b = 2; }"), proto3!("message M { int32 a = 1; }"), proto3!("message M { oneof o { int32 c = 3; } int32 b = 2; }")),
    ("RESERVED_MESSAGE_NO_DELETE", "new/a.proto:2:9",
        proto3!("message M { reserved 2 to 4; reserved 'b'; }"), proto3!("message M { reserved 2 to 4; }"), proto3!("message M { reserved 2, 3, 4; reserved 'b'; }")),

    ("FIELD_NO_DELETE", "new/a.proto:2:9",
        proto3!("message M { int32 a = 1; }"), proto3!("message M { reserved 1; reserved 'a'; }"), proto3!("message M { string b = 1; }")),
    ("FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED", "new/a.proto:2:9",
        proto3!("message M { int32 a = 2; }"), proto3!("message M { reserved 1, 3; reserved 'a'; }"), proto3!("message M { reserved 1 to 3; }")),
    ("FIELD_NO_DELETE_UNLESS_NAME_RESERVED", "new/a.proto:2:9",
        proto3!("message M { int32 a = 2; }"), proto3!("message M { reserved 2; }"), proto3!("message M { reserved 'b', 'a'; }")),
    ("FIELD_SAME_NAME", "new/a.proto:2:19",
        proto3!("message M { int32 a = 1; }"), proto3!("message M { int32 b = 1; }"), proto3!("message M { int64 a = 1; }")),
    ("FIELD_SAME_JSON_NAME", "new/a.proto:2:19",
        proto3!("message M { int32 a_b = 1; }"), proto3!("message M { int32 a_b = 1 [json_name = 'a_b']; }"), proto3!("message M { int32 a_b = 1 [json_name = 'aB']; }")),
    ("FIELD_SAME_TYPE", "new/a.proto:2:13",
        proto3!("message M { int32 a = 1; }"), proto3!("message M { int64 a = 1; }"), proto3!("message M { repeated int32 b = 1; }")),
    ("FIELD_WIRE_COMPATIBLE_TYPE", "new/a.proto:2:13",
        proto3!("message M { int32 a = 1; string b = 2; }"), proto3!("message M { sint32 a = 1; string b = 2; }"), proto3!("message M { uint64 a = 1; bytes b = 2; }")),
    ("FIELD_WIRE_JSON_COMPATIBLE_TYPE", "new/a.proto:2:13",
        proto3!("message M { int32 a = 1; map<int32, E> b = 2; } enum E { A = 0; }"), proto3!("message M { int64 a = 1; }"), proto3!("message M { uint32 a = 1; map<uint32, F> b = 2; } enum F { A = 0; B = 1; }")),
    ("FIELD_SAME_CARDINALITY", "new/a.proto:2:13",
        proto3!("message M { int32 a = 1; }"), proto3!("message M { optional int32 a = 1; }"), proto3!("message M { oneof o { int32 a = 1; } }")),
    ("FIELD_WIRE_COMPATIBLE_CARDINALITY", "new/a.proto:2:13",
        proto3!("message M { int32 a = 1; map<int32, int32> b = 2; } message N { int32 key = 1; int32 value = 2; }"), proto3!("message M { repeated int32 a = 1; }"), proto3!("message M { optional int32 a = 1; repeated N b = 2; } message N { int32 key = 1; int32 value = 2; }")),
    ("FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY", "new/a.proto:2:13",
        proto3!("message M { map<int32, int32> b = 2; } message N { int32 key = 1; int32 value = 2; }"), proto3!("message M { repeated N b = 2; } message N { int32 key = 1; int32 value = 2; }"), proto3!("message M { map<int32, int32> c = 2; }")),
    ("FIELD_SAME_ONEOF", "new/a.proto:2:29",
        proto3!("message M { optional int32 a = 1; oneof o { int32 b = 2; } }"), proto3!("message M { oneof o { int32 a = 1; int32 b = 2; } }"), proto3!("message M { int32 a = 1; oneof o { int32 b = 2; int32 c = 3; } }")),
    ("FIELD_SAME_DEFAULT", "new/a.proto:2:13",
        proto2!("message M { optional int32 a = 1 [default = 1]; }"), proto2!("message M { optional int32 a = 1 [default = 2]; }"), proto2!("message M { optional int64 a = 1 [default = 1]; }")),
    ("FIELD_SAME_CPP_STRING_TYPE", "new/a.proto:2:13",
        proto3!("message M { string a = 1 [ctype = CORD]; string b = 2; }"), proto3!("message M { string a = 1; string b = 2 [ctype = CORD]; }"), proto3!("message M { string a = 1 [ctype = CORD]; string b = 2 [ctype = STRING]; }")),
    ("FIELD_SAME_JSTYPE", "new/a.proto:2:26",
        proto3!("message M { int64 a = 1; }"), proto3!("message M { int64 a = 1 [jstype = JS_STRING]; }"), proto3!("message M { int64 a = 1 [jstype = JS_NORMAL]; }")),
    ("FIELD_SAME_UTF8_VALIDATION", "new/a.proto:2:29",
        proto3!("message M { optional string a = 1; }"), proto2!("message M { optional string a = 1; }"), proto3!("message M { string a = 1; }")),
    ("FIELD_SAME_JAVA_UTF8_VALIDATION", "new/a.proto:2:29",
        proto2!("message M { optional string a = 1; }"), proto2!("message M { optional string a = 1; } option java_string_check_utf8 = true;"), proto2!("message M { required string a = 1; } option java_string_check_utf8 = false;")),

    ("RPC_NO_DELETE", "new/a.proto:2:22",
        proto3!("message M {} service S { rpc A(M) returns (M); }"), proto3!("message M {} service S {}"), proto3!("message M {} service S { rpc B(M) returns (M); rpc A(M) returns (M); }")),
    ("RPC_SAME_REQUEST_TYPE", "new/a.proto:2:45",
        proto3!("message M {} message N {} service S { rpc A (M) returns (M); }"), proto3!("message M {} message N {} service S { rpc A(N) returns (M); }"), proto3!("message M {} message N {} service S { rpc A(M) returns (N); }")),
    ("RPC_SAME_RESPONSE_TYPE", "new/a.proto:2:57",
        proto3!("message M {} message N {} service S { rpc A (M) returns (M); }"), proto3!("message M {} message N {} service S { rpc A(M) returns (N); }"), proto3!("message M {} message N {} service S { rpc A(N) returns (M); }")),
    ("RPC_SAME_CLIENT_STREAMING", "new/a.proto:2:39",
        proto3!("message M {} service S { rpc A(M) returns (M); }"), proto3!("message M {} service S { rpc A(stream M) returns (M); }"), proto3!("message M {} service S { rpc A(M) returns (stream M); }")),
    ("RPC_SAME_SERVER_STREAMING", "new/a.proto:2:51",
        proto3!("message M {} service S { rpc A(M) returns (M); }"), proto3!("message M {} service S { rpc A(M) returns (stream M); }"), proto3!("message M {} service S { rpc A(stream M) returns (M); }")),
    ("RPC_SAME_IDEMPOTENCY_LEVEL", "new/a.proto:2:26",
        proto3!("message M {} service S { rpc A(M) returns (M) { option idempotency_level = IDEMPOTENT; } }"), proto3!("message M {} service S { rpc A(M) returns (M); }"), proto3!("message M {} service S { rpc A(M) returns (M) { option deprecated = true; option idempotency_level = IDEMPOTENT; } }")),
];
