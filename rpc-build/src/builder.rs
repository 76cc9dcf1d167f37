//! What a build script calls.

use std::path::{Path, PathBuf};

use crate::Result;
use crate::options::{Layout, Options};
use crate::pipeline;

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
///         .derive("helloworld.HelloRequest", "serde::Serialize")
///         .compile(&["proto/hello.proto"], &["proto"])
/// }
/// ```
pub fn configure() -> Builder {
    Builder {
        options: Options::default(),
    }
}

/// The options of a compilation. [`configure`] makes one.
///
/// # Paths
///
/// Many options take the names of things in `.proto` files. A name that starts with a dot is a full
/// name or the beginning of one: `.shop.v1` is all that the package has, and `.` is everything. A name
/// without one is the end of a full name: `Item.id` is the field `id` of every message `Item`.
#[derive(Debug)]
#[must_use = "nothing is compiled before `compile` is called"]
pub struct Builder {
    pub(crate) options: Options,
}

/// Attributes, and how protobuf's types look in Rust.
impl Builder {
    /// Adds `attribute` to the messages, enums and oneofs that `path` matches.
    pub fn type_attribute(mut self, path: impl AsRef<str>, attribute: impl AsRef<str>) -> Self {
        self.options.prost.type_attribute(path.as_ref(), attribute);
        self.with_path("type_attribute", path)
    }

    /// Adds `attribute` to the messages that `path` matches.
    pub fn message_attribute(mut self, path: impl AsRef<str>, attribute: impl AsRef<str>) -> Self {
        self.options
            .prost
            .message_attribute(path.as_ref(), attribute);
        self.with_path("message_attribute", path)
    }

    /// Adds `attribute` to the enums and oneofs that `path` matches.
    pub fn enum_attribute(mut self, path: impl AsRef<str>, attribute: impl AsRef<str>) -> Self {
        self.options.prost.enum_attribute(path.as_ref(), attribute);
        self.with_path("enum_attribute", path)
    }

    /// Adds `attribute` to the fields and enum values that `path` matches.
    pub fn field_attribute(mut self, path: impl AsRef<str>, attribute: impl AsRef<str>) -> Self {
        self.options.prost.field_attribute(path.as_ref(), attribute);
        self.with_path("field_attribute", path)
    }

    /// Adds `attribute` to the traits of the services that `path` matches.
    pub fn service_attribute(mut self, path: &str, attribute: &str) -> Self {
        let attribute = (path.to_owned(), attribute.to_owned());
        self.options.service_attributes.push(attribute);
        self.with_path("service_attribute", path)
    }

    /// Adds `attribute` to both client proxies of the services that `path` matches.
    pub fn client_attribute(mut self, path: &str, attribute: &str) -> Self {
        let attribute = (path.to_owned(), attribute.to_owned());
        self.options.client_attributes.push(attribute);
        self.with_path("client_attribute", path)
    }

    /// Derives `traits`, such as `"serde::Serialize, serde::Deserialize"`, for the messages, enums and
    /// oneofs that `path` matches.
    pub fn derive(self, path: impl AsRef<str>, traits: &str) -> Self {
        self.type_attribute(path, format!("#[derive({traits})]"))
    }

    /// Derives `serde::Serialize` and `serde::Deserialize` for all messages, enums and oneofs; a field
    /// that is missing has its default value. The crate needs no serde of its own: it is the runtime's,
    /// whose cargo feature `json` has to be on.
    ///
    /// The types of `prost-types` have neither. A schema that uses well-known types also needs
    /// [`compile_well_known_types`](Self::compile_well_known_types).
    pub fn serde(mut self) -> Self {
        self.options.serde = true;
        self
    }

    /// Sets which `bytes` fields are [`Bytes`](https://docs.rs/bytes/latest/bytes/struct.Bytes.html),
    /// which share the memory that a message was received in. The others are `Vec<u8>`. Default: all,
    /// `["."]`.
    pub fn bytes<P: Into<String>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        let paths = paths.into_iter().map(Into::into);
        self.options.bytes = self.replace_paths("bytes", paths);
        self
    }

    /// Makes the map fields that `paths` match a `BTreeMap` instead of a `HashMap`.
    pub fn btree_map<P: AsRef<str>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        let paths = self.replace_paths("btree_map", paths);
        self.options.prost.btree_map(paths);
        self
    }

    /// Boxes the fields that `path` matches. Fields that would make their message contain itself are
    /// boxed in any case.
    pub fn boxed(mut self, path: impl AsRef<str>) -> Self {
        self.options.prost.boxed(path.as_ref());
        self.with_path("boxed", path)
    }

    /// Leaves out `Debug` for the messages and oneofs that `paths` match, so that the crate can
    /// implement it in another way.
    pub fn skip_debug<P: AsRef<str>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        let paths = self.replace_paths("skip_debug", paths);
        self.options.prost.skip_debug(paths);
        self
    }

    /// Keeps the enum's name in the names of its values: `KIND_OLD` becomes `Kind::KindOld` and not
    /// `Kind::Old`.
    pub fn retain_enum_prefix(mut self) -> Self {
        self.options.prost.retain_enum_prefix();
        self
    }

    /// Replaces the comments of what `paths` match by its name.
    pub fn disable_comments<P: Into<String>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        for path in paths.into_iter().map(Into::into) {
            self = self.with_path("disable_comments", &path);
            self.options.disabled_comments.push(path);
        }
        self
    }
}

