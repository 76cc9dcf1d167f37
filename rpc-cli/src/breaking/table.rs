//! All rules, in the order in which they are listed, with those whom a change breaks.

use super::{Check, deleted, enums, fields, files, messages, services};
use crate::rules::{Rule, rule};

const FILE: &[&str] = &["FILE"];
const PACKAGE: &[&str] = &["PACKAGE"];
const SOURCE: &[&str] = &["FILE", "PACKAGE"];
const JSON: &[&str] = &["FILE", "PACKAGE", "WIRE_JSON"];
const ALL: &[&str] = &["FILE", "PACKAGE", "WIRE_JSON", "WIRE"];
const WIRE_JSON: &[&str] = &["WIRE_JSON"];
const ANY_WIRE: &[&str] = &["WIRE_JSON", "WIRE"];
const WIRE: &[&str] = &["WIRE"];
const NONE: &[&str] = &[];

const IMPORTED: &str = "files that import it from here, and code that uses what was generated for it, do not compile any more";
const USED: &str = "code that uses what was generated for it does not compile any more";
const MOVED: &str =
    "code that uses what was generated for the file finds it under another name, or not at all";
const REUSED: &str = "somebody may use it again for something else, which readers of old messages then take for what it was";
const MISREAD: &str = "programs built before the change read the bytes as something else, or refuse them, and so do those built after it with stored messages";
const UNKNOWN_JSON: &str = "programs built before the change refuse JSON with a name that they do not know, or ignore what it says, and the other way round";
const CALLERS: &str =
    "clients built before the change send and expect something else than servers built after it";
const UTF8: &str = "programs on one side accept strings that those on the other refuse";
const JSON_CLASH: &str = "two fields or values may get one name in JSON from now on, which its readers cannot tell apart";

