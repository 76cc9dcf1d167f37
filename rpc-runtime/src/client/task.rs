//! How far a call has come that was sent.

/// How far a call has come that was sent; see [`RpcFuture::task`](super::RpcFuture::task).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallTask {
    pub(super) status: TaskStatus,
    pub(super) attempts: u32,
    pub(super) attempts_allowed: u32,
}

/// What a call does that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskStatus {
    /// It waits to be sent again.
    Pending,
    /// It is being sent, or was and waits for its reply.
    Running,
    /// It has ended.
    Completed,
}

impl CallTask {
    /// What the call does.
    pub fn status(&self) -> TaskStatus {
        self.status
    }

    /// How often the call was sent, the attempt that is under way counted.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How often the call is sent at most by its policy. It may be sent more often where its connection is
    /// being replaced and it provably did not run.
    pub fn attempts_allowed(&self) -> u32 {
        self.attempts_allowed
    }
}
