//! Text as HTML.

use std::fmt::Write;

/// HTML that grows.
#[derive(Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// Adds what is HTML already.
    pub(super) fn raw(&mut self, html: &str) {
        self.0.push_str(html);
    }

    /// Adds a text, in which nothing is markup.
    pub(super) fn text(&mut self, text: &str) {
        self.0.push_str(&escaped(text));
    }

    /// Opens a `tag` that others can link to by `id`.
    pub(super) fn open(&mut self, tag: &str, class: &str, id: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "<{tag} class=\"{class}\" id=\"{}\">", escaped(id));
    }

    /// Adds a link to what has this `id`.
    pub(super) fn link(&mut self, id: &str, text: &str) {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "<a href=\"#{}\">{}</a>", escaped(id), escaped(text));
    }

    /// Adds a mark with a word in it.
    pub(super) fn badge(&mut self, class: &str, text: &str) {
        // Writing to a string cannot fail.
        let _ = write!(
            self.0,
            " <span class=\"badge {class}\">{}</span>",
            escaped(text)
        );
    }

    /// Takes out all that was added.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.0)
    }
}

/// `text` without markup.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}
