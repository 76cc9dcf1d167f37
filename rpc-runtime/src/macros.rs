//! How generated files come into a user's crate.

/// Includes what `rpc_build` generated for one package.
///
/// ```ignore
/// pub mod hello {
///     rpc_runtime::include_proto!("helloworld");
/// }
/// ```
///
/// Packages that refer to each other need the whole tree: [`include_protos!`](crate::include_protos).
#[macro_export]
macro_rules! include_proto {
    ($package:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $package, ".rs"));
    };
}

/// Includes everything that `rpc_build` generated, as modules named and nested as the packages.
///
/// ```ignore
/// rpc_runtime::include_protos!();
/// ```
#[macro_export]
macro_rules! include_protos {
    () => {
        include!(concat!(env!("OUT_DIR"), "/rpc_protos.rs"));
    };
}
