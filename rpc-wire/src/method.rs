//! What is known about services and methods before any call is made.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::MAX_METHOD_NUMBERS;

/// Which sides of a method stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MethodKind {
    /// One request, one response.
    Unary,
    /// Many requests, one response.
    ClientStreaming,
    /// One request, many responses.
    ServerStreaming,
    /// Many requests, many responses.
    BidiStreaming,
}

impl MethodKind {
    /// Whether the client sends a stream of messages.
    pub const fn client_streams(self) -> bool {
        matches!(self, Self::ClientStreaming | Self::BidiStreaming)
    }

    /// Whether the server sends a stream of messages.
    pub const fn server_streams(self) -> bool {
        matches!(self, Self::ServerStreaming | Self::BidiStreaming)
    }
}

/// Whether a method may run twice: protobuf's option `idempotency_level`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Idempotency {
    /// Nothing is promised, so a call is never repeated once it may have run.
    #[default]
    Unknown,
    /// The method only reads.
    NoSideEffects,
    /// Running the method twice has the effect of running it once.
    Idempotent,
}

impl Idempotency {
    /// Whether the method may run twice.
    pub const fn may_repeat(self) -> bool {
        matches!(self, Self::NoSideEffects | Self::Idempotent)
    }
}

/// How often and when calls of a method are repeated.
///
/// Whether they may be is another matter, see [`Idempotency`].
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    max_attempts: u32,
    initial_backoff: Duration,
    max_backoff: Duration,
    backoff_multiplier: f64,
}

impl RetryPolicy {
    /// Up to `max_attempts`, the first one counted. Before the second one there is a pause of
    /// `initial_backoff`, and each further pause is `backoff_multiplier` times the one before it, up
    /// to `max_backoff`.
    pub const fn new(
        max_attempts: u32,
        initial_backoff: Duration,
        max_backoff: Duration,
        backoff_multiplier: f64,
    ) -> Self {
        Self {
            max_attempts,
            initial_backoff,
            max_backoff,
            backoff_multiplier,
        }
    }

    /// How often a call is sent at most, the first time counted.
    pub const fn max_attempts(&self) -> u32 {
        self.max_attempts
    }

    /// The pause before the second attempt.
    pub const fn initial_backoff(&self) -> Duration {
        self.initial_backoff
    }

    /// The longest pause.
    pub const fn max_backoff(&self) -> Duration {
        self.max_backoff
    }

    /// By how much each pause is longer than the one before.
    pub const fn backoff_multiplier(&self) -> f64 {
        self.backoff_multiplier
    }
}

/// One method of a service, as generated code describes it.
///
/// Keep it in a `static`, not in a `const`: the method's [number](Self::number) is stored inside.
///
/// ```
/// use rpc_wire::{Idempotency, MethodDescriptor, MethodKind};
///
/// static HELLO: MethodDescriptor =
///     MethodDescriptor::new("helloworld.Hello", "Hello", "helloworld.Hello/Hello", MethodKind::Unary)
///         .with_idempotency(Idempotency::NoSideEffects);
///
/// assert_eq!(HELLO.path(), "helloworld.Hello/Hello");
/// assert!(HELLO.idempotency().may_repeat());
/// assert_eq!(HELLO.number(), HELLO.number());
/// ```
#[derive(Debug)]
pub struct MethodDescriptor {
    service: &'static str,
    name: &'static str,
    path: &'static str,
    kind: MethodKind,
    idempotency: Idempotency,
    deprecated: bool,
    blocking: bool,
    timeout: Option<Duration>,
    retry: Option<RetryPolicy>,
    aliases: &'static [&'static str],
    file_descriptor_set: &'static [u8],
    number: AtomicU32,
}

/// `MethodDescriptor::number` before anybody asked.
const NOT_ASKED: u32 = 0;
/// `MethodDescriptor::number` of a method that asked when all numbers were given away.
const NONE_LEFT: u32 = u32::MAX;

impl MethodDescriptor {
    /// The method `name` of `service`, not deprecated and of unknown idempotency.
    ///
    /// `path` is both names with a slash between them, such as `helloworld.Hello/Hello`: a
    /// `const fn` cannot join them.
    pub const fn new(
        service: &'static str,
        name: &'static str,
        path: &'static str,
        kind: MethodKind,
    ) -> Self {
        Self {
            service,
            name,
            path,
            kind,
            idempotency: Idempotency::Unknown,
            deprecated: false,
            blocking: false,
            timeout: None,
            retry: None,
            aliases: &[],
            file_descriptor_set: &[],
            number: AtomicU32::new(NOT_ASKED),
        }
    }

    /// The same method with this idempotency.
    pub const fn with_idempotency(mut self, idempotency: Idempotency) -> Self {
        self.idempotency = idempotency;
        self
    }

