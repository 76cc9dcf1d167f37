//! What sections of all kinds begin with, and how types are written.

use prost_reflect::{FieldDescriptor, Kind};

use super::{Writer, links};
use crate::schema::Element;

impl Writer<'_> {
    /// Begins the section of `element` in `package`: its name, where it is, and its comment.
    pub(super) fn begin<E: Element>(&mut self, element: &E, package: &str, is_deprecated: bool) {
        let class = E::KIND.replace(' ', "-");
        let (full_name, file) = (element.full_name(), element.file());
        self.html
            .open("section", &format!("item {class}"), full_name);
        self.html.raw("<h3><span class=\"kind\">");
        self.html.text(E::KIND);
        self.html.raw("</span> ");
        self.html.link(full_name, links::within(full_name, package));
        if is_deprecated {
            self.html.badge("deprecated", "deprecated");
        }
        self.html.raw("<span class=\"place\">");
        self.html.text(file.name());
        let comments = self.schema.comments(file.name());
        if let Some(line) = comments.line(element.path()) {
            self.html.text(&format!(":{line}"));
        }
        self.html.raw("</span></h3>\n");
        self.comment(comments.text(element.path()), full_name);
    }

    /// Adds the comment of `element` as the content of a cell.
    pub(super) fn cell(&mut self, element: &impl Element) {
        self.html.raw("<td>");
        let file = element.file();
        let comment = self.schema.comments(file.name()).text(element.path());
        let scope = element.full_name().to_owned();
        self.comment(comment, &scope);
        self.html.raw("</td>");
    }

    /// Adds the type of `field`, with a link if the page has it.
    pub(super) fn field_type(&mut self, field: &FieldDescriptor, package: &str) {
        let kind = field.kind();
        match kind.as_message().filter(|_| field.is_map()) {
            Some(entry) => {
                self.html.text("map<");
                self.kind(&entry.map_entry_key_field().kind(), package);
                self.html.text(", ");
                self.kind(&entry.map_entry_value_field().kind(), package);
                self.html.text(">");
            }
            None => self.kind(&kind, package),
        }
    }

    /// Adds a type, with a link if the page has it.
    pub(super) fn kind(&mut self, kind: &Kind, package: &str) {
        match kind {
            Kind::Message(message) => self.reference(message.full_name(), package),
            Kind::Enum(each) => self.reference(each.full_name(), package),
            // Scalars are called in the same way as in files.
            scalar => self.html.text(&format!("{scalar:?}").to_lowercase()),
        }
    }

    /// Adds a full name, with a link if the page has it.
    pub(super) fn reference(&mut self, full_name: &str, package: &str) {
        let shown = links::within(full_name, package);
        if self.links.has(full_name) {
            self.html.link(full_name, shown);
        } else {
            self.html.text(shown);
        }
    }
}
