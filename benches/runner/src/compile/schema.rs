//! The schema that is compiled.

use std::fmt::Write;

/// Methods of each service: eight unary ones, one with a stream each way.
pub(crate) const METHODS: usize = 10;

/// The text of a `.proto` file with so many services, each with messages of its own.
pub(crate) fn proto(services: usize) -> String {
    let mut text = "syntax = \"proto3\";\npackage bench;\n".to_owned();
    for service in 0..services {
        let mut methods = String::new();
        for method in 0..METHODS {
            let (requests, replies) = match method {
                8 => ("", "stream "),
                9 => ("stream ", ""),
                _ => ("", ""),
            };
            let _ = writeln!(
                methods,
                "  // Does the thing {method}.\n  \
                 rpc Do{method}({requests}Request{service}) returns ({replies}Reply{service});"
            );
        }
        let _ = write!(
            text,
            "\n// What is asked.\nmessage Request{service} {{\n  string name = 1;\n  int64 version = 2;\n  \
             repeated string tags = 3;\n  bytes content = 4;\n}}\n\
             // What is answered.\nmessage Reply{service} {{\n  string text = 1;\n  Request{service} of = 2;\n}}\n\
             // A service.\nservice Service{service} {{\n{methods}}}\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_as_many_services_and_methods_as_asked_for() {
        let proto = proto(3);
        assert_eq!(proto.matches("\nservice ").count(), 3);
        assert_eq!(proto.matches("rpc ").count(), 3 * METHODS);
        assert_eq!(proto.matches("(stream ").count(), 3 * 2);
    }
}
