//! The closed loop: so many callers, each of which makes its next call when the last one has ended.

use std::sync::Arc;

use tokio::task::{self, JoinSet};
use tokio::time::Instant;

use super::caller::Caller;
use super::recorder::Recorder;
use super::tickets::Tickets;

/// Starts `in_flight` callers, which are dealt out to the connections in turn and go on until there are no tickets.
pub(crate) fn start<C: Caller>(
    connections: &[C],
    in_flight: usize,
    tickets: &Arc<Tickets>,
    recorder: &Arc<Recorder>,
) -> JoinSet<()> {
    let connections = connections.iter().cycle().take(in_flight);
    connections
        .map(|caller| repeat(caller.clone(), Arc::clone(tickets), Arc::clone(recorder)))
        .collect()
}

/// The end of a call is the beginning of the next, so a call costs one look at the clock.
async fn repeat<C: Caller>(caller: C, tickets: Arc<Tickets>, recorder: Arc<Recorder>) {
    let mut began = Instant::now();
    while let Some(number) = tickets.take() {
        let outcome = caller.call(number, &recorder).await;
        let failed = outcome.is_err();
        let ended = Instant::now();
        recorder.ended(ended - began, outcome);
        if failed {
            // A call that fails at once would otherwise never let another task run.
            task::yield_now().await;
        }
        began = ended;
    }
}
