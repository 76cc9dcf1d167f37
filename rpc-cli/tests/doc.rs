//! `rpc doc`: what the page has, and what it must not do.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

use std::collections::HashSet;

mod command;

use command::Folder;

const SHOP: &str = "--- proto/shop.proto
syntax = \"proto3\";
// Orders & what they *consist* of. See [the item][Item], [Order.State][] and [nothing][Nothing].
package shop.v1;
import \"google/protobuf/timestamp.proto\";

// Takes orders.
service OrderService {
  // Says `when`. <script>alert(1)</script> [bad](javascript:alert(1)) ![an image](https://example.com/a.png)
  // buf:lint:ignore RPC_REQUEST_STANDARD_NAME
  rpc Watch(stream Order) returns (stream Item) { option idempotency_level = NO_SIDE_EFFECTS; }
}
message Item {
  string name = 1; // Behind it.
  reserved 4 to 6;
}
message Order {
  map<string, Item> items = 2;
  optional State state = 3 [deprecated = true];
  oneof time { google.protobuf.Timestamp at = 4; }
  enum State { STATE_UNSPECIFIED = 0; STATE_NEW = 1; }
}
";

fn page(protos: &str) -> String {
    let folder = Folder::with(protos);
    let found = folder.rpc(&["doc", "--title", "A <Shop>"]);
    assert_eq!(
        (found.code, &*found.stdout),
        (0, "wrote api.html\n"),
        "{found:?}"
    );
    folder.read("api.html")
}

/// What stands between `before` and the next quote, everywhere.
fn quoted<'a>(page: &'a str, before: &str) -> Vec<&'a str> {
    let parts = page.split(before).skip(1);
    parts.map(|part| part.split('"').next().unwrap()).collect()
}

#[test]
fn everything_with_a_name_can_be_linked_to_and_every_link_leads_somewhere() {
    let page = page(SHOP);
    let ids: HashSet<_> = quoted(&page, " id=\"").into_iter().collect();
    for id in [
        "package-shop.v1",
        "shop.v1.OrderService",
        "shop.v1.OrderService.Watch",
        "shop.v1.Item",
        "shop.v1.Item.name",
        "shop.v1.Order.State",
        "shop.v1.Order.State.STATE_NEW",
    ] {
        assert!(ids.contains(id), "{id}");
    }
    for link in quoted(&page, "href=\"#") {
        assert!(
            link.is_empty() || ids.contains(link),
            "{link} leads nowhere"
        );
    }
}

#[test]
fn types_are_links_where_the_page_has_them() {
    let page = page(SHOP);
    assert!(page.contains("map&lt;string, <a href=\"#shop.v1.Item\">Item</a>&gt;"));
    assert!(page.contains("google.protobuf.Timestamp <span class=\"badge \">one of time</span>"));
    assert!(page.contains("<a href=\"#shop.v1.Order.State\">Order.State</a>"));
}

#[test]
fn comments_are_markdown_with_links_to_names() {
    let page = page(SHOP);
    assert!(page.contains("Orders &amp; what they <em>consist</em> of."));
    assert!(page.contains("<a href=\"#shop.v1.Item\" title=\"shop.v1.Item\">the item</a>"));
    assert!(page.contains(
        "<a href=\"#shop.v1.Order.State\" title=\"shop.v1.Order.State\">Order.State</a>"
    ));
    assert!(page.contains("[nothing][Nothing]"));
    assert!(page.contains("Says <code>when</code>."));
    assert!(page.contains("Behind it."));
    assert!(!page.contains("buf:lint"));
}

#[test]
fn nothing_in_a_schema_runs_or_is_fetched() {
    let page = page(SHOP);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(page.contains("<title>A &lt;Shop&gt;</title>"));
    assert_eq!(page.matches("<script").count(), 1);
    for mark in ["javascript:", "<img", " src=", "<link", "@import", "url("] {
        assert!(!page.contains(mark), "{mark}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn what_is_special_about_a_field_is_shown() {
    let page = page(SHOP);
    for mark in [
        "optional",
        "deprecated",
        "no side effects",
        "reserved: 4 to 6",
        "shop.proto:7",
    ] {
        assert!(page.contains(mark), "{mark}");
    }
}

#[test]
fn marks_of_the_template_in_a_comment_stay_what_they_are() {
    let page = page(&SHOP.replace("Takes orders.", "{{content}} {{navigation}} {{script}}"));
    assert!(page.contains("<p>{{content}} {{navigation}} {{script}}</p>"));
}

#[test]
fn a_large_schema_shows_one_package_at_a_time() {
    let many = |count: usize| {
        let messages: String = (0..count)
            .map(|number| format!("message M{number} {{}}\n"))
            .collect();
        page(&format!("--- a.proto\nsyntax = \"proto3\";\n{messages}"))
    };
    assert!(many(2000).contains("<main class=\"\">"));
    assert!(many(2001).contains("<main class=\"many\">"));
}

#[test]
fn the_page_goes_to_standard_output_where_that_is_asked_for() {
    let folder = Folder::with(SHOP);
    let found = folder.rpc(&["doc", "--out", "-"]);
    assert!(found.stdout.starts_with("<!doctype html>"), "{found:?}");
    let found = folder.rpc(&["doc", "--json", "--out", "a.html"]);
    assert_eq!(found.json()[0]["bytes"], folder.read("a.html").len());
}

#[test]
fn a_file_that_cannot_be_written_is_told() {
    let found = Folder::with(SHOP).rpc(&["doc", "--out", "no/such/folder.html"]);
    assert_eq!(found.code, 6);
    assert!(
        found.stderr.contains("cannot write no/such/folder.html"),
        "{found:?}"
    );
}
