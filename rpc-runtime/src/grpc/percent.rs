//! `grpc-message`: texts in a header.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};

/// What is not sent as it is, beside all that is not ASCII.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

/// A text as `grpc-message` has it.
pub(crate) fn encode(text: &str) -> String {
    // Spaces at the ends are not part of a header's value.
    let inner = text.trim_matches(' ');
    let start = text.len() - text.trim_start_matches(' ').len();
    let end = text.len() - start - inner.len();
    let spaces = |count| "%20".repeat(count);
    format!(
        "{}{}{}",
        spaces(start),
        utf8_percent_encode(inner, ESCAPED),
        spaces(end)
    )
}

/// The text of a `grpc-message`. What is not UTF-8 is replaced, so that no message is lost.
pub(crate) fn decode(value: &[u8]) -> String {
    percent_decode(value).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_escaped_as_grpc_says() {
        assert_eq!(encode("no user 7"), "no user 7");
        assert_eq!(encode("100%\n"), "100%25%0A");
        assert_eq!(encode("\u{fc}"), "%C3%BC");
        assert_eq!(encode(" a "), "%20a%20");
        assert_eq!(encode("  "), "%20%20");
    }

    #[test]
    fn what_is_wrong_is_kept_as_far_as_it_goes() {
        assert_eq!(decode(b"50% of %zz"), "50% of %zz");
        assert_eq!(decode(b"%ff!"), "\u{fffd}!");
        assert_eq!(decode(b"100%"), "100%");
    }

    proptest! {
        #[test]
        fn texts_come_out_as_they_went_in(text in any::<String>()) {
            let value = encode(&text);
            prop_assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~')));
            prop_assert_eq!(value.trim(), &value);
            prop_assert_eq!(decode(value.as_bytes()), text);
        }
    }
}
