//! How calls are sent again.

use rpc_wire::Code;

use super::error::ConfigError;
use super::node::Node;
use super::settings::{Setting, apply, setting};
#[cfg(feature = "json")]
use crate::client::ChannelBuilder;
#[cfg(feature = "json")]
use crate::retry::ServiceConfig;
use crate::retry::{Hedge, Retry, RetryBudget};

/// What may be said of retries beside their number.
const RETRY_SETTINGS: &[Setting<Retry>] = &[
    setting!(attempt_timeout, duration),
    setting!(codes, codes),
    setting!(initial_backoff, duration),
    setting!(max_backoff, duration),
    setting!(multiplier, factor),
];

/// What may be said of hedges beside their delay.
const HEDGE_SETTINGS: &[Setting<Hedge>] =
    &[setting!(attempts, attempts), setting!(non_fatal, codes)];

/// Every code but OK, by gRPC's name.
fn failures() -> Vec<(&'static str, Code)> {
    let codes = (1..=Code::Unauthenticated.value()).map(Code::from_value);
    codes.map(|code| (code.name(), code)).collect()
}

impl Node {
    pub(super) fn retry(&self) -> Result<Retry, ConfigError> {
        let retry = Retry::exponential(self.require("attempts")?.attempts()?);
        apply(self, &["attempts"], RETRY_SETTINGS, retry)
    }

    pub(super) fn hedge(&self) -> Result<Hedge, ConfigError> {
        let hedge = Hedge::after(self.require("delay")?.duration()?);
        apply(self, &["delay"], HEDGE_SETTINGS, hedge)
    }

    pub(super) fn retry_budget(&self) -> Result<RetryBudget, ConfigError> {
        self.only(&["max_tokens", "token_ratio"])?;
        let max_tokens = self.require("max_tokens")?.number(1..=1_000_000)?;
        let token_ratio = self.require("token_ratio")?.factor()?;
        Ok(RetryBudget::new(max_tokens, token_ratio))
    }

    fn attempts(&self) -> Result<u32, ConfigError> {
        self.count()
    }

    fn codes(&self) -> Result<Vec<Code>, ConfigError> {
        self.some_of(&failures())
    }
}

/// Reads gRPC's service config from the file that `path` names.
#[cfg(feature = "json")]
pub(super) fn service_config(
    channel: ChannelBuilder,
    path: &Node,
) -> Result<ChannelBuilder, ConfigError> {
    let content = path.content()?;
    let json = std::str::from_utf8(&content)
        .map_err(|error| path.error(format!("the file is not UTF-8: {error}")))?;
    ServiceConfig::from_json(json).map_err(|message| path.error(message))?;
    Ok(channel.service_config(json))
}
