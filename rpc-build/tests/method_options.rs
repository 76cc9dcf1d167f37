//! Options of methods that make no sense are shown at their own lines.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

use std::fs;
use std::path::Path;

/// Compiles a service with `options` in the last line but two, and returns the mistakes.
fn mistakes(name: &str, options: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("method_options")
        .join(name);
    fs::create_dir_all(&root).unwrap();
    let text = format!(
        "syntax = \"proto3\";\nimport \"rpc/options.proto\";\nmessage M {{}}\nservice S {{\n  \
         rpc Other(M) returns (M);\n  rpc Do(M) returns (M) {{\n{options}\n  }}\n}}\n"
    );
    fs::write(root.join("s.proto"), text).unwrap();
    let outcome = rpc_build::configure()
        .out_dir(root.join("out"))
        .compile(&["s.proto"], &[&root]);
    let Err(error) = outcome else {
        return Vec::new();
    };
    let shown = |diagnostic: &rpc_build::Diagnostic| {
        let at = diagnostic.location().unwrap();
        format!("{}: {}", at.line(), diagnostic.message())
    };
    error.diagnostics().iter().map(shown).collect()
}

#[track_caller]
fn check(name: &str, options: &str, expected: &str) {
    assert_eq!(mistakes(name, options), [expected]);
}

#[test]
fn a_timeout_is_a_positive_duration() {
    let not_a_duration =
        "is not a duration: write a number and a unit, such as \"1.5s\" or \"200ms\"";
    for (name, value) in [("word", "soon"), ("unit", "5"), ("negative", "-1s")] {
        let option = format!("option deprecated = true;\noption (rpc.timeout) = \"{value}\";");
        let expected = format!("8: option (rpc.timeout): '{value}' {not_a_duration}");
        check(name, &option, &expected);
    }
    check(
        "zero",
        "option (rpc.timeout) = \"0s\";",
        "7: option (rpc.timeout): a timeout is longer than 0",
    );
    check(
        "huge",
        "option (rpc.timeout) = \"1000001h\";",
        "7: option (rpc.timeout): '1000001h' is too long: the longest is \"1000000h\"",
    );
}

#[test]
fn all_wrong_options_of_a_method_are_shown() {
    let options = "option (rpc.timeout) = \"0s\";\noption (rpc.alias) = \"Other\";";
    assert_eq!(mistakes("several", options).len(), 2);
}

#[test]
fn all_mistakes_in_one_option_are_shown() {
    let retry =
        "option (rpc.retry) = {max_attempts: 1 initial_backoff: \"x\" backoff_multiplier: 0.5};";
    let shown = mistakes("several_in_retry", retry);
    assert_eq!(shown.len(), 3, "{shown:?}");
    for (mistake, name) in
        shown
            .iter()
            .zip(["max_attempts", "initial_backoff", "backoff_multiplier"])
    {
        assert!(
            mistake.starts_with(&format!("7: option (rpc.retry): {name}")),
            "{mistake}"
        );
    }
    let aliases = "option (rpc.alias) = \"a/b\";\noption (rpc.alias) = \"Fine\";\n\
                   option (rpc.alias) = \"Other\";";
    assert_eq!(
        mistakes("several_aliases", aliases),
        [
            "7: option (rpc.alias): 'a/b' is no name of a method",
            "9: option (rpc.alias): the service has another method that is called 'Other'",
        ]
    );
}

#[test]
fn a_retry_policy_has_two_attempts_and_pauses_that_do_not_shrink() {
    check(
        "attempts",
        "option (rpc.retry) = { max_attempts: 1 };",
        "7: option (rpc.retry): max_attempts counts the first attempt, so it is at least 2",
    );
    check(
        "multiplier",
        "option (rpc.retry).max_attempts = 2;\noption (rpc.retry).backoff_multiplier = 0.5;",
        "8: option (rpc.retry): backoff_multiplier is at least 1",
    );
    check(
        "backoff",
        "option (rpc.retry) = { max_attempts: 2, initial_backoff: \"2s\", max_backoff: \"1s\" };",
        "7: option (rpc.retry): max_backoff is less than initial_backoff",
    );
}

#[test]
fn an_alias_is_a_name_that_no_other_method_has() {
    check(
        "no_name",
        "option (rpc.alias) = \"a/b\";",
        "7: option (rpc.alias): 'a/b' is no name of a method",
    );
    check(
        "taken",
        "option (rpc.alias) = \"Other\";",
        "7: option (rpc.alias): the service has another method that is called 'Other'",
    );
}

#[test]
fn the_two_ways_to_say_idempotent_agree() {
    check(
        "idempotent",
        "option idempotency_level = IDEMPOTENT;\noption (rpc.idempotent) = false;",
        "8: option (rpc.idempotent): idempotency_level is IDEMPOTENT",
    );
}

#[test]
fn options_that_there_are_not_are_reported() {
    assert_eq!(
        mistakes("unknown", "option (rpc.timout) = \"1s\";").len(),
        1
    );
}
