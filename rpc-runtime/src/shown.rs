//! What errors repeat of texts that others sent.

use std::borrow::Cow;

/// Longest part of a text that is repeated at its beginning, and at its end, in bytes: room for what libraries say
/// around a value.
const MAX_PART: usize = 256;

/// A text without its middle if it is long.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    if text.len() <= 2 * MAX_PART {
        return text.into();
    }
    let first = &text[..text.floor_char_boundary(MAX_PART)];
    let last = &text[text.ceil_char_boundary(text.len() - MAX_PART)..];
    format!("{first} ... {last}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_loses_its_middle_and_no_half_of_a_letter_is_left() {
        let short = "e".repeat(2 * MAX_PART);
        assert_eq!(shown(&short), short);
        for letter in ["e", "\u{e9}", "\u{20ac}", "\u{1f980}"] {
            let long = format!("from {} to", letter.repeat(100_000));
            let shown = shown(&long);
            assert!(shown.len() <= 2 * MAX_PART + 5, "{}", shown.len());
            assert!(shown.len() > 2 * (MAX_PART - 4), "{}", shown.len());
            assert!(shown.starts_with("from ") && shown.ends_with(" to"));
        }
    }
}
