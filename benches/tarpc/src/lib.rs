//! The echo service as tarpc describes it.

/// Gives back what it is given.
#[tarpc::service]
pub trait Echo {
    /// Answers with `text`.
    async fn echo(text: String) -> String;
}

/// Room in the queues between callers and connection, on both sides: more than the workload has in flight, so that no
/// call waits for a place. (tarpc's limit of 1,000 calls in flight is out of reach already.)
pub const QUEUE_LENGTH: usize = 1024;
