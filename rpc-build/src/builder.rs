//! What a build script calls.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use prost_build::{Config, Module};

use crate::diagnostic::Diagnostic;
use crate::emit::Services;
use crate::load::{Loaded, LoadedFile};
use crate::{Error, Result, comments, descriptor_set, format, load, output, packages, validate};

/// Compiles `protos` with the default options; see [`Builder::compile`].
///
/// # Errors
///
/// Every mistake that was found; each is also printed for cargo to show.
pub fn compile(protos: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result<()> {
    configure().compile(protos, includes)
}

/// Starts with the default options.
///
/// ```no_run
/// fn main() -> rpc_build::Result<()> {
///     rpc_build::configure()
///         .type_attribute("helloworld.HelloRequest", "#[derive(serde::Serialize)]")
///         .compile(&["proto/hello.proto"], &["proto"])
/// }
/// ```
pub fn configure() -> Builder {
    Builder {
        prost: Config::new(),
        out_dir: None,
        runtime_path: "::rpc_runtime".to_owned(),
        build_client: true,
        build_server: true,
        file_descriptor_set_path: None,
    }
}

/// The options of a compilation. [`configure`] makes one.
#[derive(Debug)]
#[must_use = "nothing is compiled before `compile` is called"]
pub struct Builder {
    prost: Config,
    out_dir: Option<PathBuf>,
    runtime_path: String,
    build_client: bool,
    build_server: bool,
    file_descriptor_set_path: Option<PathBuf>,
}

impl Builder {
    /// Writes the generated files to `folder` instead of the build script's `OUT_DIR`.
    ///
    /// `include_proto!` and `include_protos!` look in `OUT_DIR`; use `include!` for files elsewhere.
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(folder.into());
        self
    }

    /// Sets the path at which generated code finds the runtime, if not `::rpc_runtime`: the crate may
    /// be renamed in `Cargo.toml`, or re-exported by another one.
    pub fn runtime_path(mut self, path: impl Into<String>) -> Self {
        self.runtime_path = path.into();
        self
    }

    /// Adds `attribute` to the messages, enums and oneofs that `path` matches.
    ///
    /// A path that starts with a dot is a full name or a prefix of it (`.` is everything); one that
    /// does not is the end of a name.
    pub fn type_attribute(mut self, path: impl AsRef<str>, attribute: impl AsRef<str>) -> Self {
        self.prost.type_attribute(path, attribute);
        self
    }

    /// Adds `attribute` to the fields that `path` matches, in the way of
    /// [`type_attribute`](Self::type_attribute).
    pub fn field_attribute(mut self, path: impl AsRef<str>, attribute: impl AsRef<str>) -> Self {
        self.prost.field_attribute(path, attribute);
        self
    }

    /// Whether to generate client proxies. Default: `true`.
    pub fn build_client(mut self, build: bool) -> Self {
        self.build_client = build;
        self
    }

    /// Whether to generate service traits and servers. Default: `true`. Without them the proxies
    /// have no constructor `local`.
    pub fn build_server(mut self, build: bool) -> Self {
        self.build_server = build;
        self
    }

    /// Also writes all descriptors, with comments and positions, to a file at `path`: an encoded
    /// `google.protobuf.FileDescriptorSet` for other tools. Generated code does not need it.
    pub fn file_descriptor_set_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.file_descriptor_set_path = Some(path.into());
        self
    }

    /// Compiles the files `protos`, and all that they import from the folders `includes`.
    ///
    /// Paths are relative to the folder of the package. Each of `protos` is in one of the folders, or
    /// is itself relative to one. Code is written for the imported files too: one file for each
    /// protobuf package, named after it.
    ///
    /// Tells cargo to run the build script again when one of the files that were read changes.
    ///
    /// # Errors
    ///
    /// Every mistake that was found; each is also printed for cargo to show.
    pub fn compile(self, protos: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result<()> {
        let outcome = self.try_compile(&owned(protos), &owned(includes));
        if let Err(error) = &outcome {
            report_to_cargo(error);
        }
        outcome
    }

    fn try_compile(self, protos: &[PathBuf], includes: &[PathBuf]) -> Result<()> {
        let out_dir = self.find_out_dir()?;
        let mut loaded = load::load(protos, includes)?;
        watch(&loaded);
        check(&loaded)?;
        for info in loaded
            .files
            .iter_mut()
            .filter_map(|file| file.descriptor.source_code_info.as_mut())
        {
            comments::quote_code_blocks(info);
        }
        let descriptor_set_path = self.file_descriptor_set_path.clone();
        let mut outputs = self.generate(&loaded.files, &out_dir)?;
        if let Some(path) = descriptor_set_path {
            outputs.insert(path, descriptor_set::with_source_info(&loaded.files));
        }
        output::write(&outputs)
    }

    fn find_out_dir(&self) -> Result<PathBuf> {
        let from_cargo = || env::var_os("OUT_DIR").map(PathBuf::from);
        self.out_dir.clone().or_else(from_cargo).ok_or_else(|| {
            let message =
                "OUT_DIR is not set: this is not a build script, so it has to choose an out_dir";
            Diagnostic::without_location(message).into()
        })
    }

    /// The content of all files to write to `out_dir`.
    fn generate(self, files: &[LoadedFile], out_dir: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
        let mut outputs = BTreeMap::new();
        let code = self.package_code(files)?;
        for (package, code) in &code {
            let code = format::package_code(package, code, &packages::references(package, files))?;
            outputs.insert(
                out_dir.join(output::code_file_name(package)),
                code.into_bytes(),
            );
            let descriptors = descriptor_set::of_package(package, files);
            outputs.insert(
                out_dir.join(output::descriptor_set_file_name(package)),
                descriptors,
            );
        }
        let tree = format::module_tree_code(packages::module_tree(code.keys()));
        outputs.insert(
            out_dir.join(output::MODULE_TREE_FILE_NAME),
            tree.into_bytes(),
        );
        Ok(outputs)
    }

    /// The code of every package that has any, as prost and the emitter write it.
    fn package_code(mut self, files: &[LoadedFile]) -> Result<BTreeMap<String, String>> {
        let runtime = &self.runtime_path;
        let codegen: TokenStream = format!("{runtime}::codegen").parse().map_err(|error| {
            Error::from(Diagnostic::without_location(format!(
                "runtime_path '{runtime}' is not a path: {error}"
            )))
        })?;
        self.prost
            .bytes(["."])
            .prost_path(format!("{runtime}::prost"))
            .prost_types_path(format!("{runtime}::prost_types"))
            .service_generator(Box::new(Services {
                codegen,
                build_client: self.build_client,
                build_server: self.build_server,
            }));
        let descriptors = files.iter().map(|file| file.descriptor.clone());
        let requests: Vec<_> = descriptors
            .map(|file| (Module::from_protobuf_package_name(file.package()), file))
            .collect();
        let packages: Vec<(Module, String)> = requests
            .iter()
            .map(|(module, file)| (module.clone(), file.package().to_owned()))
            .collect();
        let mut code = self
            .prost
            .generate(requests)
            .map_err(|error| Error::from(Diagnostic::without_location(error.to_string())))?;
        Ok(packages
            .into_iter()
            .filter_map(|(module, package)| Some((package, code.remove(&module)?)))
            .collect())
    }
}

