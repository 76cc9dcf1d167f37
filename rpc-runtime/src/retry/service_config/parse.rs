//! A service config from JSON.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::Value;

use super::value::{At, Object, Result};
use super::{MethodConfig, ServiceConfig};
use crate::retry::{Hedge, Policy, Retry, RetryBudget};

/// What gRPC takes more attempts for.
const MOST_ATTEMPTS: u32 = 5;

/// The most tokens that gRPC allows.
const MOST_TOKENS: f64 = 1_000.0;

impl ServiceConfig {
    /// Reads a service config.
    ///
    /// # Errors
    ///
    /// The path of what is wrong, and what that is.
    pub(crate) fn from_json(json: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(json)
            .map_err(|error| format!("the service config is no JSON: {error}"))?;
        let root = At::root(&value).object(&["methodConfig", "retryThrottling"])?;
        let mut config = ServiceConfig::default();
        if let Some(methods) = root.get("methodConfig") {
            for entry in methods.array()? {
                config.add(&entry)?;
            }
        }
        if let Some(throttling) = root.get("retryThrottling") {
            config.budget = Some(budget(&throttling)?);
        }
        Ok(config)
    }

    /// Adds an element of `methodConfig` under each of its names.
    fn add(&mut self, entry: &At<'_>) -> Result<()> {
        let object = entry.object(&[
            "name",
            "timeout",
            "retryPolicy",
            "hedgingPolicy",
            "waitForReady",
        ])?;
        // Calls wait for a connection in any case.
        if let Some(wait) = object.get("waitForReady") {
            wait.boolean()?;
        }
        let timeout = object.get("timeout").map(|timeout| timeout.duration());
        let config = MethodConfig {
            timeout: timeout.transpose()?,
            policy: policy(entry, &object)?,
        };
        for name in object.require("name")?.array()? {
            self.add_name(&name, config.clone())?;
        }
        Ok(())
    }

    fn add_name(&mut self, at: &At<'_>, config: MethodConfig) -> Result<()> {
        let name = at.object(&["service", "method"])?;
        let text = |key| name.get(key).map_or(Ok(""), |text| text.text());
        let is_new = match (text("service")?, text("method")?) {
            ("", "") => self.default.replace(config).is_none(),
            ("", method) => {
                return Err(at.wrong(format!("has the method {method:?} and no service")));
            }
            (service, "") => insert(&mut self.services, service.to_owned(), config),
            (service, method) => insert(&mut self.methods, format!("{service}/{method}"), config),
        };
        match is_new {
            true => Ok(()),
            false => Err(at.wrong("is there twice")),
        }
    }
}

/// Adds what is not there yet; whether it was not.
fn insert(configs: &mut HashMap<String, MethodConfig>, name: String, config: MethodConfig) -> bool {
    match configs.entry(name) {
        Entry::Occupied(_) => false,
        Entry::Vacant(place) => {
            place.insert(config);
            true
        }
    }
}

fn policy(entry: &At<'_>, object: &Object<'_>) -> Result<Option<Policy>> {
    match (object.get("retryPolicy"), object.get("hedgingPolicy")) {
        (Some(_), Some(_)) => Err(entry.wrong("has both retryPolicy and hedgingPolicy")),
        (Some(retry), None) => Ok(Some(Policy::Retry(self::retry(&retry)?))),
        (None, Some(hedge)) => Ok(Some(Policy::Hedge(self::hedge(&hedge)?))),
        (None, None) => Ok(None),
    }
}

fn retry(at: &At<'_>) -> Result<Retry> {
    let object = at.object(&[
        "maxAttempts",
        "initialBackoff",
        "maxBackoff",
        "backoffMultiplier",
        "retryableStatusCodes",
        "perAttemptRecvTimeout",
    ])?;
    let multiplier = object.require("backoffMultiplier")?;
    let codes = object.require("retryableStatusCodes")?;
    let retry = Retry::exponential(attempts(&object)?)
        .initial_backoff(object.require("initialBackoff")?.positive_duration()?)
        .max_backoff(object.require("maxBackoff")?.positive_duration()?)
        .multiplier(positive(&multiplier)?);
    let retry = match object.get("perAttemptRecvTimeout") {
        Some(timeout) => retry.attempt_timeout(timeout.positive_duration()?),
        None => retry,
    };
    match codes.codes()? {
        none if none.is_empty() => Err(codes.wrong("is empty")),
        codes => Ok(retry.codes(codes)),
    }
}

fn hedge(at: &At<'_>) -> Result<Hedge> {
    let object = at.object(&["maxAttempts", "hedgingDelay", "nonFatalStatusCodes"])?;
    let delay = object.get("hedgingDelay").map(|delay| delay.duration());
    let codes = object.get("nonFatalStatusCodes").map(|codes| codes.codes());
    let hedge = Hedge::after(delay.transpose()?.unwrap_or_default());
    Ok(hedge
        .attempts(attempts(&object)?)
        .non_fatal(codes.transpose()?.unwrap_or_default()))
}

fn attempts(object: &Object<'_>) -> Result<u32> {
    let attempts = object.require("maxAttempts")?.integer(2)?;
    Ok(attempts.min(MOST_ATTEMPTS))
}

fn budget(at: &At<'_>) -> Result<RetryBudget> {
    let object = at.object(&["maxTokens", "tokenRatio"])?;
    let max = object.require("maxTokens")?;
    let tokens = max.integer(1)?;
    if f64::from(tokens) > MOST_TOKENS {
        return Err(max.wrong(format!("is {tokens}, more than {MOST_TOKENS}")));
    }
    Ok(RetryBudget::new(
        tokens,
        positive(&object.require("tokenRatio")?)?,
    ))
}

fn positive(at: &At<'_>) -> Result<f64> {
    match at.number()? {
        number if number > 0.0 => Ok(number),
        number => Err(at.wrong(format!("is {number}, it has to be more than 0"))),
    }
}

#[cfg(test)]
mod tests;
