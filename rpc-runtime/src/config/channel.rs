//! Settings of channels.

use super::error::ConfigError;
use super::node::Node;
#[cfg(feature = "json")]
use super::retries;
use super::settings::{Setting, apply, setting};
#[cfg(feature = "tls")]
use super::tls;
use crate::client::{Channel, ChannelBuilder};
use crate::pool::HealthCheck;

/// What may be said of a channel. The defaults are those of [`ChannelBuilder`].
const SETTINGS: &[Setting<ChannelBuilder>] = &[
    setting!(acquire_timeout, duration),
    setting!(checksum, flag),
    setting!(connect_timeout, duration),
    setting!(hedge, hedge),
    setting!(health_check, health_check),
    setting!(idle_timeout, duration),
    setting!(keepalive_interval, interval),
    setting!(keepalive_timeout, duration),
    setting!(max_connections, count),
    setting!(max_idle, any_count),
    setting!(max_lifetime, duration),
    setting!(max_message_size, size),
    setting!(max_metadata_size, size),
    setting!(retry, retry),
    setting!(retry_budget, retry_budget),
    setting!(max_streams_per_connection, count),
    setting!(max_waiting, any_count),
    setting!(min_idle, any_count),
    ("timeout", |channel, value| {
        Ok(match value.duration_or_none()? {
            Some(timeout) => channel.timeout(timeout),
            None => channel.no_timeout(),
        })
    }),
    #[cfg(feature = "compression")]
    setting!(compress_from, size),
    #[cfg(feature = "compression")]
    setting!(compression, algorithms),
    #[cfg(feature = "compression")]
    setting!(max_compression_ratio, count),
    #[cfg(feature = "json")]
    ("service_config", retries::service_config),
    #[cfg(feature = "tls")]
    ("tls", |channel, value| {
        Ok(channel.tls(tls::of_client(value)?))
    }),
    #[cfg(not(feature = "compression"))]
    ("compress_from", |_, value| {
        Err(value.missing_feature("compression"))
    }),
    #[cfg(not(feature = "compression"))]
    ("compression", |_, value| {
        Err(value.missing_feature("compression"))
    }),
    #[cfg(not(feature = "compression"))]
    ("max_compression_ratio", |_, value| {
        Err(value.missing_feature("compression"))
    }),
    #[cfg(not(feature = "json"))]
    ("service_config", |_, value| {
        Err(value.missing_feature("json"))
    }),
    #[cfg(not(feature = "tls"))]
    ("tls", |_, value| Err(value.missing_feature("tls"))),
];

/// When connections are checked.
const CHECKS: &[Setting<HealthCheck>] = &[
    ("on_borrow", |mut check, value| {
        check.on_borrow = value.flag()?;
        Ok(check)
    }),
    ("on_return", |mut check, value| {
        check.on_return = value.flag()?;
        Ok(check)
    }),
    (
        "interval",
        |check, value| Ok(check.every(value.duration()?)),
    ),
    setting!(timeout, duration),
];

impl Node {
    fn health_check(&self) -> Result<HealthCheck, ConfigError> {
        apply(self, &[], CHECKS, HealthCheck::default())
    }
}

/// The channel that an entry of `channels` describes.
pub(super) fn channel(entry: &Node) -> Result<ChannelBuilder, ConfigError> {
    if let (Some(_), Some(hedge)) = (entry.get("retry")?, entry.get("hedge")?) {
        return Err(hedge.error("retry and hedge exclude each other; leave one out"));
    }
    let target = entry.require("target")?.target()?;
    let channel = Channel::builder(target.to_string());
    let channel = apply(entry, &["name", "target"], SETTINGS, channel)?;
    match channel.check_pool() {
        Ok(()) => Ok(channel),
        Err(status) => Err(entry.error(status.message())),
    }
}
