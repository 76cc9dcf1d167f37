//! How calls end.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::{Code, Metadata};

/// How far a call had come at the client when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Turning the target's name into addresses.
    Resolve,
    /// Making a connection.
    Connect,
    /// Waiting for a free stream on a connection.
    Queue,
    /// Writing the request.
    Send,
    /// Waiting for the response to begin.
    Wait,
    /// Reading the response.
    Receive,
    /// Decoding the response's message.
    Decode,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Queue => "queue",
            Self::Send => "send",
            Self::Wait => "wait",
            Self::Receive => "receive",
            Self::Decode => "decode",
        })
    }
}

/// How a call ended: a [`Code`], a message, and what else is known.
///
/// Code, message, details and metadata travel from server to client. The rest stays with the side
/// that made the `Status`: its source, and at the client where the call ended and whether the
/// server may have run it.
///
/// A `Status` is one pointer wide, so that `Result<T, Status>` stays small.
///
/// ```
/// use rpc_wire::{Code, Status};
///
/// let status = Status::not_found("no user 7");
/// assert_eq!(status.code(), Code::NotFound);
/// assert_eq!(status.to_string(), "NOT_FOUND: no user 7");
/// ```
#[derive(Clone)]
pub struct Status {
    inner: Box<Fields>,
}

/// What every status has. It is small, because one is kept for each call that waits to be made again.
#[derive(Clone)]
struct Fields {
    /// Shared with clones: one connection that is lost ends many calls.
    message: Arc<str>,
    more: Option<Box<More>>,
    attempts: u32,
    code: Code,
    stage: Option<Stage>,
    may_have_run: bool,
}

/// What some statuses have.
#[derive(Clone, Default)]
struct More {
    details: Bytes,
    metadata: Metadata,
    source: Option<Arc<dyn Error + Send + Sync>>,
    address: Option<Arc<str>>,
    method: Option<Arc<str>>,
    retry_pushback: Option<Duration>,
}

/// The metadata of a status that has none.
static NO_METADATA: Metadata = Metadata::new();

/// One constructor per code, named as the code.
macro_rules! constructors {
    ($($name:ident => $code:ident,)*) => {
        /// One constructor for each code.
        impl Status {
            $(
                #[doc = concat!("A status with [`Code::", stringify!($code), "`].")]
                pub fn $name(message: impl Into<String>) -> Self {
                    Self::new(Code::$code, message)
                }
            )*
        }
    };
}

constructors! {
    cancelled => Cancelled,
    unknown => Unknown,
    invalid_argument => InvalidArgument,
    deadline_exceeded => DeadlineExceeded,
    not_found => NotFound,
    already_exists => AlreadyExists,
    permission_denied => PermissionDenied,
    resource_exhausted => ResourceExhausted,
    failed_precondition => FailedPrecondition,
    aborted => Aborted,
    out_of_range => OutOfRange,
    unimplemented => Unimplemented,
    internal => Internal,
    unavailable => Unavailable,
    data_loss => DataLoss,
    unauthenticated => Unauthenticated,
}

