//! From `.proto` files to generated files, step by step.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use prost_build::{Config, Module};

use crate::diagnostic::{self, Diagnostic};
use crate::emit::Services;
use crate::load::{Loaded, LoadedFile};
use crate::method_options::{self, MethodOptions};
use crate::options::{Layout, Options};
use crate::packages::{self, Content};
use crate::{
    Error, Generated, Result, annotate, comments, deprecated, descriptor_set, exchange, format,
    front_end, load, options, output, runtime_path, unmatched, validate,
};

/// Compiles the files `protos` with what they import from `includes`.
pub(crate) fn protos(
    mut options: Options,
    protos: Vec<PathBuf>,
    includes: Vec<PathBuf>,
) -> Result<()> {
    let out_dir = options.find_out_dir()?;
    let loaded = load_protos(&mut options, &protos, &includes, &out_dir)?;
    let sources = loaded.sources.values();
    watch(sources.map(|source| source.path.as_path()));
    let checked = check(&loaded, &options)?;
    if let Some(module) = &options.publish {
        exchange::publish(module, &out_dir, &includes, &loaded.files, &options)?;
    }
    write(options, loaded, checked, &out_dir)
}

/// Compiles the encoded `FileDescriptorSet` in the file at `path`.
pub(crate) fn descriptor_set(options: Options, path: &Path) -> Result<()> {
    let out_dir = options.find_out_dir()?;
    watch([path]);
    let loaded = front_end::descriptor_set(path)?;
    let checked = check(&loaded, &options)?;
    write(options, loaded, checked, &out_dir)
}

/// What [`protos`] would write. Cargo is told nothing.
pub(crate) fn generated_of_protos(
    mut options: Options,
    protos: &[PathBuf],
    includes: &[PathBuf],
) -> Result<Generated> {
    let out_dir = options.find_out_dir()?;
    let loaded = load_protos(&mut options, protos, includes, &out_dir)?;
    let checked = check(&loaded, &options)?;
    generated(options, loaded, checked, &out_dir)
}

/// What [`descriptor_set()`] would write. Cargo is told nothing.
pub(crate) fn generated_of_descriptor_set(options: Options, path: &Path) -> Result<Generated> {
    let out_dir = options.find_out_dir()?;
    let loaded = front_end::descriptor_set(path)?;
    let checked = check(&loaded, &options)?;
    generated(options, loaded, checked, &out_dir)
}

fn load_protos(
    options: &mut Options,
    protos: &[PathBuf],
    includes: &[PathBuf],
    out_dir: &Path,
) -> Result<Loaded> {
    let mut all_includes = includes.to_vec();
    for links in std::mem::take(&mut options.imports) {
        let published = exchange::import(&links)?;
        all_includes.extend(published.includes);
        options.imported_services.extend(published.services);
        for (name, path) in published.types {
            options.extern_paths.entry(name).or_insert(path);
        }
    }
    if options.use_protoc {
        front_end::protoc(protos, &all_includes, out_dir)
    } else {
        load::load(protos, &all_includes)
    }
}

/// Writes the code for what was loaded, or compares it with what is there.
fn write(options: Options, loaded: Loaded, checked: Checked, out_dir: &Path) -> Result<()> {
    let (only_compare, is_cargos) = (options.check, options.out_dir.is_none());
    if options.runtime_path.is_none() {
        watch([Path::new("Cargo.toml")]);
    }
    let generated = generated(options, loaded, checked, out_dir)?;
    warn(&generated.warnings);
    if only_compare {
        watch(generated.files.keys().map(PathBuf::as_path));
        output::compare(&generated)
    } else {
        generated.write()?;
        if is_cargos {
            output::delete_outdated(&generated.files, out_dir)?;
        }
        Ok(())
    }
}

/// The code for what was loaded.
fn generated(
    options: Options,
    mut loaded: Loaded,
    checked: Checked,
    out_dir: &Path,
) -> Result<Generated> {
    select_services(&mut loaded.files, &options);
    document(&mut loaded, &options);
    let files = generate(options, &loaded.files, checked.method_options, out_dir)?;
    Ok(Generated {
        outdated: output::outdated(&files, out_dir),
        files,
        warnings: checked.warnings,
    })
}

