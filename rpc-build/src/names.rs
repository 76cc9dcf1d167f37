//! Rust names for what `.proto` files name.

use heck::{ToSnakeCase, ToUpperCamelCase};
use proc_macro2::Span;
use syn::Ident;

/// Methods that every generated proxy has, or inherits from a trait in scope everywhere. An rpc of
/// the same name would hide them, so it gets an underscore.
const RESERVED_METHODS: &[&str] = &[
    // The proxies' own.
    "calls",
    "channel",
    "connect",
    "connect_lazy",
    "connect_with",
    "local",
    "new",
    "stats",
    "with",
    // Inherited.
    "borrow",
    "borrow_mut",
    "clone",
    "clone_from",
    "clone_into",
    "fmt",
    "from",
    "into",
    "to_owned",
    "try_from",
    "try_into",
    "type_id",
];

/// The method name of an rpc, the same in the trait and in both proxies.
pub(crate) fn method(proto_name: &str) -> Ident {
    let name = proto_name.to_snake_case();
    if RESERVED_METHODS.contains(&name.as_str()) {
        return Ident::new(&format!("{name}_"), Span::call_site());
    }
    identifier(&name)
}

/// The type name of a message, an enum or a service.
pub(crate) fn type_name(proto_name: &str) -> Ident {
    identifier(&proto_name.to_upper_camel_case())
}

/// The name of a message's field or oneof.
pub(crate) fn field(proto_name: &str) -> Ident {
    identifier(&proto_name.to_snake_case())
}

/// The module for what is nested in a message, or for one part of a package's name.
pub(crate) fn module(proto_name: &str) -> Ident {
    identifier(&proto_name.to_snake_case())
}

/// The variant for a value of an enum: without the enum's name, if the value starts with it.
pub(crate) fn variant(proto_enum: &str, proto_value: &str) -> String {
    let (prefix, name) = (
        type_name(proto_enum).to_string(),
        proto_value.to_upper_camel_case(),
    );
    let stripped = name
        .strip_prefix(&prefix)
        .filter(|rest| rest.starts_with(char::is_uppercase));
    identifier(stripped.unwrap_or(&name)).to_string()
}

/// The module path of a package: empty for files without one.
pub(crate) fn module_path(package: &str) -> Vec<Ident> {
    package
        .split('.')
        .filter(|part| !part.is_empty())
        .map(module)
        .collect()
}

/// `name` as an identifier: a keyword becomes a raw identifier or, where Rust has none, gets an
/// underscore, as prost does it.
fn identifier(name: &str) -> Ident {
    let span = Span::call_site();
    if matches!(
        name,
        "" | "_" | "super" | "self" | "Self" | "crate" | "extern"
    ) {
        Ident::new(&format!("{name}_"), span)
    } else if name.starts_with(|c: char| c.is_numeric()) {
        Ident::new(&format!("_{name}"), span)
    } else if name == "gen" || syn::parse_str::<Ident>(name).is_err() {
        // syn does not count `gen` among the keywords, edition 2024 does.
        Ident::new_raw(name, span)
    } else {
        Ident::new(name, span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_snake_case() {
        assert_eq!(method("SayHello").to_string(), "say_hello");
        assert_eq!(method("GetURLFor2").to_string(), "get_url_for2");
    }

    #[test]
    fn keywords_are_escaped_as_prost_escapes_them() {
        assert_eq!(method("Type").to_string(), "r#type");
        assert_eq!(method("gen").to_string(), "r#gen");
        assert_eq!(method("Self").to_string(), "self_");
        assert_eq!(type_name("self").to_string(), "Self_");
    }

    #[test]
    fn names_of_the_proxies_get_an_underscore() {
        for name in RESERVED_METHODS {
            assert_eq!(method(name).to_string(), format!("{name}_"));
        }
    }

    #[test]
    fn a_package_becomes_a_module_path() {
        let path: Vec<String> = module_path("my.Type.v1")
            .iter()
            .map(Ident::to_string)
            .collect();
        assert_eq!(path, ["my", "r#type", "v1"]);
        assert!(module_path("").is_empty());
    }
}