impl Status {
    /// A status with this code and message, and nothing else known.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Fields {
                message: message.into().into(),
                more: None,
                attempts: 0,
                code,
                stage: None,
                may_have_run: true,
            }),
        }
    }

    fn more(&self) -> Option<&More> {
        self.inner.more.as_deref()
    }

    fn more_mut(&mut self) -> &mut More {
        self.inner.more.get_or_insert_default()
    }

    /// Sets the message.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.inner.message = message.into().into();
        self
    }

    /// Sets the details: bytes for the caller's program, by custom an encoded `google.rpc.Status`.
    #[must_use]
    pub fn with_details(mut self, details: impl Into<Bytes>) -> Self {
        self.more_mut().details = details.into();
        self
    }

    /// Sets the trailing metadata.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        if !metadata.is_empty() || self.inner.more.is_some() {
            self.more_mut().metadata = metadata;
        }
        self
    }

    /// Sets the error that this status follows from, which [`Error::source`] then gives.
    ///
    /// It stays in this process; a peer never sees it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.more_mut().source = Some(Arc::from(source.into()));
        self
    }

    /// Sets the address that the call went to.
    #[must_use]
    pub fn with_address(mut self, address: impl Into<Arc<str>>) -> Self {
        self.more_mut().address = Some(address.into());
        self
    }

    /// Sets the path of the method that was called, such as `helloworld.Hello/Hello`.
    #[must_use]
    pub fn with_method(mut self, method: impl Into<Arc<str>>) -> Self {
        self.more_mut().method = Some(method.into());
        self
    }

    /// Sets how far the call had come.
    #[must_use]
    pub fn with_stage(mut self, stage: Stage) -> Self {
        self.inner.stage = Some(stage);
        self
    }

    /// Sets whether the server may have run the call.
    #[must_use]
    pub fn with_may_have_run(mut self, may_have_run: bool) -> Self {
        self.inner.may_have_run = may_have_run;
        self
    }

    /// Sets how often the call was sent.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.inner.attempts = attempts;
        self
    }

    /// Asks the client to wait this long before it makes the call again, whatever its own pause would
    /// be; whole milliseconds are sent. `Duration::MAX` asks it not to.
    #[must_use]
    pub fn with_retry_pushback(mut self, pushback: Duration) -> Self {
        self.more_mut().retry_pushback = Some(pushback);
        self
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.inner.code
    }

    /// The message for humans; may be empty.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The details for programs; empty if there are none.
    pub fn details(&self) -> &[u8] {
        self.more().map_or(&[], |more| &more.details)
    }

    /// The trailing metadata.
    pub fn metadata(&self) -> &Metadata {
        self.more().map_or(&NO_METADATA, |more| &more.metadata)
    }

    /// The trailing metadata, to be changed.
    pub fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.more_mut().metadata
    }

    /// The address that the call went to, if the client knows it.
    pub fn address(&self) -> Option<&str> {
        self.more()?.address.as_deref()
    }

    /// The path of the method that was called, if the client knows it.
    pub fn method(&self) -> Option<&str> {
        self.more()?.method.as_deref()
    }

    /// How far the call had come, if the client knows it.
    pub fn stage(&self) -> Option<Stage> {
        self.inner.stage
    }

    /// Whether the server may have run the call.
    ///
    /// `false` only where it is certain that no handler was started, so that the call may be made
    /// again whatever it does.
    pub fn may_have_run(&self) -> bool {
        self.inner.may_have_run
    }

    /// How often the call was sent, or was about to be, the first time counted; 0 where that is not
    /// known, as at a server.
    pub fn attempts(&self) -> u32 {
        self.inner.attempts
    }

    /// How long the server asks to wait before the call is made again, if it does.
    pub fn retry_pushback(&self) -> Option<Duration> {
        self.more()?.retry_pushback
    }
}

/// One line: `CODE: message (what is known of method, address, stage, attempts and execution)`.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code();
        let message = match self.message() {
            "" => code.description(),
            message => message,
        };
        write!(f, "{code}: {message}")?;

        let attempts = Some(self.attempts()).filter(|attempts| *attempts > 1);
        let known = [
            self.method().map(|method| format!("method {method}")),
            self.address().map(|address| format!("address {address}")),
            self.stage().map(|stage| format!("stage {stage}")),
            attempts.map(|attempts| format!("attempts {attempts}")),
            (!self.may_have_run()).then(|| "not executed".to_owned()),
        ];
        let known: Vec<String> = known.into_iter().flatten().collect();
        if known.is_empty() {
            Ok(())
        } else {
            write!(f, " ({})", known.join(", "))
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Status")
            .field("code", &self.code())
            .field("message", &self.message())
            .field("details", &Bytes::copy_from_slice(self.details()))
            .field("metadata", self.metadata())
            .field("address", &self.address())
            .field("method", &self.method())
            .field("stage", &self.stage())
            .field("attempts", &self.attempts())
            .field("may_have_run", &self.may_have_run())
            .field("retry_pushback", &self.retry_pushback())
            .field("source", &self.more().and_then(|more| more.source.as_ref()))
            .finish()
    }
}

impl Error for Status {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.more()?.source.as_deref().map(|source| source as _)
    }
}
