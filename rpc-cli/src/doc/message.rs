//! Sections of messages, enums and extensions.

use prost_reflect::{
    Cardinality, EnumDescriptor, ExtensionDescriptor, FieldDescriptor, MessageDescriptor,
};

use super::{Writer, links};
use crate::schema::Element;

impl Writer<'_> {
    /// Adds the section of `message` in `package`.
    pub(super) fn message(&mut self, message: &MessageDescriptor, package: &str) {
        let options = message.descriptor_proto().options.as_ref();
        let is_deprecated = options.is_some_and(|options| options.deprecated());
        self.begin(message, package, is_deprecated);
        let mut fields: Vec<_> = message.fields().collect();
        if !fields.is_empty() {
            // As they are in the file, and not by number.
            fields.sort_by(|one, other| one.path().cmp(other.path()));
            self.html.raw("<table><thead><tr><th>#</th><th>field</th><th>type</th><th></th></tr></thead><tbody>\n");
            for field in &fields {
                self.field(field, package);
            }
            self.html.raw("</tbody></table>\n");
        }
        self.reserved(message);
        self.html.raw("</section>\n");
    }

    fn field(&mut self, field: &FieldDescriptor, package: &str) {
        self.html.open("tr", "field", field.full_name());
        self.html.raw("<td class=\"number\">");
        self.html.text(&field.number().to_string());
        self.html.raw("</td><td class=\"name\">");
        self.html.text(field.name());
        let descriptor = field.field_descriptor_proto();
        if descriptor
            .options
            .as_ref()
            .is_some_and(|options| options.deprecated())
        {
            self.html.badge("deprecated", "deprecated");
        }
        self.html.raw("</td><td class=\"type\">");
        self.field_type(field, package);
        self.traits(field);
        self.html.raw("</td>");
        self.cell(field);
        self.html.raw("</tr>\n");
    }

    /// Adds what is special about `field`.
    fn traits(&mut self, field: &FieldDescriptor) {
        let descriptor = field.field_descriptor_proto();
        let oneof = field
            .containing_oneof()
            .filter(|oneof| !oneof.is_synthetic());
        match field.cardinality() {
            Cardinality::Repeated if !field.is_map() => self.html.badge("", "repeated"),
            Cardinality::Required => self.html.badge("", "required"),
            Cardinality::Optional if descriptor.proto3_optional() => {
                self.html.badge("", "optional")
            }
            _ => {}
        }
        if let Some(oneof) = oneof {
            self.html.badge("", &format!("one of {}", oneof.name()));
        }
        if let Some(default) = &descriptor.default_value {
            self.html.badge("", &format!("default {default}"));
        }
    }

    /// Adds what the numbers and names are that `message` will never use again.
    fn reserved(&mut self, message: &MessageDescriptor) {
        let numbers = message
            .reserved_ranges()
            .map(|range| match range.end - range.start {
                1 => range.start.to_string(),
                _ => format!("{} to {}", range.start, range.end - 1),
            });
        let reserved: Vec<_> = numbers
            .chain(message.reserved_names().map(str::to_owned))
            .collect();
        if !reserved.is_empty() {
            self.html.raw("<p class=\"reserved\">reserved: ");
            self.html.text(&reserved.join(", "));
            self.html.raw("</p>\n");
        }
    }

    /// Adds the section of `each` in `package`.
    pub(super) fn enumeration(&mut self, each: &EnumDescriptor, package: &str) {
        let options = each.enum_descriptor_proto().options.as_ref();
        self.begin(
            each,
            package,
            options.is_some_and(|options| options.deprecated()),
        );
        let mut values: Vec<_> = each.values().collect();
        values.sort_by(|one, other| one.path().cmp(other.path()));
        self.html.raw("<table><tbody>\n");
        for value in &values {
            self.html.open(
                "tr",
                "enum-value",
                &links::value_id(each.full_name(), value.name()),
            );
            self.html.raw("<td class=\"number\">");
            self.html.text(&value.number().to_string());
            self.html.raw("</td><td class=\"name\">");
            self.html.text(value.name());
            let options = value.enum_value_descriptor_proto().options.as_ref();
            if options.is_some_and(|options| options.deprecated()) {
                self.html.badge("deprecated", "deprecated");
            }
            self.html.raw("</td>");
            self.cell(value);
            self.html.raw("</tr>\n");
        }
        self.html.raw("</tbody></table></section>\n");
    }

    /// Adds `extensions` of `package`, if there are some.
    pub(super) fn extensions(&mut self, extensions: &[ExtensionDescriptor], package: &str) {
        if extensions.is_empty() {
            return;
        }
        self.html
            .raw("<section class=\"item\"><h3><span class=\"kind\">extensions</span></h3>\n");
        self.html.raw("<table><thead><tr><th>#</th><th>extension</th><th>type</th><th>of</th><th></th></tr></thead><tbody>\n");
        for extension in extensions {
            self.html.open("tr", "field", extension.full_name());
            self.html.raw("<td class=\"number\">");
            self.html.text(&extension.number().to_string());
            self.html.raw("</td><td class=\"name\">");
            self.html
                .text(links::within(Element::full_name(extension), package));
            self.html.raw("</td><td class=\"type\">");
            self.kind(&extension.kind(), package);
            self.html.raw("</td><td class=\"type\">");
            self.reference(extension.containing_message().full_name(), package);
            self.html.raw("</td>");
            self.cell(extension);
            self.html.raw("</tr>\n");
        }
        self.html.raw("</tbody></table></section>\n");
    }
}
