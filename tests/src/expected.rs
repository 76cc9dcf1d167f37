//! What a client is told about a call that failed.

use rpc_runtime::{Code, Stage, Status};

/// Everything that a status says, so that a test pins all of it.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The code.
    pub code: Code,
    /// How far the call had come.
    pub stage: Option<Stage>,
    /// Whether the server may have run it.
    pub may_have_run: bool,
    /// Where it went.
    pub address: Option<&'a str>,
    /// What was called; `None` where a connection is all that was asked for.
    pub method: Option<&'a str>,
    /// Parts of the message.
    pub says: &'a [&'a str],
}

impl Expected<'_> {
    /// Compares with what came.
    ///
    /// # Panics
    ///
    /// If anything is different.
    #[track_caller]
    pub fn check(&self, status: &Status) {
        let came = (status.code(), status.stage(), status.may_have_run());
        assert_eq!(
            came,
            (self.code, self.stage, self.may_have_run),
            "{status:?}"
        );
        assert_eq!(
            (status.address(), status.method()),
            (self.address, self.method),
            "{status:?}"
        );
        for part in self.says {
            assert!(
                status.message().contains(part),
                "{part:?} is missing: {status}"
            );
        }
    }

    /// As [`check`](Self::check), for an outcome that must be an error.
    ///
    /// # Panics
    ///
    /// If it is none, or another.
    #[track_caller]
    pub fn check_err<T>(&self, outcome: Result<T, Status>) {
        match outcome {
            Ok(_) => panic!("it succeeded where it should say {self:?}"),
            Err(status) => self.check(&status),
        }
    }
}
