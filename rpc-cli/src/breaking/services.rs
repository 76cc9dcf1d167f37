//! Rules about services that both versions have.

use prost_reflect::MethodDescriptor;
use prost_reflect::prost_types::method_options::IdempotencyLevel;

use super::Comparison;
use crate::schema::field_number;

pub(super) fn no_rpc_deleted(comparison: &mut Comparison<'_>) {
    for (old, new) in comparison.services() {
        for method in old.methods() {
            if !new.methods().any(|other| other.name() == method.name()) {
                let place = comparison.was_at(&method);
                let message = format!("rpc {} was deleted{place}", method.full_name());
                comparison.element(new, message);
            }
        }
    }
}

pub(super) fn same_request_type(comparison: &mut Comparison<'_>) {
    same(
        comparison,
        "request type",
        field_number::METHOD_INPUT,
        |method| method.input().full_name().to_owned(),
    );
}

pub(super) fn same_response_type(comparison: &mut Comparison<'_>) {
    same(
        comparison,
        "response type",
        field_number::METHOD_OUTPUT,
        |method| method.output().full_name().to_owned(),
    );
}

pub(super) fn same_client_streaming(comparison: &mut Comparison<'_>) {
    same(
        comparison,
        "requests",
        field_number::METHOD_INPUT,
        |method| how_many(method.is_client_streaming()),
    );
}

pub(super) fn same_server_streaming(comparison: &mut Comparison<'_>) {
    same(
        comparison,
        "responses",
        field_number::METHOD_OUTPUT,
        |method| how_many(method.is_server_streaming()),
    );
}

fn how_many(is_stream: bool) -> String {
    if is_stream { "a stream" } else { "one" }.to_owned()
}

pub(super) fn same_idempotency(comparison: &mut Comparison<'_>) {
    same(
        comparison,
        "idempotency_level",
        field_number::METHOD_OPTIONS,
        |method| {
            let descriptor = method.method_descriptor_proto();
            let level = descriptor
                .options
                .as_ref()
                .map(|options| options.idempotency_level());
            let level = level.unwrap_or(IdempotencyLevel::IdempotencyUnknown);
            level.as_str_name().to_owned()
        },
    );
}

/// Says that a property of methods differs, where `read` tells it.
fn same(
    comparison: &mut Comparison<'_>,
    what: &str,
    number: i32,
    read: fn(&MethodDescriptor) -> String,
) {
    for (old, new) in comparison.services() {
        for method in old.methods() {
            let Some(after) = new.methods().find(|other| other.name() == method.name()) else {
                continue;
            };
            let (before, now) = (read(&method), read(&after));
            if before != now {
                let path = [after.path(), &[number]].concat();
                let name = method.full_name();
                let message = format!("rpc {name} changed its {what} from {before} to {now}");
                comparison.place(&after.parent_file(), &path, message);
            }
        }
    }
}
