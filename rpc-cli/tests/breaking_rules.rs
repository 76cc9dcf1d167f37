//! Each rule of `rpc breaking` finds what breaks it, and nothing else.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

use std::collections::BTreeSet;

mod breaking_cases;
mod command;

use breaking_cases::{CASES, OPTIONS};
use command::{Folder, Outcome};

/// What a change from `old` to `new` breaks of `rule`. Files without a name of their own are `a.proto`.
fn compare(rule: &str, old: &str, new: &str) -> Outcome {
    let folder = Folder::new();
    for (below, text) in [("old", old), ("new", new)] {
        if text.starts_with("--- ") {
            folder.write_all(below, text);
        } else {
            folder.write(format!("{below}/a.proto"), text);
        }
    }
    folder.rpc(&[
        "breaking",
        "new",
        "--against",
        "old",
        "--json",
        "--rule",
        rule,
    ])
}

#[test]
fn each_rule_finds_what_breaks_it_and_nothing_else() {
    let mut wrong = Vec::new();
    for (rule, place, old, bad, good) in CASES {
        let found = compare(rule, old, bad);
        let first = found.first_place();
        if found.code != 1 || first.as_deref() != Some(place) {
            wrong.push(format!(
                "{rule} is at {first:?} and not at {place}: {found:?}"
            ));
        }
        let found = compare(rule, old, good);
        if found.code != 0 || !found.stdout.is_empty() {
            wrong.push(format!("{rule} finds what breaks nobody: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_option_that_changes_is_found_where_it_is_set_or_at_the_package() {
    let file = |line: &str| format!("syntax = \"proto3\"; package a;\n{line}");
    for (rule, option, value, other) in OPTIONS {
        let [value, other] =
            [value, other].map(|value| file(&format!("option {option} = {value};")));
        let found = compare(rule, &value, &other);
        assert_eq!(found.json()[0]["line"], 2, "{rule}: {found:?}");
        let found = compare(rule, &value, &file(""));
        assert_eq!(found.json()[0]["line"], 1, "{rule}: {found:?}");
        assert_eq!(compare(rule, &value, &value).code, 0, "{rule}");
        // No value is the default.
        assert_eq!(compare(rule, &other, &file("")).code, 0, "{rule}");
    }
}

#[test]
fn every_rule_has_a_case() {
    let listed = Folder::new()
        .rpc(&["breaking", "--list-rules", "--json"])
        .rules();
    let cases = CASES.iter().map(|(rule, ..)| rule.to_string());
    let options = OPTIONS.iter().map(|(rule, ..)| rule.to_string());
    assert_eq!(BTreeSet::from_iter(listed), cases.chain(options).collect());
}
