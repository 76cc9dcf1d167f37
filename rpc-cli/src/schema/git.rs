//! The `.proto` files of another commit, by the program git.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::error::{Error, Result};
use crate::exit::Exit;

/// The `.proto` files of a commit, in a folder that is deleted in the end.
#[derive(Debug)]
pub(crate) struct Checkout {
    folder: TempDir,
    /// The top folder of the repository.
    top: PathBuf,
    /// The current folder, relative to that.
    current: PathBuf,
}

impl Checkout {
    /// Writes the `.proto` files of `reference`: a commit, branch or tag of the repository that the
    /// current folder is in. Neither its files nor its index change.
    ///
    /// # Errors
    ///
    /// git is not installed, this is no repository, or it has no such commit.
    pub(crate) fn new(reference: &str) -> Result<Self> {
        let top = text(&run(
            Command::new("git").args(["rev-parse", "--show-toplevel"]),
            None,
        )?);
        let current = text(&run(
            Command::new("git").args(["rev-parse", "--show-prefix"]),
            None,
        )?);
        let commit = format!("{reference}^{{commit}}");
        run(
            Command::new("git").args([
                "rev-parse",
                "--verify",
                "--quiet",
                "--end-of-options",
                &commit,
            ]),
            None,
        )
        .map_err(|error| unknown(reference, error))?;
        let folder = TempDir::with_prefix("rpc-breaking-")
            .map_err(|error| Error::file("create a folder in", &std::env::temp_dir(), &error))?;
        let checkout = Self {
            top: PathBuf::from(top),
            current: PathBuf::from(current),
            folder,
        };
        checkout.write(&commit)?;
        Ok(checkout)
    }

    /// Writes the files by an index of its own, which nobody else sees.
    fn write(&self, commit: &str) -> Result<()> {
        let git = || {
            let mut git = Command::new("git");
            git.current_dir(&self.top)
                .env("GIT_INDEX_FILE", self.folder.path().join(".index"));
            git
        };
        run(git().args(["read-tree", commit]), None)?;
        let files = run(git().args(["ls-files", "-z", "--", "*.proto"]), None)?.stdout;
        let mut prefix = self.root().into_os_string();
        prefix.push("/");
        let mut checkout = git();
        checkout
            .args(["checkout-index", "--quiet", "-z", "--stdin"])
            .arg("--prefix")
            .arg(prefix);
        run(&mut checkout, Some(&files))?;
        let current = self.root().join(&self.current);
        fs::create_dir_all(&current).map_err(|error| Error::file("create folder", &current, &error))
    }

    /// Where the files are: it stands for the top folder of the repository.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// Where `path`, which is relative to the current folder or absolute, is in this commit.
    pub(crate) fn moved(&self, path: &Path) -> PathBuf {
        if path.is_relative() {
            return self.root().join(&self.current).join(path);
        }
        match path.strip_prefix(&self.top) {
            Ok(inside) => self.root().join(inside),
            Err(_) => path.to_owned(),
        }
    }
}

fn unknown(reference: &str, error: Error) -> Error {
    if error.exit() != Exit::Input {
        return error;
    }
    let message =
        format!("{reference} is no file, no folder, and no commit of this git repository");
    let help = "name a descriptor set, a folder with .proto files, or a branch, tag or commit that \
                `git log` knows (`git fetch` brings those of others)";
    Error::new(Exit::Input, message).with_help(help)
}

/// Runs `command` to its end.
fn run(command: &mut Command, input: Option<&[u8]>) -> Result<Output> {
    let missing = |error: std::io::Error| {
        let help = "install git, or compare with a folder or a descriptor set";
        Error::new(Exit::Usage, format!("cannot run git: {error}")).with_help(help)
    };
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.stdin(if input.is_some() {
        Stdio::piped()
    } else {
        Stdio::null()
    });
    let mut child = command.spawn().map_err(missing)?;
    if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
        // git says nothing before it has read all, so this cannot wait for ever.
        stdin.write_all(input).map_err(missing)?;
    }
    let output = child.wait_with_output().map_err(missing)?;
    if output.status.success() {
        return Ok(output);
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    let message = format!("git failed: {}", reason.trim());
    let help = "run it inside of the repository, or compare with a folder or a descriptor set";
    Err(Error::new(Exit::Input, message).with_help(help))
}

fn text(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim_end_matches(['\n', '/']).to_owned()
}
