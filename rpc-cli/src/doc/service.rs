//! Sections of services.

use prost_reflect::prost_types::method_options::IdempotencyLevel;
use prost_reflect::{MessageDescriptor, MethodDescriptor, ServiceDescriptor};

use super::Writer;

impl Writer<'_> {
    /// Adds the section of `service` in `package`.
    pub(super) fn service(&mut self, service: &ServiceDescriptor, package: &str) {
        let options = service.service_descriptor_proto().options.as_ref();
        self.begin(
            service,
            package,
            options.is_some_and(|options| options.deprecated()),
        );
        for method in service.methods() {
            self.method(&method, package);
        }
        self.html.raw("</section>\n");
    }

    fn method(&mut self, method: &MethodDescriptor, package: &str) {
        self.html.open("div", "rpc", method.full_name());
        self.html.raw("<h4><span class=\"kind\">rpc</span> ");
        self.html.link(method.full_name(), method.name());
        self.html.text("(");
        self.messages(&method.input(), method.is_client_streaming(), package);
        self.html.text(") returns (");
        self.messages(&method.output(), method.is_server_streaming(), package);
        self.html.text(")");
        let options = method
            .method_descriptor_proto()
            .options
            .clone()
            .unwrap_or_default();
        match options.idempotency_level() {
            IdempotencyLevel::NoSideEffects => self.html.badge("", "no side effects"),
            IdempotencyLevel::Idempotent => self.html.badge("", "idempotent"),
            IdempotencyLevel::IdempotencyUnknown => {}
        }
        if options.deprecated() {
            self.html.badge("deprecated", "deprecated");
        }
        self.html.raw("</h4>\n");
        let comments = self
            .schema
            .comments(method.parent_service().parent_file().name());
        self.comment(comments.text(method.path()), method.full_name());
        self.html.raw("</div>\n");
    }

    fn messages(&mut self, message: &MessageDescriptor, is_stream: bool, package: &str) {
        if is_stream {
            self.html.raw("<span class=\"kind\">stream</span> ");
        }
        self.reference(message.full_name(), package);
    }
}
