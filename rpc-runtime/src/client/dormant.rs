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

/// What a call needs to be sent again: a hundred thousand may wait at the same time.
pub(super) struct Dormant<T> {
    body: Box<[u8]>,
    complete: Complete<T>,
    deadline: Option<Instant>,
    resent: u32,
    transparent: u32,
    rest: Option<Box<Rest>>,
}

/// What most calls do not have.
struct Rest {
    metadata: Metadata,
    parent: Option<Ended>,
    /// A stream of requests of which none was sent.
    requests: Option<Requests>,
    compress: Compress,
    repeat: Option<Box<Repeat>>,
}

impl<T> Dormant<T> {
    /// Keeps what a call needs that can be sent again; its channel and method are known elsewhere.
    pub(super) fn of(mut call: Call<T>) -> Self {
        let attempt = &mut call.attempt;
        attempt.give_up();
        let is_plain = attempt.metadata.is_empty()
            && attempt.parent.is_none()
            && attempt.requests.is_none()
            && attempt.compress == attempt.core.compress
            && call.repeat.is_none();
        let rest = (!is_plain).then(|| {
            Box::new(Rest {
                metadata: std::mem::take(&mut attempt.metadata),
                parent: attempt.parent.take(),
                requests: attempt.requests.take(),
                compress: attempt.compress,
                repeat: call.repeat.take(),
            })
        });
        Dormant {
            // Bytes that nobody shares any more are not copied.
            body: Vec::from(std::mem::take(&mut attempt.body.bytes)).into(),
            complete: call.complete,
            deadline: attempt.deadline,
            resent: attempt.resent,
            transparent: attempt.transparent,
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
        let mut repeat = None;
        if let Some(rest) = self.rest {
            attempt.metadata = rest.metadata;
            attempt.parent = rest.parent;
            attempt.requests = rest.requests;
            attempt.compress = rest.compress;
            repeat = rest.repeat;
        }
        Call {
            attempt,
            complete: self.complete,
            repeat,
            intercepted: None,
        }
    }

    /// How often the call was sent.
    pub(super) fn attempts(&self) -> u32 {
        self.resent + 1
    }

    /// The call that this one is made for.
    pub(super) fn parent_mut(&mut self) -> Option<&mut Ended> {
        self.rest.as_mut()?.parent.as_mut()
    }
}
