//! A call that waits to be sent again, as small as it gets.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use rpc_wire::{Metadata, MethodDescriptor};

use super::attempt::Attempt;
use super::call::{Call, Complete};
use super::channel::Core;
use super::compression::Compress;
use super::repeat::Repeat;
use super::streaming::Requests;
use crate::call::Ended;
use crate::retry::Policy;

/// What a call needs to be sent again: a hundred thousand may wait at the same time.
pub(super) struct Dormant<T> {
    body: Box<[u8]>,
    complete: Complete<T>,
    deadline: Option<Instant>,
    resent: u32,
    transparent: u8,
    ran: bool,
    idempotent: Option<bool>,
    /// The call's own, shared with all whose policies are equal.
    policy: Option<Arc<Policy>>,
    rest: Option<Box<Rest>>,
}

/// What most calls do not have.
struct Rest {
    metadata: Metadata,
    parent: Option<Ended>,
    /// A stream of requests of which none was sent.
    requests: Option<Requests>,
    compress: Compress,
}

impl<T> Dormant<T> {
    /// Keeps what a call needs that can be sent again; its channel and method are known elsewhere.
    pub(super) fn of(mut call: Call<T>) -> Self {
        let attempt = &mut call.attempt;
        attempt.give_up();
        let repeat = call.repeat.take().unwrap_or_default();
        let is_plain = attempt.metadata.is_empty()
            && attempt.parent.is_none()
            && attempt.requests.is_none()
            && attempt.compress == attempt.core.compress;
        let rest = (!is_plain).then(|| {
            Box::new(Rest {
                metadata: std::mem::take(&mut attempt.metadata),
                parent: attempt.parent.take(),
                requests: attempt.requests.take(),
                compress: attempt.compress,
            })
        });
        Dormant {
            // Bytes that nobody shares any more are not copied.
            body: Vec::from(std::mem::take(&mut attempt.body.bytes)).into(),
            complete: call.complete,
            deadline: attempt.deadline,
            resent: attempt.resent,
            transparent: attempt.transparent,
            ran: attempt.ran,
            idempotent: repeat.idempotent,
            policy: repeat.policy.map(|policy| attempt.core.rules.keep(policy)),
            rest,
        }
    }

    /// The call, to be sent again.
    pub(super) fn wake(self, core: Arc<Core>, method: &'static MethodDescriptor) -> Call<T> {
        let mut attempt = Attempt::again(core, method, Bytes::from(self.body));
        attempt.compress = attempt.core.compress;
        attempt.deadline = self.deadline;
        attempt.resent = self.resent + 1;
        attempt.transparent = self.transparent;
        attempt.ran = self.ran;
        if let Some(rest) = self.rest {
            attempt.metadata = rest.metadata;
            attempt.parent = rest.parent;
            attempt.requests = rest.requests;
            attempt.compress = rest.compress;
        }
        let own = self.policy.is_some() || self.idempotent.is_some();
        let repeat = own.then(|| Repeat {
            policy: self.policy.map(Arc::unwrap_or_clone),
            idempotent: self.idempotent,
            ..Repeat::default()
        });
        Call {
            attempt,
            complete: self.complete,
            repeat: repeat.map(Box::new),
            intercepted: None,
        }
    }

    /// How often the call was sent.
    pub(super) fn attempts(&self) -> u32 {
        self.resent + 1
    }

    /// Whether one of the attempts may have run.
    pub(super) fn may_have_run(&self) -> bool {
        self.ran
    }

    /// The call that this one is made for.
    pub(super) fn parent_mut(&mut self) -> Option<&mut Ended> {
        self.rest.as_mut()?.parent.as_mut()
    }
}