/// The rules.
#[rustfmt::skip]
pub(crate) static RULES: &[Rule<Check>] = &[
    rule("ENUM_NO_DELETE", FILE, deleted::enums_of_files, IMPORTED),
    rule("EXTENSION_NO_DELETE", FILE, deleted::extensions_of_files, IMPORTED),
    rule("FILE_NO_DELETE", FILE, deleted::files, "files that import it, and code that uses what was generated for it, do not compile any more"),
    rule("MESSAGE_NO_DELETE", FILE, deleted::messages_of_files, IMPORTED),
    rule("SERVICE_NO_DELETE", FILE, deleted::services_of_files, "clients that call it get UNIMPLEMENTED, and code that uses its proxies does not compile any more"),
    rule("ENUM_SAME_TYPE", SOURCE, enums::same_type, "an open enum keeps numbers without a name and a closed one does not, so code that reads them behaves differently"),
    rule("ENUM_VALUE_NO_DELETE", SOURCE, enums::no_value_deleted, "code that uses the value does not compile any more, and programs built before the change still send it"),
    rule("EXTENSION_MESSAGE_NO_DELETE", SOURCE, messages::no_extension_range_deleted, "files that extend the message with these numbers do not compile any more"),
    rule("FIELD_NO_DELETE", SOURCE, messages::no_field_deleted, "code that uses the field does not compile any more, and what old clients send in it is lost"),
    rule("FIELD_SAME_CARDINALITY", SOURCE, fields::same_cardinality, "the field has another type in generated code, so code that uses it does not compile any more"),
    rule("FIELD_SAME_CPP_STRING_TYPE", SOURCE, fields::same_cpp_string_type, "C++ code that uses the field does not compile any more"),
    rule("FIELD_SAME_JAVA_UTF8_VALIDATION", SOURCE, fields::same_java_utf8_validation, UTF8),
    rule("FIELD_SAME_JSTYPE", SOURCE, fields::same_jstype, "JavaScript code that uses the field gets a number for a string or the other way round"),
    rule("FIELD_SAME_TYPE", SOURCE, fields::same_type, "code that uses the field does not compile any more, and most types cannot read each other's bytes"),
    rule("FIELD_SAME_UTF8_VALIDATION", SOURCE, fields::same_utf8_validation, UTF8),
    rule("FILE_SAME_CC_ENABLE_ARENAS", SOURCE, files::same_cc_enable_arenas, "C++ code that allocates the messages may not compile any more"),
    rule("FILE_SAME_CC_GENERIC_SERVICES", SOURCE, files::same_cc_generic_services, "C++ code that uses the services does not compile any more"),
    rule("FILE_SAME_CSHARP_NAMESPACE", SOURCE, files::same_csharp_namespace, MOVED),
    rule("FILE_SAME_GO_PACKAGE", SOURCE, files::same_go_package, MOVED),
    rule("FILE_SAME_JAVA_GENERIC_SERVICES", SOURCE, files::same_java_generic_services, "Java code that uses the services does not compile any more"),
    rule("FILE_SAME_JAVA_MULTIPLE_FILES", SOURCE, files::same_java_multiple_files, MOVED),
    rule("FILE_SAME_JAVA_OUTER_CLASSNAME", SOURCE, files::same_java_outer_classname, MOVED),
    rule("FILE_SAME_JAVA_PACKAGE", SOURCE, files::same_java_package, MOVED),
    rule("FILE_SAME_OBJC_CLASS_PREFIX", SOURCE, files::same_objc_class_prefix, MOVED),
    rule("FILE_SAME_OPTIMIZE_FOR", SOURCE, files::same_optimize_for, "generated code loses or gets methods in C++ and Java"),
    rule("FILE_SAME_PHP_CLASS_PREFIX", SOURCE, files::same_php_class_prefix, MOVED),
    rule("FILE_SAME_PHP_METADATA_NAMESPACE", SOURCE, files::same_php_metadata_namespace, MOVED),
    rule("FILE_SAME_PHP_NAMESPACE", SOURCE, files::same_php_namespace, MOVED),
    rule("FILE_SAME_PY_GENERIC_SERVICES", SOURCE, files::same_py_generic_services, "Python code that uses the services finds none any more"),
    rule("FILE_SAME_RUBY_PACKAGE", SOURCE, files::same_ruby_package, MOVED),
    rule("FILE_SAME_SWIFT_PREFIX", SOURCE, files::same_swift_prefix, MOVED),
    rule("FILE_SAME_SYNTAX", SOURCE, files::same_syntax, "presence of fields, and what enums and strings accept, is different, so code that uses them may not compile or behave as before"),
    rule("MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR", SOURCE, messages::same_descriptor_accessor, "generated code has no descriptor(), so code that asks for it does not compile any more"),
    rule("ONEOF_NO_DELETE", SOURCE, messages::no_oneof_deleted, USED),
    rule("RPC_NO_DELETE", SOURCE, services::no_rpc_deleted, "clients that call it get UNIMPLEMENTED, and code that does so does not compile any more"),
    rule("ENUM_SAME_JSON_FORMAT", JSON, enums::same_json_format, JSON_CLASH),
    rule("ENUM_VALUE_SAME_NAME", JSON, enums::values_keep_their_names, UNKNOWN_JSON),
    rule("FIELD_SAME_JSON_NAME", JSON, fields::same_json_name, UNKNOWN_JSON),
    rule("FIELD_SAME_NAME", JSON, fields::same_name, "code that uses the field does not compile any more, and JSON with the old name is not understood"),
    rule("MESSAGE_SAME_JSON_FORMAT", JSON, messages::same_json_format, JSON_CLASH),
    rule("FIELD_SAME_DEFAULT", ALL, fields::same_default, "programs built before and after the change read different values where none was sent"),
    rule("FIELD_SAME_ONEOF", ALL, fields::same_oneof, "a reader keeps only the last field of a oneof, so values that were sent together are lost"),
    rule("FILE_SAME_PACKAGE", ALL, files::same_package, "all full names change: clients call paths that the server does not know, and code does not compile any more"),
    rule("MESSAGE_SAME_REQUIRED_FIELDS", ALL, messages::same_required_fields, "readers that require the field refuse messages of writers that do not send it"),
    rule("RESERVED_ENUM_NO_DELETE", ALL, enums::no_reservation_deleted, REUSED),
    rule("RESERVED_MESSAGE_NO_DELETE", ALL, messages::no_reservation_deleted, REUSED),
    rule("RPC_SAME_CLIENT_STREAMING", ALL, services::same_client_streaming, CALLERS),
    rule("RPC_SAME_IDEMPOTENCY_LEVEL", ALL, services::same_idempotency, "clients built before the change repeat calls, or send them by GET, that must not be any more, or the other way round"),
    rule("RPC_SAME_REQUEST_TYPE", ALL, services::same_request_type, CALLERS),
    rule("RPC_SAME_RESPONSE_TYPE", ALL, services::same_response_type, CALLERS),
    rule("RPC_SAME_SERVER_STREAMING", ALL, services::same_server_streaming, CALLERS),
    rule("PACKAGE_ENUM_NO_DELETE", PACKAGE, deleted::enums_of_packages, USED),
    rule("PACKAGE_EXTENSION_NO_DELETE", PACKAGE, deleted::extensions_of_packages, USED),
    rule("PACKAGE_MESSAGE_NO_DELETE", PACKAGE, deleted::messages_of_packages, USED),
    rule("PACKAGE_NO_DELETE", PACKAGE, deleted::packages, USED),
    rule("PACKAGE_SERVICE_NO_DELETE", PACKAGE, deleted::services_of_packages, "clients that call it get UNIMPLEMENTED, and code that uses its proxies does not compile any more"),
    rule("ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED", WIRE_JSON, enums::no_value_deleted_unless_name_reserved, REUSED),
    rule("FIELD_NO_DELETE_UNLESS_NAME_RESERVED", WIRE_JSON, messages::no_field_deleted_unless_name_reserved, REUSED),
    rule("FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY", WIRE_JSON, fields::wire_json_compatible_cardinality, MISREAD),
    rule("FIELD_WIRE_JSON_COMPATIBLE_TYPE", WIRE_JSON, fields::wire_json_compatible_type, MISREAD),
    rule("ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED", ANY_WIRE, enums::no_value_deleted_unless_number_reserved, REUSED),
    rule("FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED", ANY_WIRE, messages::no_field_deleted_unless_number_reserved, REUSED),
    rule("FIELD_WIRE_COMPATIBLE_CARDINALITY", WIRE, fields::wire_compatible_cardinality, MISREAD),
    rule("FIELD_WIRE_COMPATIBLE_TYPE", WIRE, fields::wire_compatible_type, MISREAD),
    rule("MESSAGE_SAME_MESSAGE_SET_WIRE_FORMAT", NONE, messages::same_message_set_format, MISREAD),
];
