//! Runs what calls servers, for commands that are not async themselves.

use crate::error::{Error, Result};
use crate::exit::Exit;

/// Runs `work` to its end, on this thread.
///
/// # Errors
///
/// As `work`; and if there can be no runtime.
pub(crate) fn block_on(work: impl Future<Output = Result<Exit>>) -> Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| {
        Error::new(Exit::Input, format!("the system gives no runtime: {error}"))
    })?;
    let end = runtime.block_on(work);
    // A name that is being resolved need not be waited for.
    runtime.shutdown_background();
    end
}
