use std::time::Duration;

use rpc_wire::{Code, MethodDescriptor, MethodKind};

use super::*;

static GET: MethodDescriptor = MethodDescriptor::new("a.A", "Get", "a.A/Get", MethodKind::Unary);
static PUT: MethodDescriptor = MethodDescriptor::new("a.A", "Put", "a.A/Put", MethodKind::Unary);
static OTHER: MethodDescriptor = MethodDescriptor::new("b.B", "Do", "b.B/Do", MethodKind::Unary);

/// A retry policy that is complete.
const RETRY: &str = r#"{ "maxAttempts": 3, "initialBackoff": "0.1s", "maxBackoff": "1s",
    "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"] }"#;

/// The error of a config.
fn error(json: &str) -> String {
    ServiceConfig::from_json(json).expect_err(json)
}

/// The error of an entry of `methodConfig` with these members.
fn entry_error(members: &str) -> String {
    error(&format!(
        r#"{{ "methodConfig": [{{ "name": [] }}, {{ "name": [{{}}], {members} }}] }}"#
    ))
}

#[test]
fn the_most_specific_entry_counts() {
    let config = ServiceConfig::from_json(
        r#"{ "methodConfig": [
            { "name": [{}], "timeout": "1s" },
            { "name": [{ "service": "a.A" }], "timeout": "2s" },
            { "name": [{ "service": "a.A", "method": "Get" }], "timeout": "3.25s" }
        ] }"#,
    )
    .unwrap();
    let timeout = |method| config.method(method).unwrap().timeout.unwrap();
    assert_eq!(timeout(&GET), Duration::from_millis(3_250));
    assert_eq!(timeout(&PUT), Duration::from_secs(2));
    assert_eq!(timeout(&OTHER), Duration::from_secs(1));
}

#[test]
fn a_retry_policy_is_read_whole() {
    let config = ServiceConfig::from_json(
        r#"{ "methodConfig": [{ "name": [{}], "waitForReady": true, "retryPolicy": {
            "maxAttempts": 9, "initialBackoff": "0.1s", "maxBackoff": "1s", "backoffMultiplier": 1.5,
            "retryableStatusCodes": ["UNAVAILABLE", 10], "perAttemptRecvTimeout": "0.000000001s" } }] }"#,
    )
    .unwrap();
    let expected = Retry::exponential(5)
        .initial_backoff(Duration::from_millis(100))
        .max_backoff(Duration::from_secs(1))
        .multiplier(1.5)
        .codes([Code::Unavailable, Code::Aborted])
        .attempt_timeout(Duration::from_nanos(1));
    let policy = config.method(&GET).unwrap().policy.clone();
    assert_eq!(policy, Some(Policy::Retry(expected)));
}

#[test]
fn a_hedging_policy_is_read_whole() {
    let config = ServiceConfig::from_json(
        r#"{ "methodConfig": [{ "name": [{}], "hedgingPolicy": { "maxAttempts": 3,
            "hedgingDelay": "0.5s", "nonFatalStatusCodes": ["INTERNAL"] } }] }"#,
    )
    .unwrap();
    let expected = Hedge::after(Duration::from_millis(500))
        .attempts(3)
        .non_fatal([Code::Internal]);
    let policy = config.method(&GET).unwrap().policy.clone();
    assert_eq!(policy, Some(Policy::Hedge(expected)));
}

#[test]
fn throttling_is_the_budget() {
    let json = r#"{ "retryThrottling": { "maxTokens": 10, "tokenRatio": 0.1 } }"#;
    let config = ServiceConfig::from_json(json).unwrap();
    assert_eq!(config.budget(), Some(RetryBudget::new(10, 0.1)));
    assert!(config.is_empty());
}

#[test]
fn an_empty_config_says_nothing() {
    assert!(ServiceConfig::from_json("{}").unwrap().is_empty());
}

#[test]
fn what_is_wrong_is_named_by_its_path() {
    for (json, expected) in [
        ("[]", "the service config is an array, not an object"),
        (
            r#"{ "loadBalancing": 1 }"#,
            "loadBalancing is not known; known here are methodConfig, retryThrottling",
        ),
        (
            r#"{ "methodConfig": {} }"#,
            "methodConfig is an object, not an array",
        ),
        (
            r#"{ "methodConfig": [{}] }"#,
            "methodConfig[0].name is missing",
        ),
        (
            r#"{ "methodConfig": [{ "name": [{ "method": "Get" }] }] }"#,
            "methodConfig[0].name[0] has the method \"Get\" and no service",
        ),
        (
            r#"{ "methodConfig": [{ "name": [{ "service": "a.A" }, { "service": "a.A", "method": "" }] }] }"#,
            "methodConfig[0].name[1] is there twice",
        ),
        (
            r#"{ "retryThrottling": { "maxTokens": 1001, "tokenRatio": 1 } }"#,
            "retryThrottling.maxTokens is 1001, more than 1000",
        ),
        (
            r#"{ "retryThrottling": { "maxTokens": 10, "tokenRatio": 0 } }"#,
            "retryThrottling.tokenRatio is 0, it has to be more than 0",
        ),
    ] {
        assert_eq!(error(json), expected);
    }
    assert!(error("{").starts_with("the service config is no JSON: "));
}

#[test]
fn what_is_wrong_in_an_entry_is_named_by_its_path() {
    let retry = |from: &str, to: &str| {
        assert!(RETRY.contains(from), "{from}");
        entry_error(&format!("\"retryPolicy\": {}", RETRY.replace(from, to)))
    };
    let at = |rest: &str| format!("methodConfig[1].{rest}");
    for (found, expected) in [
        (
            entry_error(r#""timeout": "1m""#),
            "timeout is \"1m\", not a duration such as \"1.5s\"",
        ),
        (
            entry_error(r#""timeout": 1"#),
            "timeout is a number, not a string",
        ),
        (
            entry_error(r#""waitForReady": 1"#),
            "waitForReady is a number, not true or false",
        ),
        (
            retry("3", "1"),
            "retryPolicy.maxAttempts is 1, not a whole number from 2",
        ),
        (
            retry("\"0.1s\"", "\"0s\""),
            "retryPolicy.initialBackoff is 0, it has to be more",
        ),
        (
            retry(": 2", ": 0"),
            "retryPolicy.backoffMultiplier is 0, it has to be more than 0",
        ),
        (
            retry("[\"UNAVAILABLE\"]", "[]"),
            "retryPolicy.retryableStatusCodes is empty",
        ),
        (
            retry("UNAVAILABLE", "GONE"),
            "retryPolicy.retryableStatusCodes[0] is \"GONE\", not a status code such as \"UNAVAILABLE\"",
        ),
        (
            entry_error(r#""hedgingPolicy": { "hedgingDelay": "1s" }"#),
            "hedgingPolicy.maxAttempts is missing",
        ),
    ] {
        assert_eq!(found, at(expected));
    }
    let both = format!(r#""retryPolicy": {RETRY}, "hedgingPolicy": {{ "maxAttempts": 2 }}"#);
    assert_eq!(
        entry_error(&both),
        "methodConfig[1] has both retryPolicy and hedgingPolicy"
    );
}
