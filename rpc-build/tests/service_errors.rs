//! What the user of a generated service reads after a mistake, where the code comes through
//! `include_proto!` and the runtime has another name: nothing of the generated code's own paths.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

mod project;

use project::{Project, RENAMED_RUNTIME, compiles, stderr};

const SCHEMA: &str = r#"
syntax = "proto3";
package feed;
message Query {}
message Post {}
message Receipt {}
service Feed {
  rpc Find(Query) returns (Post);
  rpc Last(Query) returns (Post);
  rpc Follow(Query) returns (stream Post);
  rpc Search(Query) returns (stream Post);
  rpc Publish(stream Post) returns (Receipt);
}
"#;

const SERVICE: &str = r#"
pub mod feed {
    wire::include_proto!("feed");
}

use feed::{Feed, Post, Query, Receipt};
use futures_core::Stream;
use wire::{Context, Status, Streaming};

pub struct Blog;

#[wire::rpc_service]
impl Feed for Blog {
    async fn find(&self, _cx: Context, request: Post) -> Result<Post, Status> { // 14
        Ok(request)
    }

    async fn last(&self, _cx: Context, request: Query) -> Result<Query, Status> { // 18
        Ok(request)
    }

    async fn follow(&self, _cx: Context, _request: Query) -> Result<Post, Status> { // 22
        Ok(Post {})
    }

    async fn search(
        &self,
        _cx: Context,
        _request: Query,
    ) -> Result<impl Stream<Item = Result<Receipt, Status>> + Send + 'static, Status> { // 30
        Err::<Streaming<Receipt>, _>(Status::internal("none"))
    }

    async fn publish(&self, _cx: Context, _posts: Streaming<Query>) -> Result<Receipt, Status> { // 34
        Ok(Receipt {})
    }
}

pub fn server() -> wire::Server {
    wire::Server::new().service(Blog)
}
"#;

#[test]
fn each_mistake_is_one_error_at_the_users_line() {
    let project = Project::package(
        "mistaken",
        &format!("{RENAMED_RUNTIME}\nfutures-core = \"0.3\""),
        &[
            ("build.rs", &compiles("feed.proto")),
            ("proto/feed.proto", SCHEMA),
            ("src/lib.rs", SERVICE),
        ],
    );
    let log = stderr(&project.build());
    let (_, log) = log.split_once("\nerror").expect("it does not compile");
    let log = format!("error{log}");

    let mut errors: Vec<(u32, &str)> = Vec::new();
    let mut lines = log.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("error") && !line.contains("could not compile") {
            let place = lines.find_map(|line| line.trim_start().strip_prefix("--> src/lib.rs:"));
            let (row, _) = place.expect("at the user's code").split_once(':').unwrap();
            errors.push((row.parse().unwrap(), line));
        }
    }
    errors.sort_unstable();
    let expected = [
        (14, "error[E0277]: `find` takes a `Query`:"),
        (18, "error[E0277]: `last` returns `Result<Post, Status>`:"),
        (22, "error: `follow` answers with a stream:"),
        (30, "error: `search` returns a stream of `Post`:"),
        (34, "error[E0277]: `publish` takes a `Streaming<Post>`:"),
    ];
    assert_eq!(errors, expected, "{log}");
    // The compiler adds to its own errors which trait is missing, with the paths of the types.
    let ours = log.lines().filter(|line| !line.contains("the trait `"));
    for line in ours.take_while(|line| !line.contains("could not compile")) {
        assert!(
            !line.contains("__rpc") && !line.contains("rpc_runtime"),
            "{line}\nin\n{log}"
        );
    }
}