/// What is right, with what may not be meant.
struct Checked {
    method_options: BTreeMap<String, MethodOptions>,
    warnings: Vec<String>,
}

/// Checks what the protobuf compiler lets pass, and returns the options of all methods.
///
/// # Errors
///
/// Everything that is wrong, whoever found it.
fn check(loaded: &Loaded, options: &Options) -> Result<Checked> {
    let generated = validate::Generated {
        is_extern: &|full_name| options.is_extern(full_name),
        is_wanted: &|full_name| options.is_wanted(full_name),
        client: options.build_client,
        server: options.build_server,
    };
    let mut diagnostics = loaded.diagnostics.clone();
    diagnostic::merge(&mut diagnostics, validate::check(loaded, &generated));
    let mut mistakes = Vec::new();
    let method_options = method_options::read(loaded, &mut mistakes);
    diagnostic::merge(&mut diagnostics, mistakes);
    if diagnostics.is_empty() {
        // What was not read at all would look like this too.
        diagnostics = unmatched::services(options, &loaded.files);
    }
    if diagnostics.is_empty() {
        Ok(Checked {
            method_options,
            warnings: unmatched::warnings(options, &loaded.files),
        })
    } else {
        Err(Error::new(diagnostics))
    }
}

/// Removes the services that no code is written for.
fn select_services(files: &mut [LoadedFile], options: &Options) {
    for LoadedFile { descriptor, .. } in files {
        let scope = packages::scope(descriptor.package());
        descriptor
            .service
            .retain(|service| options.is_wanted(&format!("{scope}.{}", service.name())));
    }
}

/// Turns the comments of all files into documentation.
fn document(loaded: &mut Loaded, options: &Options) {
    let without_comments = |full_name: &str| {
        let mut paths = options.disabled_comments.iter();
        paths.any(|path| options::matches(path, full_name))
    };
    for file in &mut loaded.files {
        if let Some(info) = &mut file.descriptor.source_code_info {
            comments::quote_code_blocks(info);
        }
        let name = file.descriptor.name().to_owned();
        // A path of this machine would be of no use in a file that others read.
        let path = loaded
            .sources
            .get(&name)
            .map(|source| source.path.as_path())
            .filter(|path| path.is_relative())
            .map_or(name, |path| path.display().to_string());
        annotate::annotate(&mut file.descriptor, &path, without_comments);
    }
}

/// The content of all files to write to `out_dir`.
fn generate(
    mut options: Options,
    files: &[LoadedFile],
    method_options: BTreeMap<String, MethodOptions>,
    out_dir: &Path,
) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut outputs = BTreeMap::new();
    if let Some(path) = options.file_descriptor_set_path.take() {
        outputs.insert(path, descriptor_set::with_source_info(files));
    }
    let code = package_code(&mut options, files, method_options)?;
    for package in code.keys() {
        let descriptors = descriptor_set::of_package(package, files);
        let name = output::descriptor_set_file_name(package);
        outputs.insert(out_dir.join(name), descriptors);
    }
    let mut insert = |name: &str, text: String| {
        outputs.insert(out_dir.join(name), text.into_bytes());
    };
    match &options.layout {
        Layout::FilePerPackage => {
            for (package, code) in &code {
                let is_extern = |name: &str| options.is_extern(name);
                let references = packages::references(package, files, is_extern);
                let text = format::package_code(package, code, &references);
                insert(&output::code_file_name(package), text);
            }
            let tree = packages::module_tree(&code, Content::Included);
            insert(output::MODULE_TREE_FILE_NAME, format::tree_code(&tree));
        }
        Layout::SingleFile(name) => {
            let tree = packages::module_tree(&code, Content::Inline);
            insert(name, format::tree_code(&tree));
        }
    }
    Ok(outputs)
}

