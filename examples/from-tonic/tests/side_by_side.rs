//! Both services do the same, and docs/from-tonic.md shows what is compiled here.

use std::fs;
use std::path::Path;

use from_tonic::{after, before};
use tokio::net::TcpListener;

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = listener.local_addr().expect("it is bound").to_string();
    (listener, address)
}

#[tokio::test]
async fn both_answer_alike() {
    let (listener, address) = listen().await;
    tokio::spawn(before::serve(listener));
    assert_eq!(
        before::greet(&address, "world").await.unwrap(),
        "Hello world"
    );
    assert!(before::greet(&address, "").await.is_err());

    let (listener, address) = listen().await;
    tokio::spawn(after::serve(listener));
    assert_eq!(
        after::greet(&address, "world").await.unwrap(),
        "Hello world"
    );
    assert!(after::greet(&address, "").await.is_err());
}

#[tokio::test]
async fn both_answer_with_the_same_stream() {
    let names = ["Ada", "Grace"];
    let greetings = ["Hello Ada", "Hello Grace"];
    let (listener, address) = listen().await;
    tokio::spawn(before::serve(listener));
    assert_eq!(
        before::greet_all(&address, &names).await.unwrap(),
        greetings
    );

    let (listener, address) = listen().await;
    tokio::spawn(after::serve(listener));
    assert_eq!(after::greet_all(&address, &names).await.unwrap(), greetings);
}

#[test]
fn the_document_shows_parts_of_the_files_that_it_names() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(package.join("../../docs/from-tonic.md")).unwrap();
    let mut file = None;
    let mut checked = 0;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line
            .strip_prefix('`')
            .and_then(|line| line.strip_suffix("`:"))
        {
            file = Some(name);
        } else if line.starts_with("```") {
            let block: String = lines
                .by_ref()
                .take_while(|line| *line != "```")
                .map(|line| format!("{line}\n"))
                .collect();
            // A block without a file before it is shown for another reason.
            let Some(name) = file.take() else { continue };
            let content = fs::read_to_string(package.join(name)).unwrap();
            assert!(
                content.contains(&block),
                "{name} does not have this:\n{block}"
            );
            checked += 1;
        }
    }
    assert!(checked >= 9, "only {checked} blocks name a file");
}