/// Types that exist already.
impl Builder {
    /// Uses the type, or all the types of the package, at `rust_path` for what `.proto` files call
    /// `proto_path`, with a leading dot. No code is generated for them, nor for their services.
    pub fn extern_path(
        mut self,
        proto_path: impl Into<String>,
        rust_path: impl Into<String>,
    ) -> Self {
        let proto_path = proto_path.into();
        self = self.with_path("extern_path", &proto_path);
        self.options
            .extern_paths
            .insert(proto_path, rust_path.into());
        self
    }

    /// Generates the types of `google.protobuf` too, instead of using those of `prost-types`: then
    /// attributes can be added to them. `Empty` and the wrappers lose their short forms, such as `()`.
    pub fn compile_well_known_types(mut self) -> Self {
        self.options.compile_well_known_types = true;
        self
    }

    /// Lets the `.proto` files of other crates import those of this one: see
    /// [`import_from`](Self::import_from). `module` is where the generated modules are public, with
    /// `include_protos!()`: `"crate"`, or `"crate::api"`.
    ///
    /// Cargo passes this on under the name `links` in `Cargo.toml`, which must be there:
    ///
    /// ```toml
    /// [package]
    /// name = "common"
    /// links = "common"
    /// ```
    pub fn publish(mut self, module: impl Into<String>) -> Self {
        self.options.publish = Some(module.into());
        self
    }

    /// Lets `.proto` files import those of a crate that [publishes](Self::publish) them and is one of
    /// the dependencies. `links` is what the crate has under that name in its `Cargo.toml`. The types
    /// and services are that crate's own, so that both crates mean the same ones.
    ///
    /// ```no_run
    /// fn main() -> rpc_build::Result<()> {
    ///     rpc_build::configure()
    ///         .import_from("common")
    ///         .compile(&["proto/shop.proto"], &["proto"])
    /// }
    /// ```
    pub fn import_from(mut self, links: impl Into<String>) -> Self {
        self.options.imports.push(links.into());
        self
    }
}

/// Services.
impl Builder {
    /// Whether to generate client proxies. Default: `true`.
    pub fn build_client(mut self, build: bool) -> Self {
        self.options.build_client = build;
        self
    }

    /// Whether to generate service traits and servers. Default: `true`. Without them the proxies
    /// have no constructor `local`.
    pub fn build_server(mut self, build: bool) -> Self {
        self.options.build_server = build;
        self
    }

    /// Whether to generate tonic's clients and servers too, for the same messages, so that a code base
    /// can move service by service. Default: `false`.
    ///
    /// They are in modules of their own, such as `hello_client` and `hello_server`, and need the crates
    /// `tonic` and `tonic-prost`.
    #[cfg(feature = "tonic")]
    pub fn tonic(mut self, build: bool) -> Self {
        self.options.tonic = build;
        self
    }

    /// Generates code for the services that `paths` match, and no others. Default: all. It is a mistake
    /// if one of them matches no service; that another option's path matches nothing is a warning.
    pub fn services<P: Into<String>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.options.services = paths.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the visibility of traits, servers and proxies: `"pub"` or `"pub(crate)"`. Default: `"pub"`.
    pub fn service_visibility(mut self, visibility: impl Into<String>) -> Self {
        self.options.service_visibility = visibility.into();
        self
    }

    /// Sets the codec of all services: the path of a type that is an `rpc_runtime::codec::Codec` for
    /// their messages. Both ends of a call need the same one. Default: protobuf.
    ///
    /// For JSON, the runtime's cargo feature `json` has to be on:
    ///
    /// ```no_run
    /// fn main() -> rpc_build::Result<()> {
    ///     rpc_build::configure()
    ///         .codec("::rpc_runtime::codec::Json")
    ///         .serde()
    ///         .compile(&["proto/hello.proto"], &["proto"])
    /// }
    /// ```
    pub fn codec(mut self, path: impl Into<String>) -> Self {
        self.options.codec = Some(path.into());
        self
    }

