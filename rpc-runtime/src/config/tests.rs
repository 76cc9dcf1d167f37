//! What is wrong with a file is said with file, line, column, key, and what to write.

use std::path::Path;

use super::Config;
use crate::server::ServeError;

fn read(text: &str) -> Result<Config, String> {
    let variables = |name: &str| (name == "PORT").then(|| "8000".to_owned());
    let config = Config::read(Path::new("rpc.yaml").into(), text, &variables);
    config.map_err(|error| error.to_string())
}

/// Reads each file and compares what is said about it.
fn check(wrong: &[(&str, &str)]) {
    for (text, expected) in wrong {
        let error = read(text).expect_err(text);
        assert_eq!(error, format!("rpc.yaml:{expected}"), "{text}");
    }
}

#[test]
fn a_file_without_anything_describes_nothing() {
    for text in ["", "# only a comment\n", "services:\nserver:\nchannels:\n"] {
        read(text).unwrap();
    }
}

#[test]
fn unknown_keys_are_shown_with_the_nearest_known_one() {
    check(&[
        (
            "servces: []",
            "1:1: servces: the key is unknown; did you mean services?",
        ),
        (
            "server:\n  max_mesage_size: 1KiB",
            "2:3: server.max_mesage_size: the key is unknown; did you mean max_message_size?",
        ),
        (
            "server: {worker_pool: {size: 4}}",
            "1:24: server.worker_pool.size: the key is unknown; known are threads, max_queued, \
             wait_when_full",
        ),
        (
            "services:\n  - {name: a, host: b, port: 1}",
            "2:15: services[0].host: the key is unknown; known are name, aliases, address, ip, port",
        ),
        (
            "channels:\n  - name: a\n    target: mem:a\n    time_out: 1s",
            "4:5: channels[0].time_out: the key is unknown; did you mean timeout?",
        ),
    ]);
}

#[test]
fn wrong_values_are_shown_with_what_was_expected() {
    check(&[
        (
            "server:\n  idle_timeout: 30",
            "2:17: server.idle_timeout: expected a duration in ms, s, m or h, such as 250ms, 30s, \
             5m or 1h, found \"30\"",
        ),
        (
            "server:\n  keepalive_interval: never",
            "2:23: server.keepalive_interval: expected a duration in ms, s, m or h, such as 250ms, \
             30s, 5m or 1h, or none, found \"never\"",
        ),
        (
            "server:\n  max_message_size: 4MB",
            "2:21: server.max_message_size: expected a size in bytes, KiB, MiB or GiB, such as \
             4096, 64KiB or 4MiB, found \"4MB\"",
        ),
        (
            "server:\n  max_connections: 0",
            "2:20: server.max_connections: expected a whole number from 1, found \"0\"",
        ),
        (
            "server: {checksum: maybe}",
            "1:20: server.checksum: expected true or false, found \"maybe\"",
        ),
        (
            "server: {checksum: [true]}",
            "1:20: server.checksum: expected true or false, found a list",
        ),
        (
            "server: {checksum: {}}",
            "1:20: server.checksum: expected true or false, found a mapping",
        ),
        (
            "server: {checksum: }",
            "1:18: server.checksum: expected true or false, found nothing",
        ),
        (
            "server: {without: [v3]}",
            "1:20: server.without[0]: \"v3\" is unknown here; known are grpc, grpc-web, health, http, jsonrpc, reflection, v1",
        ),
        #[cfg(feature = "_http")]
        (
            "server: {cors: {origins: [app.example.com]}}",
            "1:27: server.cors.origins[0]: \"app.example.com\" is not an origin as browsers send it; write \
             scheme://host, or scheme://host:port if the port is not the scheme's own, in lower case and without a \
             slash at the end, such as https://app.example.com",
        ),
        #[cfg(feature = "_http")]
        (
            "server: {cors: {origins: any, allow_credentials: true}}",
            "1:16: server.cors: any origin may call with the user's credentials, so every web page could act for \
             whoever is logged in; list the origins, or allow no credentials",
        ),
        #[cfg(feature = "_http")]
        (
            "server: {cors: {origins: all}}",
            "1:26: server.cors.origins: expected a list, such as [a, b] or lines that begin with -, \
             found \"all\"",
        ),
        (
            "server: {without: v1}",
            "1:19: server.without: expected a list, such as [a, b] or lines that begin with -, \
             found \"v1\"",
        ),
        (
            "server: 1",
            "1:9: server: expected a mapping, key: value, found \"1\"",
        ),
        (
            "channels:\n  - {name: a, target: 'ftp://b'}",
            "2:23: channels[0].target: target \"ftp://b\" has the unknown scheme ftp; write \
             host:port or rpc://host:port, such as 127.0.0.1:8000, or rpcs://host:port, \
             grpc://host:port, grpcs://host:port, jsonrpc://host:port, jsonrpc+http://host:port, unix:/path or mem:name",
        ),
    ]);
}

