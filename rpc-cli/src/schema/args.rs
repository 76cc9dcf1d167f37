//! Which schema a command is about.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::exit::Exit;

/// The folder with `.proto` files that is looked at if nothing is said.
const USUAL_FOLDER: &str = "proto";

/// Folders with files that are not the user's own.
const FOREIGN_FOLDERS: [&str; 2] = ["node_modules", "target"];

/// The arguments that name a schema.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct SchemaArgs {
    /// .proto files, folders with .proto files, or one descriptor set [default: the folder `proto` if there
    /// is one, or else the current folder]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// Folder in which imports are looked up; may be repeated [default: the folders among the paths; for
    /// files `proto` and the current folder]
    #[arg(short = 'I', long = "include", value_name = "FOLDER")]
    pub(crate) includes: Vec<PathBuf>,
}

/// What is to be read.
#[derive(Debug)]
pub(crate) enum Input {
    /// These files, which import others from these folders.
    Protos {
        protos: Vec<PathBuf>,
        includes: Vec<PathBuf>,
    },
    /// A file with an encoded `google.protobuf.FileDescriptorSet`.
    DescriptorSet(PathBuf),
}

impl SchemaArgs {
    /// What the arguments name.
    ///
    /// # Errors
    ///
    /// A path does not exist, or there is no `.proto` file in it.
    pub(crate) fn input(&self) -> Result<Input> {
        self.input_in(&|path| path.to_owned())
    }

    /// What the arguments name if each path is first replaced by what `moved` makes of it.
    ///
    /// # Errors
    ///
    /// A path does not exist, or there is no `.proto` file in it.
    pub(crate) fn input_in(&self, moved: &dyn Fn(&Path) -> PathBuf) -> Result<Input> {
        let usual = Path::new(USUAL_FOLDER);
        let usual = if moved(usual).is_dir() {
            usual
        } else {
            Path::new(".")
        };
        let mut paths: Vec<PathBuf> = self.paths.iter().map(|path| moved(path)).collect();
        if paths.is_empty() {
            paths.push(moved(usual));
        }
        if let [path] = &paths[..]
            && path.is_file()
            && path.extension() != Some(OsStr::new("proto"))
        {
            return Ok(Input::DescriptorSet(path.clone()));
        }
        let mut includes: Vec<PathBuf> = self.includes.iter().map(|path| moved(path)).collect();
        if includes.is_empty() {
            includes.extend(paths.iter().filter(|path| path.is_dir()).cloned());
        }
        if includes.is_empty() {
            includes.extend([moved(usual), moved(Path::new("."))]);
        }
        protos_in(&paths, includes)
    }
}

impl Input {
    /// All `.proto` files in `folder`, which import others from it and from `includes`.
    ///
    /// # Errors
    ///
    /// There is none.
    pub(crate) fn folder(folder: &Path, includes: &[PathBuf]) -> Result<Self> {
        let mut all = vec![folder.to_owned()];
        all.extend(includes.iter().cloned());
        protos_in(&[folder.to_owned()], all)
    }
}

fn protos_in(paths: &[PathBuf], includes: Vec<PathBuf>) -> Result<Input> {
    if let Some(missing) = includes.iter().find(|folder| !folder.is_dir()) {
        let message = format!("there is no folder {}", missing.display());
        let help = "imports are looked up there: name another one with -I";
        return Err(Error::new(Exit::Input, message).with_help(help));
    }
    let mut protos = Vec::new();
    for path in paths {
        let before = protos.len();
        if path.is_dir() {
            find(path, &mut protos, &mut HashSet::new())?;
        } else if path.is_file() {
            protos.push(path.clone());
        } else {
            let message = format!("there is no file or folder {}", path.display());
            return Err(Error::new(Exit::Input, message));
        }
        if protos.len() == before {
            let message = format!("there is no .proto file in {}", path.display());
            let help = "name the folder or the files: `rpc lint path/to/protos`";
            return Err(Error::new(Exit::Input, message).with_help(help));
        }
    }
    protos.sort();
    Ok(Input::Protos { protos, includes })
}

/// Adds the `.proto` files in `folder`, and in the folders below it that are not hidden, to `protos`. `above` are the
/// folders around it, to which a symbolic link may lead back.
fn find(folder: &Path, protos: &mut Vec<PathBuf>, above: &mut HashSet<PathBuf>) -> Result<()> {
    let failed = |error| Error::file("read folder", folder, &error);
    let itself = fs::canonicalize(folder).map_err(failed)?;
    if !above.insert(itself.clone()) {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        if path.is_dir() {
            if !name.starts_with('.') && !FOREIGN_FOLDERS.contains(&name) {
                find(&path, protos, above)?;
            }
        } else if path.extension() == Some(OsStr::new("proto")) {
            protos.push(path);
        }
    }
    above.remove(&itself);
    Ok(())
}
