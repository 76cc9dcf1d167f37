//! Being asked to end, by the operating system.

use std::future::Future;
use std::io;

/// Completes when the process is asked to end: by SIGTERM, as process managers send it, or by
/// Ctrl-C.
///
/// The process listens from the call of this function on, so it does not end by itself any more. A second
/// Ctrl-C after the first changes nothing: an orderly end is bounded by `shutdown_grace`.
///
/// ```no_run
/// # async fn example(server: rpc_runtime::Server) -> Result<(), Box<dyn std::error::Error>> {
/// let report = server
///     .serve_with_shutdown("0.0.0.0:8000", rpc_runtime::shutdown_signal()?)
///     .await?;
/// println!("{report}");
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// The operating system does not let the process listen.
///
/// # Panics
///
/// Outside a tokio runtime.
pub fn shutdown_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        Ok(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
    }
    #[cfg(windows)]
    {
        let mut interrupt = tokio::signal::windows::ctrl_c()?;
        let mut shutdown = tokio::signal::windows::ctrl_shutdown()?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = shutdown.recv() => {}
            }
        })
    }
}
