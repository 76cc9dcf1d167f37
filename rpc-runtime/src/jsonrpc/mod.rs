//! JSON-RPC 2.0: the numbers of its errors, and its requests and answers as text.
//!
//! With the feature `jsonrpc` a server answers JSON-RPC on its port, see [`Protocol::JsonRpc`].
//!
//! [`Protocol::JsonRpc`]: crate::Protocol::JsonRpc

pub mod code;
mod error;
mod request;
mod response;
mod scanner;
mod status;

pub(crate) use error::ErrorObject;
pub(crate) use request::{Elements, Invalid, NO_ID, Request, write_request};
pub(crate) use response::{Response, write_error, write_result};
pub(crate) use scanner::{Scanner, whitespace};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_makes_a_reader_panic_and_places_of_a_batch_are_in_it(
            text in "[\\[\\]{}\",:\\\\ 01aé\n]{0,60}",
        ) {
            let _ = Scanner::default().end(text.as_bytes());
            let _ = Request::parse(&text);
            let _ = Response::parse(&text);
            if let Ok(elements) = Elements::find(&text, 3) {
                prop_assert!(elements.places.len() <= 3.min(elements.count));
                for place in elements.places {
                    prop_assert!(!text[place].is_empty());
                }
            }
        }

        #[test]
        fn members_of_any_kind_in_any_order_are_a_request_or_an_error(
            members in prop::collection::vec(
                ("(jsonrpc|method|params|id|result|error)", "(1|-1e9|null|true|\"2.0\"|\"m\"|\\{\\}|\\[1\\])"),
                0..6,
            ),
        ) {
            let members = members.iter().map(|(key, value)| format!("\"{key}\":{value}"));
            let text = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
            let _ = Response::parse(&text);
            if let Ok(request) = Request::parse(&text) {
                let version = text.contains("\"jsonrpc\":\"2.0\"");
                let method = text.contains(&format!("\"method\":\"{}\"", request.method));
                prop_assert!(version && method, "{}", text);
            }
        }
    }
}
