//! Why a command failed: what happened, where, and what to do next.

use std::io;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::exit::Exit;

/// The result of a command or a part of it.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure that ends the command.
#[derive(Debug)]
pub(crate) struct Error {
    exit: Exit,
    message: String,
    help: Option<String>,
    /// What else programs may want to know, by name.
    details: Map<String, Value>,
    /// Mistakes in `.proto` files, which are shown each.
    diagnostics: Vec<rpc_build::Diagnostic>,
}

impl Error {
    /// A failure of the kind `exit`. `message` says what happened, and to what.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            help: None,
            details: Map::new(),
            diagnostics: Vec::new(),
        }
    }

    /// A file or folder cannot be used; `action` completes "cannot ...".
    pub(crate) fn file(action: &str, path: &Path, error: &io::Error) -> Self {
        let message = format!("cannot {action} {}: {error}", path.display());
        Self::new(Exit::Input, message)
    }

    /// The result cannot be written. That nobody reads it any more, as with `rpc list .. | head`, ends a
    /// command early, but is no failure of it.
    pub(crate) fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Exit::Success, "");
        }
        Self::new(Exit::Input, format!("cannot write the result: {error}"))
    }

    /// Adds what to do next.
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds something that is shown with `--json` only.
    pub(crate) fn with_detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// Says in front what the failure is about.
    pub(crate) fn about(mut self, subject: &str) -> Self {
        self.message = format!("{subject}: {}", self.message);
        self
    }

    /// The end that this leads to.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// What happened, and to what.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// What to do next.
    pub(crate) fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The mistakes in `.proto` files that this is about.
    pub(crate) fn diagnostics(&self) -> &[rpc_build::Diagnostic] {
        &self.diagnostics
    }

    /// The failure as one JSON object, under the name `error`.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = self.details.clone();
        error.insert("kind".to_owned(), self.exit.name().into());
        error.insert("message".to_owned(), self.message.clone().into());
        if let Some(help) = &self.help {
            error.insert("help".to_owned(), help.clone().into());
        }
        if !self.diagnostics.is_empty() {
            let mistakes = self.diagnostics.iter().map(mistake).collect();
            error.insert("mistakes".to_owned(), Value::Array(mistakes));
        }
        json!({ "error": error })
    }
}

fn mistake(diagnostic: &rpc_build::Diagnostic) -> Value {
    let place = diagnostic.location();
    json!({
        "path": place.map(|at| at.path().display().to_string()),
        "line": place.map(rpc_build::Location::line),
        "column": place.map(rpc_build::Location::column),
        "message": diagnostic.message(),
        "help": diagnostic.help(),
    })
}

impl From<rpc_build::Error> for Error {
    fn from(error: rpc_build::Error) -> Self {
        let diagnostics = error.diagnostics().to_vec();
        let message = match diagnostics.len() {
            1 => "the schema has a mistake".to_owned(),
            count => format!("the schema has {count} mistakes"),
        };
        Self {
            diagnostics,
            ..Self::new(Exit::Schema, message)
        }
    }
}
