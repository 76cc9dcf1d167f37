//! Making sure that there is a server.

use std::sync::Arc;
use std::time::Duration;

use rpc_wire::{Stage, Status};

use crate::pool::{ClientPool, no_connection_after};

/// How much longer than an attempt to connect may take its outcome is waited for: it says better what was amiss.
const LAST_WORD: Duration = Duration::from_millis(100);

/// Connects, and waits until the server has proved to speak the protocol.
///
/// # Errors
///
/// Why there is no such server.
pub(super) async fn established(pool: &Arc<ClientPool>) -> Result<(), Status> {
    let limit = pool.config().connect_timeout;
    let mut connected = false;
    let established = async {
        if let Some(connection) = pool.any() {
            connected = true;
            // One that has just been lost is replaced.
            if connection.established().await.is_ok() {
                return Ok(());
            }
            connected = false;
        }
        let entered = pool.enter(None)?;
        let lease = Arc::clone(pool).granted(entered, None).await?;
        connected = true;
        // The place is kept meanwhile, or the connection might go because nobody uses it.
        lease.connection().established().await
    };
    let established = {
        let _runtime = pool.runtime().enter();
        tokio::time::timeout(limit.saturating_add(LAST_WORD), established)
    };
    let result = match established.await {
        Ok(result) => result,
        Err(_) if connected => Err(Status::unavailable(format!(
            "connected, but no answer after {limit:?} (connect_timeout); is it an rpc server?"
        ))
        .with_stage(Stage::Connect)
        .with_may_have_run(false)),
        Err(_) => Err(no_connection_after(limit)),
    };
    result.map_err(|status| status.with_address(&*pool.address()))
}
