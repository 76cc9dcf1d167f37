//! Limits of the programs that some loads raise.

use std::env;

/// The largest message that either side is to accept and send, in bytes, if the environment says so in `BENCH_MAX_MESSAGE_SIZE`:
/// a peer keeps its default otherwise.
///
/// # Errors
///
/// When the value is no number.
pub fn max_message_size() -> anyhow::Result<Option<usize>> {
    let bytes = env::var_os("BENCH_MAX_MESSAGE_SIZE");
    let bytes = bytes.map(|bytes| bytes.to_string_lossy().parse());
    Ok(bytes.transpose()?)
}
