//! What callers are told who get no place.

use rpc_wire::{Stage, Status};

use super::connections::State;
use super::waiting::Limit;
use super::{Connection, Pool};

impl<C: Connection> Pool<C> {
    /// The status of a caller that may not even wait.
    pub(super) fn too_many(&self, state: &State<C>) -> Status {
        Status::resource_exhausted(format!(
            "{} calls wait for a connection, as many as max_waiting allows; {}",
            state.queue.len(),
            self.describe_places(state)
        ))
        .with_stage(Stage::Queue)
        .with_may_have_run(false)
    }

    /// Why there is no place, and which settings say so.
    fn describe_places(&self, state: &State<C>) -> String {
        let loads = state.open.iter().map(|entry| entry.connection.load());
        let limit = loads.map(|load| load.limit).max().unwrap_or_default();
        let streams = match self.config.max_streams_per_connection {
            Some(own) if own as usize <= limit => {
                format!("max_streams_per_connection is {own}")
            }
            _ => format!("the server's max_concurrent_streams is {limit} for each"),
        };
        let ending = match state.leaving.len() {
            0 => String::new(),
            ending => format!(", {ending} more end with their last calls"),
        };
        format!(
            "{} of at most {} connections (max_connections) are open{ending}, and {streams}",
            state.open.len(),
            self.config.max_connections
        )
    }

    /// The status of a caller whose connection was still being checked when it could wait no longer.
    pub(super) fn unchecked(&self, limit: &Limit) -> Status {
        self.lock().counts.timeouts += 1;
        let what = "the server had not answered a PING yet (health_check.on_borrow)";
        let status = match limit.acquire_timeout {
            None => Status::deadline_exceeded(format!("the deadline passed, and {what}")),
            Some(timeout) => Status::unavailable(format!(
                "no connection after {timeout:?} (acquire_timeout): {what}"
            )),
        };
        status.with_stage(Stage::Connect).with_may_have_run(false)
    }

    /// The status of a caller that waited as long as it may.
    pub(super) fn too_late(&self, state: &State<C>, limit: &Limit) -> Status {
        let connecting = state.open.is_empty() && state.leaving.len() < state.max_with_leaving();
        let (stage, what) = match connecting {
            true => (Stage::Connect, "connecting".to_owned()),
            false => (
                Stage::Queue,
                format!(
                    "the call was queued: all streams are taken; {}",
                    self.describe_places(state)
                ),
            ),
        };
        let status = match limit.acquire_timeout {
            None => Status::deadline_exceeded(format!("the deadline passed while {what}")),
            Some(timeout) if connecting => {
                Status::unavailable(format!("no connection after {timeout:?} (acquire_timeout)"))
            }
            Some(timeout) => Status::resource_exhausted(format!(
                "no free stream after {timeout:?} (acquire_timeout) while {what}"
            )),
        };
        status.with_stage(stage).with_may_have_run(false)
    }
}
