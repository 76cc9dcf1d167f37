//! The runtime that connections belong to.

use std::sync::OnceLock;

use rpc_wire::Status;
use tokio::runtime::{Builder, Handle, Runtime};

/// One thread is enough: it only moves bytes, callers encode and decode on their own threads.
const WORKER_THREADS: usize = 1;

/// The runtime of sync clients, and of callers that are in no tokio runtime. It is started by
/// the first of them and lives as long as the process.
pub(super) fn library() -> Result<Handle, Status> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(WORKER_THREADS)
            .thread_name("rpc-client")
            .enable_all()
            .build()
            .map_err(|error| error.to_string())
    });
    match runtime {
        Ok(runtime) => Ok(runtime.handle().clone()),
        Err(error) => Err(
            Status::internal(format!("cannot start the client's runtime: {error}"))
                .with_may_have_run(false),
        ),
    }
}

/// The runtime around the caller, or the library's.
pub(super) fn current() -> Result<Handle, Status> {
    Handle::try_current().or_else(|_| library())
}
