//! How calls end.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

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

#[derive(Clone)]
struct Fields {
    code: Code,
    message: String,
    details: Bytes,
    metadata: Metadata,
    source: Option<Arc<dyn Error + Send + Sync>>,
    address: Option<String>,
    method: Option<String>,
    stage: Option<Stage>,
    may_have_run: bool,
}

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
                code,
                message: message.into(),
                details: Bytes::new(),
                metadata: Metadata::new(),
                source: None,
                address: None,
                method: None,
                stage: None,
                may_have_run: true,
            }),
        }
    }

    /// Sets the details: bytes for the caller's program, by custom an encoded `google.rpc.Status`.
    #[must_use]
    pub fn with_details(mut self, details: impl Into<Bytes>) -> Self {
        self.inner.details = details.into();
        self
    }

    /// Sets the trailing metadata.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.inner.metadata = metadata;
        self
    }

    /// Sets the error that this status follows from, which [`Error::source`] then gives.
    ///
    /// It stays in this process; a peer never sees it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.inner.source = Some(Arc::from(source.into()));
        self
    }

    /// Sets the address that the call went to.
    #[must_use]
    pub fn with_address(mut self, address: impl Into<String>) -> Self {
        self.inner.address = Some(address.into());
        self
    }

    /// Sets the path of the method that was called, such as `helloworld.Hello/Hello`.
    #[must_use]
    pub fn with_method(mut self, method: impl Into<String>) -> Self {
        self.inner.method = Some(method.into());
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
        &self.inner.details
    }

    /// The trailing metadata.
    pub fn metadata(&self) -> &Metadata {
        &self.inner.metadata
    }

    /// The trailing metadata, to be changed.
    pub fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.inner.metadata
    }

    /// The address that the call went to, if the client knows it.
    pub fn address(&self) -> Option<&str> {
        self.inner.address.as_deref()
    }

    /// The path of the method that was called, if the client knows it.
    pub fn method(&self) -> Option<&str> {
        self.inner.method.as_deref()
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
}

/// One line: `CODE: message (what is known of method, address, stage and execution)`.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fields {
            code,
            message,
            address,
            method,
            stage,
            may_have_run,
            ..
        } = &*self.inner;
        let message = if message.is_empty() {
            code.description()
        } else {
            message
        };
        write!(f, "{code}: {message}")?;

        let known = [
            method.as_ref().map(|method| format!("method {method}")),
            address.as_ref().map(|address| format!("address {address}")),
            stage.map(|stage| format!("stage {stage}")),
            (!may_have_run).then(|| "not executed".to_owned()),
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
        let fields = &*self.inner;
        f.debug_struct("Status")
            .field("code", &fields.code)
            .field("message", &fields.message)
            .field("details", &fields.details)
            .field("metadata", &fields.metadata)
            .field("address", &fields.address)
            .field("method", &fields.method)
            .field("stage", &fields.stage)
            .field("may_have_run", &fields.may_have_run)
            .field("source", &fields.source)
            .finish()
    }
}

impl Error for Status {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.inner.source.as_deref().map(|source| source as _)
    }
}
