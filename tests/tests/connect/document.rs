//! docs/json.md shows what a server answers.

use hello::Greeter;

use crate::harness::{Client, start_with};

const DOCUMENT: &str = include_str!("../../../docs/json.md");

/// What the document posts with curl, and what it says of the answer.
fn examples() -> Vec<(&'static str, &'static str, &'static str)> {
    let blocks = DOCUMENT.split("```sh\n$ curl ").skip(1);
    let blocks = blocks.filter_map(|block| block.split("\n```").next());
    let posts = blocks.filter_map(|block| {
        let (command, answer) = block.split_once('\n')?;
        let (_, rest) = command.split_once("-d '")?;
        let (message, url) = rest.split_once("' http://127.0.0.1:8000")?;
        Some((message, url, answer))
    });
    posts.collect()
}

#[tokio::test]
async fn the_examples_are_answered_as_the_document_shows() {
    let server = start_with(|server| server.service(Greeter)).await;
    let mut client = Client::connect(&server).await;
    let examples = examples();
    assert_eq!(examples.len(), 3);
    for (message, path, shown) in examples {
        let answer = client
            .post(path, "application/json", message.as_bytes())
            .await;
        // Of headers, a few are shown.
        let body = shown.split("\n\n").last().unwrap();
        assert_eq!(answer.text().trim_end(), body);
        if let Some((first, headers)) = shown.split_once('\n')
            && first.starts_with("HTTP/1.1")
        {
            assert!(first.contains(&answer.status.to_string()), "{first}");
            let content_type = format!("content-type: {}", answer.header("content-type").unwrap());
            assert!(headers.contains(&content_type), "{headers}");
        }
    }
}