#[test]
fn addresses_are_ip_and_port_or_a_target() {
    let wanted = "expected ip and port, or address, such as address: localhost:8000";
    check(&[
        (
            "services:\n  - {name: a, ip: localhost, port: 1}",
            "2:19: services[0].ip: expected an IP address, such as 127.0.0.1, 0.0.0.0 or ::1 (a \
             name is written as address: name:port), found \"localhost\"",
        ),
        (
            "services:\n  - {name: a, ip: '::1', port: 65536}",
            "2:32: services[0].port: expected a whole number from 0 to 65535, found \"65536\"",
        ),
        (
            "services:\n  - {name: a, ip: '::1'}",
            &format!("2:5: services[0]: {wanted}"),
        ),
        (
            "services:\n  - name: a\n    address: mem:a\n    port: 1",
            &format!("2:5: services[0]: {wanted}"),
        ),
    ]);
}

#[test]
fn names_and_addresses_are_given_once() {
    check(&[
        (
            "services:\n  - {name: a, address: 'mem:a'}\n  - {name: a, address: 'mem:b'}",
            "3:12: services[1].name: the name \"a\" is taken in line 2 already; choose another",
        ),
        (
            "services:\n  - {name: a, aliases: [b, b], address: 'mem:a'}",
            "2:28: services[0].aliases[1]: the name \"b\" is taken in line 2 already; choose another",
        ),
        (
            "channels:\n  - {name: a, target: 'mem:a'}\n  - {name: a, target: 'mem:b'}",
            "3:12: channels[1].name: the name \"a\" is taken in line 2 already; choose another",
        ),
        (
            "channels:\n  - {target: 'mem:a'}",
            "2:5: channels[0]: the key name is missing",
        ),
        (
            "server:\n  checksum: true\n  checksum: false",
            "3:3: server.checksum: the key is in line 2 already; remove one of them",
        ),
        (
            "listeners:\n  - address: mem:a",
            "2:5: listeners[0]: no service is at mem:a; give one this address, or remove the \
             listener",
        ),
        (
            "services:\n  - {name: a, address: 'rpc://127.0.0.1:1'}\nlisteners:\n  - {address: \
             '127.0.0.1:1'}\n  - {ip: 127.0.0.1, port: 1}",
            "5:5: listeners[1]: the listener 127.0.0.1:1 has settings in line 4 already; put them \
             together",
        ),
    ]);
}

#[test]
fn variables_are_shown_where_they_are_missing_or_wrong() {
    check(&[
        (
            "services:\n  - name: a\n    ip: ${HOST}\n    port: ${PORT}",
            "3:9: services[0].ip: the environment variable HOST is not set; set it, or write \
             ${HOST:-default}",
        ),
        (
            "channels:\n  - name: a$b\n    target: mem:a",
            "2:11: channels[0].name: \"a$b\" has a dollar sign that begins no variable; write \
             ${NAME}, ${NAME:-default}, or $$ for a dollar sign",
        ),
        (
            "server: {max_connections: '${PORT}${PORT}x'}",
            "1:27: server.max_connections: expected a whole number from 1, found \"80008000x\"",
        ),
    ]);
}

#[test]
fn what_yaml_can_say_and_a_file_cannot_is_refused() {
    check(&[
        ("- a", "1:1: expected a mapping, key: value, found a list"),
        ("[a]: b", "1:1: a key must be a text"),
        (
            "--- {}\n--- {}",
            "2:1: a second document begins here; a file has one",
        ),
        (
            "server: {checksum: !env X}",
            "1:25: server.checksum: tags such as !name have no meaning here",
        ),
        (
            "server: &a {worker_pool: *a}",
            "1:26: server.worker_pool: the alias stands for what it is a part of",
        ),
    ]);
    let too_deep = format!("server:\n  checksum: {}", "[".repeat(100_000));
    for (text, line) in [("server:\n  a: b\n c: d", 3), (&*too_deep, 2)] {
        let error = read(text).unwrap_err();
        assert!(error.starts_with(&format!("rpc.yaml:{line}:")), "{error}");
        assert!(error.contains(": this is no YAML: "), "{error}");
    }
    let deep = format!(
        "server:\n  checksum: {}{}",
        "[".repeat(200),
        "]".repeat(200)
    );
    read(&deep).unwrap_err();
}