fn owned(paths: &[impl AsRef<Path>]) -> Vec<PathBuf> {
    paths.iter().map(|path| path.as_ref().to_owned()).collect()
}

/// Checks what the protobuf compiler lets pass.
fn check(loaded: &Loaded) -> Result<()> {
    let mut diagnostics = Vec::new();
    for file in &loaded.files {
        // Only files that come with the compiler have no source.
        if let Some(source) = loaded.sources.get(file.descriptor.name()) {
            diagnostics.extend(validate::method_clashes(&file.descriptor, source));
        }
    }
    if diagnostics.is_empty() {
        Ok(())
    } else {
        Err(Error::new(diagnostics))
    }
}

/// Tells cargo which files this build depends on. A build script that fails runs again anyway.
#[allow(
    clippy::print_stdout,
    reason = "cargo reads the standard output of a build script"
)]
fn watch(loaded: &Loaded) {
    for source in loaded.sources.values() {
        println!("cargo::rerun-if-changed={}", source.path.display());
    }
}

/// Has cargo show every mistake in full. Cargo takes one line at a time.
#[allow(
    clippy::print_stdout,
    reason = "cargo reads the standard output of a build script"
)]
fn report_to_cargo(error: &Error) {
    for diagnostic in error.diagnostics() {
        for line in diagnostic.to_string().lines() {
            println!("cargo::error={line}");
        }
    }
}