    /// Sets the path at which generated code finds the runtime. It is needed only if another crate
    /// re-exports it: the name that `Cargo.toml` gives it is known.
    pub fn runtime_path(mut self, path: impl Into<String>) -> Self {
        self.options.runtime_path = Some(path.into());
        self
    }
}

/// Where the code goes.
impl Builder {
    /// Writes the generated files to `folder` instead of the build script's `OUT_DIR`.
    ///
    /// `include_proto!` and `include_protos!` look in `OUT_DIR`; use `include!` for files elsewhere.
    /// What an earlier build wrote and this one does not is deleted in `OUT_DIR`, and stays in `folder`.
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.options.out_dir = Some(folder.into());
        self
    }

    /// Writes the code of all packages, as modules, to one file of this name, instead of a file for
    /// each package and `rpc_protos.rs` which includes them all.
    pub fn single_file(mut self, name: impl Into<String>) -> Self {
        self.options.layout = Layout::SingleFile(name.into());
        self
    }

    /// With `true` nothing is written: the compilation fails if the files in
    /// [`out_dir`](Self::out_dir) are not what it would write. It is for generated files that are
    /// checked in.
    ///
    /// ```no_run
    /// fn main() -> rpc_build::Result<()> {
    ///     rpc_build::configure()
    ///         .out_dir("src/generated")
    ///         .check(std::env::var_os("CI").is_some())
    ///         .compile(&["proto/hello.proto"], &["proto"])
    /// }
    /// ```
    pub fn check(mut self, check: bool) -> Self {
        self.options.check = check;
        self
    }

    /// Also writes all descriptors, with comments and positions, to a file at `path`: an encoded
    /// `google.protobuf.FileDescriptorSet` for other tools. Generated code does not need it.
    pub fn file_descriptor_set_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.file_descriptor_set_path = Some(path.into());
        self
    }

    /// Has `protoc` read the `.proto` files, which then has to be installed: the program that the
    /// environment variable `PROTOC` names, or the one on the `PATH`. Files with an edition need this;
    /// [`compile_descriptor_set`](Self::compile_descriptor_set) says what becomes of them.
    pub fn use_protoc(mut self) -> Self {
        self.options.use_protoc = true;
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
        reported(pipeline::protos(
            self.options,
            owned(protos),
            owned(includes),
        ))
    }

    /// Compiles what another tool has read: `path` is a file with an encoded
    /// `google.protobuf.FileDescriptorSet`, for instance of
    /// `protoc --include_imports --include_source_info -o api.bin api.proto`.
    ///
    /// A file of edition 2023 or 2024 is read as the file with `syntax = "proto3"`, or else `"proto2"`,
    /// that has the same fields on the wire; embedded descriptors have it in this form too. Enums are
    /// open and strings are UTF-8 whatever their features say, as they always are in Rust. A file that
    /// no single syntax can express, with `IMPLICIT` presence beside for instance `LEGACY_REQUIRED`, is
    /// an error that names both fields.
    ///
    /// # Errors
    ///
    /// Every mistake that was found; each is also printed for cargo to show.
    pub fn compile_descriptor_set(self, path: impl AsRef<Path>) -> Result<()> {
        reported(pipeline::descriptor_set(self.options, path.as_ref()))
    }
}

impl Builder {
    /// Notes down that `option` was given `path`, which has to match something.
    fn with_path(mut self, option: &'static str, path: impl AsRef<str>) -> Self {
        let path = path.as_ref().to_owned();
        self.options.paths.push((option, path));
        self
    }

    /// Notes down the `paths` of an option that forgets those of an earlier call.
    fn replace_paths<P: AsRef<str>>(
        &mut self,
        option: &'static str,
        paths: impl IntoIterator<Item = P>,
    ) -> Vec<String> {
        let paths = paths.into_iter().map(|path| path.as_ref().to_owned());
        let paths: Vec<String> = paths.collect();
        let all = &mut self.options.paths;
        all.retain(|(known, _)| *known != option);
        all.extend(paths.iter().map(|path| (option, path.clone())));
        paths
    }
}

/// Prints what went wrong, if something did.
fn reported(outcome: Result<()>) -> Result<()> {
    outcome.inspect_err(pipeline::report_to_cargo)
}

pub(crate) fn owned(paths: &[impl AsRef<Path>]) -> Vec<PathBuf> {
    paths.iter().map(|path| path.as_ref().to_owned()).collect()
}