#[test]
fn aliases_stand_for_what_has_their_anchor() {
    let text = "channels:\n  - {name: a, target: &there 'mem:there', timeout: none}\n  \
                - {name: b, target: *there}";
    drop(read(text).unwrap().channel("b").unwrap());
}

#[test]
fn a_missing_file_is_named() {
    let error = Config::load("no/such/rpc.yaml").unwrap_err();
    assert_eq!(error.file(), Path::new("no/such/rpc.yaml"));
    assert_eq!(
        (error.key(), error.line(), error.column()),
        ("", None, None)
    );
    assert_eq!(
        ServeError::from(error).to_string(),
        "no/such/rpc.yaml: cannot read the configuration file: No such file or directory (os \
         error 2)"
    );
}

#[test]
fn a_channel_that_is_not_there_is_named_with_the_nearest() {
    let config = read("channels:\n  - {name: greeter, target: 'mem:a'}").unwrap();
    for (name, expected) in [
        ("greter", "did you mean greeter?"),
        ("users", "known are greeter"),
    ] {
        let error = config.channel(name).unwrap_err();
        let expected = format!("rpc.yaml:2:3: channels: there is no channel {name:?}; {expected}");
        assert_eq!(error.to_string(), expected);
    }
    let error = read("").unwrap().channel("users").unwrap_err();
    assert_eq!((error.key(), error.line()), ("channels", Some(1)));
}

#[test]
fn a_pool_that_cannot_be_is_shown_with_its_settings() {
    check(&[(
        "channels:\n  - {name: a, target: 'mem:a', min_idle: 9}",
        "2:5: channels[0]: min_idle is 9, more than max_connections, which is 8",
    )]);
}

#[test]
fn wrong_retries_are_shown_with_what_was_expected() {
    check(&[
        (
            "channels:\n  - {name: a, target: 'mem:a', retry: {initial_backoff: 1s}}",
            "2:39: channels[0].retry: the key attempts is missing",
        ),
        (
            "channels:\n  - {name: a, target: 'mem:a', retry: {attempts: 2, codes: [UNAVAILABEL]}}",
            "2:61: channels[0].retry.codes[0]: \"UNAVAILABEL\" is unknown here; did you mean UNAVAILABLE?",
        ),
        (
            "channels:\n  - {name: a, target: 'mem:a', retry: {attempts: 2}, hedge: {delay: 1s}}",
            "2:61: channels[0].hedge: retry and hedge exclude each other; leave one out",
        ),
        (
            "channels:\n  - {name: a, target: 'mem:a', retry_budget: {max_tokens: 9, token_ratio: x}}",
            "2:75: channels[0].retry_budget.token_ratio: expected a number above 0, such as 2 or 0.1, \
             found \"x\"",
        ),
    ]);
}

#[cfg(feature = "tls")]
#[test]
fn files_of_tls_that_cannot_be_read_are_shown_with_their_keys() {
    check(&[
        (
            "server:\n  tls:\n    cert: no.pem\n    key: no.key",
            "3:11: server.tls.cert: cannot read no.pem: No such file or directory (os error 2)",
        ),
        (
            "server:\n  tls: {cert: Cargo.toml, key: no.key}",
            "2:32: server.tls.key: cannot read no.key: No such file or directory (os error 2)",
        ),
        (
            "server:\n  tls: {cert: no.pem}",
            "2:8: server.tls: the key key is missing",
        ),
        (
            "channels:\n  - {name: a, target: 'rpcs://a:1', tls: {ca: no.pem}}",
            "2:47: channels[0].tls.ca: cannot read no.pem: No such file or directory (os error 2)",
        ),
        (
            "channels:\n  - {name: a, target: 'rpcs://a:1', tls: {domain: a b}}",
            "2:51: channels[0].tls.domain: \"a b\" is neither a DNS name nor an IP address: \
             invalid dns name",
        ),
    ]);
}
