//! Rules about services and their methods.

use std::collections::BTreeMap;

use prost_reflect::MethodDescriptor;

use super::Linter;
use crate::schema::field_number;

/// How the name of a service ends.
const SERVICE_SUFFIX: &str = "Service";

fn methods(linter: &Linter<'_>) -> Vec<MethodDescriptor> {
    let services = linter.files.iter().flat_map(|file| file.services());
    let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
    methods.collect()
}

pub(super) fn services_have_the_suffix(linter: &mut Linter<'_>) {
    for service in linter.files.iter().flat_map(|file| file.services()) {
        if !service.name().ends_with(SERVICE_SUFFIX) {
            let message = format!(
                "service {} should end with {SERVICE_SUFFIX}",
                service.name()
            );
            linter.element(&service, message);
        }
    }
}

pub(super) fn requests_have_the_usual_name(linter: &mut Linter<'_>) {
    for method in methods(linter) {
        usual_name(linter, &method, "Request");
    }
}

pub(super) fn responses_have_the_usual_name(linter: &mut Linter<'_>) {
    for method in methods(linter) {
        usual_name(linter, &method, "Response");
    }
}

fn usual_name(linter: &mut Linter<'_>, method: &MethodDescriptor, suffix: &str) {
    let (message, number) = if suffix == "Request" {
        (method.input(), field_number::METHOD_INPUT)
    } else {
        (method.output(), field_number::METHOD_OUTPUT)
    };
    let short = format!("{}{suffix}", method.name());
    let long = format!("{}{short}", method.parent_service().name());
    if message.name() != short && message.name() != long {
        let path = [method.path(), &[number]].concat();
        let text = format!("{} should be {short} or {long}", message.name());
        linter.place(&method.parent_file(), &path, text);
    }
}

pub(super) fn messages_are_of_one_rpc(linter: &mut Linter<'_>) {
    let mut users: BTreeMap<String, Vec<(MethodDescriptor, i32)>> = BTreeMap::new();
    for method in methods(linter) {
        for (message, number) in [
            (method.input(), field_number::METHOD_INPUT),
            (method.output(), field_number::METHOD_OUTPUT),
        ] {
            let users = users.entry(message.full_name().to_owned()).or_default();
            users.push((method.clone(), number));
        }
    }
    for (message, users) in users.into_iter().filter(|(_, users)| users.len() > 1) {
        for (method, number) in &users {
            let path = [method.path(), &[*number]].concat();
            let text = format!(
                "{message} is the request or response of {} rpcs",
                users.len()
            );
            linter.place(&method.parent_file(), &path, text);
        }
    }
}

pub(super) fn no_client_streams(linter: &mut Linter<'_>) {
    for method in methods(linter) {
        if method.is_client_streaming() {
            let message = format!("rpc {} takes a stream", method.name());
            linter.element(&method, message);
        }
    }
}

pub(super) fn no_server_streams(linter: &mut Linter<'_>) {
    for method in methods(linter) {
        if method.is_server_streaming() {
            let message = format!("rpc {} returns a stream", method.name());
            linter.element(&method, message);
        }
    }
}
