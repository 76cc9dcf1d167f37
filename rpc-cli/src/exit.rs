//! How the command ends: a code for each kind of end, so that scripts need not read messages.

use std::process::ExitCode;

/// The end of a command. The numbers are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what it was asked for.
    Success = 0,
    /// It looked for something to complain about and found it: a rule is broken, generated code has
    /// drifted.
    Findings = 1,
    /// The arguments make no sense. clap uses the same code.
    Usage = 2,
    /// There is no connection to the server: refused, unresolved, another protocol, TLS.
    Unreachable = 3,
    /// The server, or the way to it, ended a call with a status other than OK.
    CallFailed = 4,
    /// A `.proto` file or descriptor set has mistakes.
    Schema = 5,
    /// What was given cannot be used: a file that cannot be read or written, JSON that does not fit.
    Input = 6,
    /// The server has no service, method or type of this name, or does not tell.
    NotFound = 7,
    /// Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// The name in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Findings => "findings",
            Self::Usage => "usage",
            Self::Unreachable => "unreachable",
            Self::CallFailed => "call_failed",
            Self::Schema => "schema",
            Self::Input => "input",
            Self::NotFound => "not_found",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
