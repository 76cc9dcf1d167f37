//! Signals to the process of a test.

use std::process::{self, Command};

/// Sends this process a signal, such as `-TERM`.
///
/// # Panics
///
/// If it cannot be sent.
pub fn signal_self(signal: &str) {
    let process = process::id().to_string();
    let sent = Command::new("kill").args([signal, &process]).status();
    assert!(sent.expect("there is kill").success());
}
