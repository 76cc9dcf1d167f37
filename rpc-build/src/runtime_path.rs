//! The name that the user's crate has for the runtime.

use proc_macro_crate::{FoundCrate, crate_name};

/// The path of the runtime, under the name that `Cargo.toml` gives it. Where it is no dependency,
/// generated code asks for it by its own name, and the compiler's error says what is missing.
pub(crate) fn find() -> String {
    match crate_name("rpc-runtime") {
        Ok(FoundCrate::Name(name)) => format!("::{name}"),
        Ok(FoundCrate::Itself) | Err(_) => "::rpc_runtime".to_owned(),
    }
}
