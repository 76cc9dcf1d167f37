//! One timer for a connection's many deadlines.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::time::Sleep;

/// A timer whose goal may move at every poll. It is armed anew only when the goal comes nearer,
/// or when it went off too early, so that a goal that moves away at every call costs nothing.
#[derive(Default)]
pub(crate) struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    /// Ready once `goal` has passed.
    pub(crate) fn poll(&mut self, goal: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(goal) = goal else {
            return Poll::Pending;
        };
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(goal.into())));
        if goal < sleep.deadline().into_std() {
            sleep.as_mut().reset(goal.into());
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if sleep.deadline().into_std() >= goal {
                self.sleep = None;
                return Poll::Ready(());
            }
            sleep.as_mut().reset(goal.into());
        }
        Poll::Pending
    }
}
