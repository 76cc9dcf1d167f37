//! The arguments that say where definitions come from.

use std::path::PathBuf;

use clap::Args;

/// Where services are defined, if not by the server's own word.
#[derive(Clone, Debug, Args)]
pub(crate) struct DefinitionArgs {
    /// Take definitions from this .proto file in place of the server's reflection; may be repeated
    #[arg(long = "proto", value_name = "FILE", help_heading = "Schema")]
    pub(crate) protos: Vec<PathBuf>,

    /// Look for imports in this folder; may be repeated. Unless given, those of the files
    #[arg(
        short = 'I',
        long = "include",
        value_name = "DIR",
        help_heading = "Schema",
        requires = "protos"
    )]
    pub(crate) includes: Vec<PathBuf>,

    /// Take definitions from this descriptor set, as protoc --descriptor_set_out --include_imports writes it
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Schema",
        conflicts_with = "protos"
    )]
    pub(crate) descriptor_set: Option<PathBuf>,
}

impl DefinitionArgs {
    /// Whether definitions come from files.
    pub(crate) fn has_files(&self) -> bool {
        !self.protos.is_empty() || self.descriptor_set.is_some()
    }
}
