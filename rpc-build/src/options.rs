//! What the methods of the builder set.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::PathBuf;

use proc_macro2::TokenStream;
use prost_build::Config;

use crate::Result;
use crate::diagnostic::Diagnostic;

/// All options. The builder says what each means.
#[derive(Debug)]
pub(crate) struct Options {
    /// The paths that the build script gave to options other than `services`, each with the option's name.
    pub(crate) paths: Vec<(&'static str, String)>,
    /// What prost does by itself.
    pub(crate) prost: Config,
    pub(crate) bytes: Vec<String>,
    pub(crate) disabled_comments: Vec<String>,
    /// Rust paths by full names with a leading dot.
    pub(crate) extern_paths: BTreeMap<String, String>,
    pub(crate) compile_well_known_types: bool,
    pub(crate) publish: Option<String>,
    pub(crate) imports: Vec<String>,
    /// The services of which other crates have the code: full names with a leading dot.
    pub(crate) imported_services: BTreeSet<String>,
    pub(crate) build_client: bool,
    pub(crate) build_server: bool,
    #[cfg(feature = "tonic")]
    pub(crate) tonic: bool,
    pub(crate) services: Vec<String>,
    pub(crate) service_visibility: String,
    /// Names of services and attributes.
    pub(crate) service_attributes: Vec<(String, String)>,
    pub(crate) client_attributes: Vec<(String, String)>,
    pub(crate) runtime_path: Option<String>,
    pub(crate) codec: Option<String>,
    pub(crate) serde: bool,
    pub(crate) use_protoc: bool,
    pub(crate) out_dir: Option<PathBuf>,
    pub(crate) layout: Layout,
    pub(crate) check: bool,
    pub(crate) file_descriptor_set_path: Option<PathBuf>,
}

/// How the code of several packages is laid out.
#[derive(Debug)]
pub(crate) enum Layout {
    /// A file for each package, and one with the module tree that includes them.
    FilePerPackage,
    /// The module tree with all code in a file of this name.
    SingleFile(String),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            prost: Config::new(),
            bytes: vec![".".to_owned()],
            disabled_comments: Vec::new(),
            extern_paths: BTreeMap::new(),
            compile_well_known_types: false,
            publish: None,
            imports: Vec::new(),
            imported_services: BTreeSet::new(),
            build_client: true,
            build_server: true,
            #[cfg(feature = "tonic")]
            tonic: false,
            services: vec![".".to_owned()],
            service_visibility: "pub".to_owned(),
            service_attributes: Vec::new(),
            client_attributes: Vec::new(),
            runtime_path: None,
            codec: None,
            serde: false,
            use_protoc: false,
            out_dir: None,
            layout: Layout::FilePerPackage,
            check: false,
            file_descriptor_set_path: None,
        }
    }
}

impl Options {
    /// The folder to write to.
    pub(crate) fn find_out_dir(&self) -> Result<PathBuf> {
        let from_cargo = || env::var_os("OUT_DIR").map(PathBuf::from);
        self.out_dir.clone().or_else(from_cargo).ok_or_else(|| {
            let message =
                "OUT_DIR is not set: this is not a build script, so it has to choose an out_dir";
            Diagnostic::without_location(message).into()
        })
    }

    /// Whether the Rust type for `full_name`, with a leading dot, comes from somewhere else.
    pub(crate) fn is_extern(&self, full_name: &str) -> bool {
        let well_known = (!self.compile_well_known_types).then_some(".google.protobuf");
        let mut paths = self
            .extern_paths
            .keys()
            .map(String::as_str)
            .chain(well_known);
        paths.any(|path| is_prefix(path, full_name))
    }

    /// Whether code is written for the service `full_name`, with a leading dot.
    pub(crate) fn is_wanted(&self, full_name: &str) -> bool {
        (self.build_client || self.build_server)
            && !self.is_extern(full_name)
            && !self.imported_services.contains(full_name)
            && self.services.iter().any(|path| matches(path, full_name))
    }
}

/// Parses what the build script wrote as part of the generated code.
pub(crate) fn tokens(what: &str, text: &str) -> Result<TokenStream> {
    text.parse().map_err(|error| {
        Diagnostic::without_location(format!("{what} '{text}' is not Rust: {error}")).into()
    })
}

/// Whether `path`, as the builder's options take it, matches `full_name`, which has a leading dot.
pub(crate) fn matches(path: &str, full_name: &str) -> bool {
    if path.starts_with('.') {
        return path == "." || is_prefix(path, full_name);
    }
    full_name
        .strip_suffix(path)
        .is_some_and(|before| before.ends_with('.'))
}

/// Whether `full_name` is `path` or something in it.
fn is_prefix(path: &str, full_name: &str) -> bool {
    full_name
        .strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_whole_names_only() {
        for path in [".", ".a", ".a.b", ".a.b.C", "C", "b.C", "a.b.C"] {
            assert!(matches(path, ".a.b.C"), "{path}");
        }
        for path in [".a.b.CD", ".b", "b", "a.b", "", "d.C", ".a.b.C.d"] {
            assert!(!matches(path, ".a.b.C"), "{path}");
        }
    }
}