    /// The same method, deprecated or not.
    pub const fn with_deprecated(mut self, deprecated: bool) -> Self {
        self.deprecated = deprecated;
        self
    }

    /// The same method, with a handler that blocks its thread or not.
    pub const fn with_blocking(mut self, blocking: bool) -> Self {
        self.blocking = blocking;
        self
    }

    /// The same method with this default timeout.
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The same method with this policy for retries.
    pub const fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = Some(retry);
        self
    }

    /// The same method, which is also known by these names.
    pub const fn with_aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// The same method, whose messages this encoded `google.protobuf.FileDescriptorSet` defines, as that
    /// of its [service](ServiceDescriptor::file_descriptor_set).
    pub const fn with_file_descriptor_set(mut self, file_descriptor_set: &'static [u8]) -> Self {
        self.file_descriptor_set = file_descriptor_set;
        self
    }

    /// The full name of the service, such as `helloworld.Hello`.
    pub const fn service(&self) -> &'static str {
        self.service
    }

    /// The method's name as the `.proto` spells it, such as `Hello`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What a REQUEST names the method by, such as `helloworld.Hello/Hello`.
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// Which sides stream.
    pub const fn kind(&self) -> MethodKind {
        self.kind
    }

    /// Whether the method may run twice.
    pub const fn idempotency(&self) -> Idempotency {
        self.idempotency
    }

    /// Whether the `.proto` marks the method as deprecated.
    pub const fn deprecated(&self) -> bool {
        self.deprecated
    }

    /// Whether the handler blocks its thread, so that it runs on one that is made for that: the
    /// option `(rpc.blocking)`.
    pub const fn blocking(&self) -> bool {
        self.blocking
    }

    /// How long a call may take if its caller says nothing: the option `(rpc.timeout)`.
    pub const fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// How often and when a call is repeated: the option `(rpc.retry)`.
    pub const fn retry(&self) -> Option<&RetryPolicy> {
        self.retry.as_ref()
    }

    /// Other names that the server knows the method by: the options `(rpc.alias)`.
    pub const fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    /// The encoded `google.protobuf.FileDescriptorSet` that defines the method's messages; empty if it
    /// is not known.
    pub const fn file_descriptor_set(&self) -> &'static [u8] {
        self.file_descriptor_set
    }

    /// The method number that clients of this process use on every connection.
    ///
    /// The first [`MAX_METHOD_NUMBERS`] methods that ask are given one, from 1 up; every later
    /// method has `None` and is called by its path. A method keeps the answer it was given first.
    pub fn number(&self) -> Option<u16> {
        match self.number.load(Ordering::Relaxed) {
            NOT_ASKED => self.assign_number(),
            number => u16::try_from(number).ok(),
        }
    }

    #[cold]
    fn assign_number(&self) -> Option<u16> {
        static GIVEN_AWAY: Mutex<u16> = Mutex::new(0);

        // Two threads may ask first at the same time; the lock lets one of them assign.
        let mut given_away = GIVEN_AWAY.lock().unwrap_or_else(PoisonError::into_inner);
        let mut number = self.number.load(Ordering::Relaxed);
        if number == NOT_ASKED {
            number = if *given_away < MAX_METHOD_NUMBERS {
                *given_away += 1;
                u32::from(*given_away)
            } else {
                NONE_LEFT
            };
            self.number.store(number, Ordering::Relaxed);
        }
        u16::try_from(number).ok()
    }
}

/// One service, as generated code describes it.
#[derive(Debug)]
pub struct ServiceDescriptor {
    name: &'static str,
    methods: &'static [MethodDescriptor],
    file_descriptor_set: &'static [u8],
}

impl ServiceDescriptor {
    /// The service `name` with its methods and the encoded `google.protobuf.FileDescriptorSet`
    /// that defines it and all it refers to.
    pub const fn new(
        name: &'static str,
        methods: &'static [MethodDescriptor],
        file_descriptor_set: &'static [u8],
    ) -> Self {
        Self {
            name,
            methods,
            file_descriptor_set,
        }
    }

    /// The full name, such as `helloworld.Hello`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The methods, in the order of the `.proto`.
    pub const fn methods(&self) -> &'static [MethodDescriptor] {
        self.methods
    }

    /// The encoded `google.protobuf.FileDescriptorSet`, for reflection and JSON.
    pub const fn file_descriptor_set(&self) -> &'static [u8] {
        self.file_descriptor_set
    }

    /// The method called `name`, which may be an alias, and its place among [`methods`](Self::methods).
    pub fn method(&self, name: &str) -> Option<(usize, &'static MethodDescriptor)> {
        self.methods
            .iter()
            .enumerate()
            .find(|(_, method)| method.name == name || method.aliases.contains(&name))
    }
}
