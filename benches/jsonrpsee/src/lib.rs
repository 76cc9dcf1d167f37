//! The message of those calls that other servers than jsonrpsee's answer, too.

use serde::{Deserialize, Serialize};

/// The method that gives an [`EchoMessage`] back.
pub const METHOD: &str = "Echo.Echo";

/// Request and reply alike; its only field is the only parameter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EchoMessage {
    /// Arbitrary text.
    pub text: String,
}