/// The code of every package that has any, as prost and the emitter write it.
fn package_code(
    options: &mut Options,
    files: &[LoadedFile],
    method_options: BTreeMap<String, MethodOptions>,
) -> Result<BTreeMap<String, syn::File>> {
    let is_adapted =
        !options.paths.is_empty() || options.runtime_path.is_some() || options.codec.is_some();
    let runtime = options
        .runtime_path
        .take()
        .unwrap_or_else(runtime_path::find);
    let services = Services {
        codegen: options::tokens("runtime_path", &format!("{runtime}::codegen"))?,
        codec: options
            .codec
            .as_deref()
            .map(|path| options::tokens("codec", path))
            .transpose()?,
        build_client: options.build_client,
        build_server: options.build_server,
        method_options,
        #[cfg(feature = "tonic")]
        tonic: options
            .tonic
            .then(|| crate::emit::tonic(options.build_client, options.build_server)),
        visibility: options::tokens("service_visibility", &options.service_visibility)?,
        trait_attributes: attributes(&options.service_attributes)?,
        client_attributes: attributes(&options.client_attributes)?,
    };
    let prost = &mut options.prost;
    if options.compile_well_known_types {
        prost.compile_well_known_types();
    }
    if options.serde {
        derive_serde(prost, &runtime);
    }
    for file in files {
        deprecated::mark(prost, &file.descriptor);
    }
    for (proto_path, rust_path) in &options.extern_paths {
        prost.extern_path(proto_path, rust_path);
    }
    prost
        .bytes(&options.bytes)
        .prost_path(format!("{runtime}::prost"))
        .prost_types_path(format!("{runtime}::prost_types"))
        .service_generator(Box::new(services));
    let modules: BTreeMap<String, Module> = files
        .iter()
        .map(|file| file.descriptor.package())
        .map(|package| {
            (
                package.to_owned(),
                Module::from_protobuf_package_name(package),
            )
        })
        .collect();
    // Options are for this compiler, so nobody needs types for them.
    let with_code = files
        .iter()
        .filter(|file| file.descriptor.name() != method_options::FILE);
    let requests = with_code.map(|file| {
        let module = modules[file.descriptor.package()].clone();
        (module, file.descriptor.clone())
    });
    let mut code = prost
        .generate(requests.collect())
        .map_err(|error| Error::from(Diagnostic::without_location(error.to_string())))?;
    let with_code = modules
        .into_iter()
        .filter_map(|(package, module)| Some((package, code.remove(&module)?)));
    with_code
        .map(|(package, code)| {
            let code = format::parse(&package, &code, is_adapted)?;
            Ok((package, code))
        })
        .collect()
}

/// Derives the traits of the serde that is at the path `runtime`.
fn derive_serde(prost: &mut Config, runtime: &str) {
    let derive = format!(
        "#[derive({runtime}::serde::Serialize, {runtime}::serde::Deserialize)]\n\
         #[serde(crate = \"{runtime}::serde\")]"
    );
    prost.type_attribute(".", derive);
    prost.message_attribute(".", "#[serde(default)]");
}

/// Attributes with the names of what they are for.
fn attributes(attributes: &[(String, String)]) -> Result<Vec<(String, TokenStream)>> {
    let parsed = attributes
        .iter()
        .map(|(path, text)| Ok((path.clone(), options::tokens("attribute", text)?)));
    parsed.collect()
}

/// Tells cargo which files this build depends on. A build script that fails runs again anyway.
#[allow(
    clippy::print_stdout,
    reason = "cargo reads the standard output of a build script"
)]
fn watch<'a>(paths: impl IntoIterator<Item = &'a Path>) {
    for path in paths {
        println!("cargo::rerun-if-changed={}", path.display());
    }
}

/// Has cargo show `warnings`.
#[allow(
    clippy::print_stdout,
    reason = "cargo reads the standard output of a build script"
)]
fn warn(warnings: &[String]) {
    for warning in warnings {
        println!("cargo::warning={warning}");
    }
}

/// Has cargo show every mistake in full. Cargo takes one line at a time.
#[allow(
    clippy::print_stdout,
    reason = "cargo reads the standard output of a build script"
)]
pub(crate) fn report_to_cargo(error: &Error) {
    for diagnostic in error.diagnostics() {
        for line in diagnostic.to_string().lines() {
            println!("cargo::error={line}");
        }
    }
}
