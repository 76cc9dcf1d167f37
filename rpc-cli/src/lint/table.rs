//! All rules, in the order in which they are listed.

use super::{Check, comments, enums, files, imports, names, packages, services};
use crate::rules::{Rule, rule};

const MINIMAL: &[&str] = &["MINIMAL", "BASIC", "STANDARD"];
const BASIC: &[&str] = &["BASIC", "STANDARD"];
const STANDARD: &[&str] = &["STANDARD"];
const COMMENTS: &[&str] = &["COMMENTS"];
const UNARY_RPC: &[&str] = &["UNARY_RPC"];
const NONE: &[&str] = &[];

const ONE_FOLDER: &str = "many languages make a package of a folder, and cannot have it in two";
const ONE_OPTION: &str = "generated code of one package would be spread over several";
const TYPE_CASE: &str =
    "generated types are named after it, and other tools and readers expect PascalCase";
const UNARY: &str = "not every client and proxy can stream: the category is for those that cannot";
const COMMENT: &str = "whoever calls this has nothing else to read";

/// The rules.
#[rustfmt::skip]
pub(crate) static RULES: &[Rule<Check>] = &[
    rule("DIRECTORY_SAME_PACKAGE", MINIMAL, files::folder_has_one_package, ONE_FOLDER),
    rule("PACKAGE_DEFINED", MINIMAL, files::package_is_defined, "names without a package clash with those of others"),
    rule("PACKAGE_DIRECTORY_MATCH", MINIMAL, files::package_matches_the_folder, "an import tells where a package is only if both have one name"),
    rule("PACKAGE_NO_IMPORT_CYCLE", MINIMAL, imports::packages_do_not_import_in_circles, "languages such as Go cannot compile packages that import each other"),
    rule("PACKAGE_SAME_DIRECTORY", MINIMAL, files::package_is_in_one_folder, ONE_FOLDER),
    rule("ENUM_FIRST_VALUE_ZERO", BASIC, enums::first_values_are_zero, "the first value is the default in proto2, and 0 in proto3: they should be the same"),
    rule("ENUM_NO_ALLOW_ALIAS", BASIC, enums::no_aliases, "in JSON and in logs only one of two names is ever seen"),
    rule("ENUM_PASCAL_CASE", BASIC, names::enums_are_pascal_case, TYPE_CASE),
    rule("ENUM_VALUE_UPPER_SNAKE_CASE", BASIC, names::enum_values_are_upper_snake_case, "generated constants are named after it, and JSON has it as it is"),
    rule("FIELD_LOWER_SNAKE_CASE", BASIC, names::fields_are_lower_snake_case, "names in generated code and in JSON are made of it, which needs to know its words"),
    rule("FIELD_NOT_REQUIRED", BASIC, enums::no_field_is_required, "a required field can never be removed: old readers refuse messages without it"),
    rule("IMPORT_NO_PUBLIC", BASIC, imports::no_public_imports, "who imports this file depends on a file that it does not name"),
    rule("IMPORT_USED", BASIC, imports::imports_are_used, "everybody who uses this file compiles the other one for nothing"),
    rule("MESSAGE_PASCAL_CASE", BASIC, names::messages_are_pascal_case, TYPE_CASE),
    rule("ONEOF_LOWER_SNAKE_CASE", BASIC, names::oneofs_are_lower_snake_case, "names in generated code are made of it, which needs to know its words"),
    rule("PACKAGE_LOWER_SNAKE_CASE", BASIC, names::packages_are_lower_snake_case, "modules and folders are named after it"),
    rule("PACKAGE_SAME_CSHARP_NAMESPACE", BASIC, packages::same_csharp_namespace, ONE_OPTION),
    rule("PACKAGE_SAME_GO_PACKAGE", BASIC, packages::same_go_package, ONE_OPTION),
    rule("PACKAGE_SAME_JAVA_MULTIPLE_FILES", BASIC, packages::same_java_multiple_files, ONE_OPTION),
    rule("PACKAGE_SAME_JAVA_PACKAGE", BASIC, packages::same_java_package, ONE_OPTION),
    rule("PACKAGE_SAME_PHP_NAMESPACE", BASIC, packages::same_php_namespace, ONE_OPTION),
    rule("PACKAGE_SAME_RUBY_PACKAGE", BASIC, packages::same_ruby_package, ONE_OPTION),
    rule("PACKAGE_SAME_SWIFT_PREFIX", BASIC, packages::same_swift_prefix, ONE_OPTION),
    rule("RPC_PASCAL_CASE", BASIC, names::rpcs_are_pascal_case, "methods in generated code are named after it, and its path has it as it is"),
    rule("SERVICE_PASCAL_CASE", BASIC, names::services_are_pascal_case, TYPE_CASE),
    rule("SYNTAX_SPECIFIED", BASIC, files::syntax_is_specified, "compilers take a file without it for proto2"),
    rule("ENUM_VALUE_PREFIX", STANDARD, enums::values_have_the_prefix, "values share the scope around their enum, so two enums with a value UNKNOWN clash"),
    rule("ENUM_ZERO_VALUE_SUFFIX", STANDARD, enums::zero_values_have_the_suffix, "0 is what nobody has set: it should not mean anything else"),
    rule("FILE_LOWER_SNAKE_CASE", STANDARD, names::files_are_lower_snake_case, "generated files are named after it"),
    rule("PACKAGE_VERSION_SUFFIX", STANDARD, imports::packages_have_a_version, "a version that breaks this one can then live beside it"),
    rule("RPC_REQUEST_RESPONSE_UNIQUE", STANDARD, services::messages_are_of_one_rpc, "a field for one of the rpcs would be a field of all"),
    rule("RPC_REQUEST_STANDARD_NAME", STANDARD, services::requests_have_the_usual_name, "a request of its own can have fields that no other rpc needs"),
    rule("RPC_RESPONSE_STANDARD_NAME", STANDARD, services::responses_have_the_usual_name, "a response of its own can have fields that no other rpc needs"),
    rule("SERVICE_SUFFIX", STANDARD, services::services_have_the_suffix, "a message of the same name would clash with it"),
    rule("COMMENT_ENUM", COMMENTS, comments::enums_have_comments, COMMENT),
    rule("COMMENT_ENUM_VALUE", COMMENTS, comments::enum_values_have_comments, COMMENT),
    rule("COMMENT_FIELD", COMMENTS, comments::fields_have_comments, COMMENT),
    rule("COMMENT_MESSAGE", COMMENTS, comments::messages_have_comments, COMMENT),
    rule("COMMENT_ONEOF", COMMENTS, comments::oneofs_have_comments, COMMENT),
    rule("COMMENT_RPC", COMMENTS, comments::rpcs_have_comments, COMMENT),
    rule("COMMENT_SERVICE", COMMENTS, comments::services_have_comments, COMMENT),
    rule("RPC_NO_CLIENT_STREAMING", UNARY_RPC, services::no_client_streams, UNARY),
    rule("RPC_NO_SERVER_STREAMING", UNARY_RPC, services::no_server_streams, UNARY),
    rule("IMPORT_NO_WEAK", NONE, imports::no_weak_imports, "no compiler does anything with it"),
    rule("STABLE_PACKAGE_NO_IMPORT_UNSTABLE", NONE, imports::stable_packages_import_stable_ones, "a change of the unstable package breaks the stable one"),
];
