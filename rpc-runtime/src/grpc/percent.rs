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

/// What stands for the rest of a text that is cut.
const CUT: &str = "...";

/// As [`encode`], in at most `room` bytes: as much of the text as there is room for, and that it is cut. `None` if
/// there is room for nothing.
pub(crate) fn encode_within(text: &str, room: usize) -> Option<String> {
    let whole = encode(text);
    if whole.len() <= room {
        return Some(whole);
    }
    let mut left = room.checked_sub(CUT.len())?;
    let text = text.trim_start_matches(' ');
    let fitting = text.chars().map_while(|character| {
        left = left.checked_sub(escaped_length(character))?;
        Some(character.len_utf8())
    });
    let end = fitting.sum();
    Some(encode(&format!("{}{CUT}", &text[..end])))
}

/// What a character takes within a text, in bytes.
fn escaped_length(character: char) -> usize {
    let mut bytes = [0; 4];
    let pieces = utf8_percent_encode(character.encode_utf8(&mut bytes), ESCAPED);
    pieces.map(str::len).sum()
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

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        let cut = |text, room| encode_within(text, room);
        assert_eq!(cut("no user", 7).as_deref(), Some("no user"));
        assert_eq!(cut("no user 7", 8).as_deref(), Some("no us..."));
        assert_eq!(cut("  no user 7", 8).as_deref(), Some("no us..."));
        assert_eq!(cut("a\u{fc}\u{fc}", 12).as_deref(), Some("a%C3%BC..."));
        assert_eq!(cut("no user", 3).as_deref(), Some("..."));
        assert_eq!(cut("no user", 2), None);
    }

    proptest! {
        #[test]
        fn what_is_cut_begins_as_the_text_and_fits(text in any::<String>(), room in 3_usize..200) {
            let value = encode_within(&text, room).expect("there is room for three dots");
            prop_assert!(value.len() <= room.max(3));
            let kept = decode(value.as_bytes());
            let begins = kept.strip_suffix(CUT).is_some_and(|kept| {
                text.trim_start_matches(' ').starts_with(kept)
            });
            prop_assert!(kept == text || begins);
        }

        #[test]
        fn texts_come_out_as_they_went_in(text in any::<String>()) {
            let value = encode(&text);
            prop_assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~')));
            prop_assert_eq!(value.trim(), &value);
            prop_assert_eq!(decode(value.as_bytes()), text);
        }
    }
}
