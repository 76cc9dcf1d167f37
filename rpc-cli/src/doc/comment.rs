//! Comments, which are Markdown.

use pulldown_cmark::{BrokenLink, CowStr, Event, Options, Parser, Tag, TagEnd, html};

use super::Writer;

/// What links may begin with, so that none runs a script.
const SCHEMES: [&str; 4] = ["https://", "http://", "mailto:", "#"];

/// What begins lines that are for tools.
const FOR_TOOLS: &str = "buf:lint:";

impl Writer<'_> {
    /// Adds `comment`, of something within `scope`. Names in brackets become links, as in `[Item][]` or
    /// `[the item][shop.v1.Item]`; HTML is shown as text.
    pub(super) fn comment(&mut self, comment: &str, scope: &str) {
        let text = unindented(comment);
        if text.trim().is_empty() {
            return;
        }
        let links = &self.links;
        let resolve = |link: BrokenLink<'_>| {
            let target = links.find(link.reference.trim_matches('`'), scope)?;
            Some((CowStr::from(format!("#{target}")), CowStr::from(target)))
        };
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
        let events = Parser::new_with_broken_link_callback(&text, options, Some(resolve));
        let mut rendered = String::new();
        html::push_html(&mut rendered, events.map(harmless));
        self.html.raw("<div class=\"comment\">");
        self.html.raw(&rendered);
        self.html.raw("</div>\n");
    }
}

/// `event` without what could reach out of the page or run in it.
fn harmless(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => {
            let is_allowed = SCHEMES.iter().any(|scheme| dest_url.starts_with(scheme));
            Event::Start(Tag::Link {
                link_type,
                dest_url: if is_allowed {
                    dest_url
                } else {
                    CowStr::from("#")
                },
                title,
                id,
            })
        }
        // An image would have to be fetched: its text leads to it.
        Event::Start(Tag::Image {
            link_type,
            dest_url,
            title,
            id,
        }) => harmless(Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        })),
        Event::End(TagEnd::Image) => Event::End(TagEnd::Link),
        other => other,
    }
}

/// The text of a comment without the space behind its slashes, and without lines for tools.
fn unindented(comment: &str) -> String {
    let lines = comment
        .lines()
        .filter(|line| !line.trim().starts_with(FOR_TOOLS));
    let lines = lines.map(|line| line.strip_prefix(' ').unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}
