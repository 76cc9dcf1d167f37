//! Attackers who speak HTTP/1.1.

use std::time::Duration;

use crate::harness::{Attacker, survives};

const HEAD: &str =
    "POST /probe.Probe/Echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";

/// Short for whoever is slow.
const SHORT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn headers_that_are_too_large_or_too_many_are_refused() {
    survives(
        |server| server,
        async |server| {
            for headers in [
                format!("large: {}\r\n", "x".repeat(40_000)),
                "many: x\r\n".repeat(300),
            ] {
                let mut attacker = Attacker::connect(server.socket_addr()).await;
                attacker.send(format!("{HEAD}{headers}\r\n")).await;
                let said = attacker.rest().await;
                assert!(said.starts_with("HTTP/1.1 431 "), "{said}");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_header_that_stands_for_thousands_is_refused() {
    survives(
        |server| server,
        async |server| {
            let started = server.probe.counts().started;
            let commas = ",".repeat(10_000);
            let mut attacker = Attacker::connect(server.socket_addr()).await;
            let request = format!("{HEAD}x-bin: {commas}\r\ncontent-length: 2\r\n\r\n{{}}");
            attacker.send(request).await;
            let said = attacker.some().await;
            assert!(said.starts_with("HTTP/1.1 429 "), "{said}");
            assert!(said.contains("MAX_METADATA_ENTRIES"), "{said}");
            assert_eq!(server.probe.counts().started, started);
        },
    )
    .await;
}

#[tokio::test]
async fn headers_and_bodies_without_end_close_the_connection() {
    survives(
        |server| server,
        async |server| {
            let chunk = [
                format!("{:x}\r\n", 16_384),
                " ".repeat(16_384),
                "\r\n".to_owned(),
            ];
            let chunked = format!("{HEAD}transfer-encoding: chunked\r\n\r\n");
            for (beginning, endless) in [
                (HEAD, "a: b\r\n".repeat(1_000)),
                (HEAD, "a".repeat(10_000)),
                ("GET /", "a".repeat(10_000)),
                (&*chunked, chunk.concat()),
                // An extension of a chunk.
                (&*format!("{chunked}1;"), "a".repeat(10_000)),
            ] {
                let mut attacker = Attacker::connect(server.socket_addr()).await;
                attacker.send(beginning).await;
                attacker.flood(endless).await;
            }
        },
    )
    .await;
}

#[tokio::test]
async fn whoever_is_slow_within_a_body_is_not_waited_for() {
    survives(
        |server| server.frame_timeout(SHORT),
        async |server| {
            for body in [
                "content-length: 10\r\n\r\n{",
                "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n",
                "transfer-encoding: chunked\r\n\r\n5",
            ] {
                let mut attacker = Attacker::connect(server.socket_addr()).await;
                attacker.send(format!("{HEAD}{body}")).await;
                let said = attacker.some().await;
                assert!(said.starts_with("HTTP/1.1 504 "), "{said}");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn requests_behind_each_other_run_one_at_a_time_and_not_while_replies_are_unread() {
    survives(
        |server| server.write_timeout(SHORT),
        async |server| {
            let body = "{\"bytes\":\"1000000\"}";
            let produce = HEAD.replace("Echo", "Produce");
            let request = format!("{produce}content-length: {}\r\n\r\n{body}", body.len());
            let mut attacker = Attacker::connect(server.socket_addr()).await;
            let before = server.probe.counts().started;
            while attacker.send(request.repeat(100)).await {}
            // What the sockets hold was made, and little more.
            let made = server.probe.counts().started - before;
            assert!(made < 50, "{made} megabytes were made for nobody");
        },
    )
    .await;
}
