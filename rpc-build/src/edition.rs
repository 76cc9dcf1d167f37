//! Finds `edition = "2023";`, which the parser would report as nonsense in the first column.

use std::ops::Range;

/// The span in bytes of the edition statement of a `.proto` file, up to its semicolon, if the file
/// opens with one.
pub(crate) fn find(text: &str) -> Option<Range<usize>> {
    let start = text.len() - skip_blank(text).len();
    let after_keyword = text[start..].strip_prefix("edition")?;
    skip_blank(after_keyword).strip_prefix('=')?;
    let length = text[start..]
        .find([';', '\n'])
        .map_or(text.len() - start, |end| end + 1);
    Some(start..start + text[start..start + length].trim_end().len())
}

/// `text` without the white space and comments that it starts with.
fn skip_blank(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        rest = if let Some(comment) = rest.strip_prefix("//") {
            comment.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, after)| after)
        } else {
            return rest;
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edition_is_found_behind_comments() {
        let text = "// Licence.\n/* Two\nlines */ edition = \"2023\"; package a;";
        let span = find(text).unwrap();
        assert_eq!(&text[span], "edition = \"2023\";");
    }

    #[test]
    fn a_statement_without_its_end_is_found_up_to_the_end_of_the_line() {
        assert_eq!(find("edition = \"2023\"\nmessage A {}"), Some(0..16));
    }

    #[test]
    fn files_with_a_syntax_and_words_in_comments_have_no_edition() {
        for text in [
            "syntax = \"proto3\";",
            "// edition = \"2023\";",
            "message edition {}",
            "",
            "/*",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
