//! Texts in which some parts differ from call to call.

use std::fmt::Write;

/// What may stand between `{{` and `}}`, and what is written in its place.
pub(crate) const PLACEHOLDERS: &str = "\
{{index}}      the number of the call, from 0
{{random}}     a random number from 0 to 2147483647
{{random:N}}   a random number from 0 to N-1
{{letters:N}}  N random letters, at most 1048576
{{uuid}}       a random UUID";

/// The largest value of `int32`, so that random numbers fit every integer field.
const MAX_RANDOM: u64 = 0x7fff_ffff;

/// Most letters that one placeholder stands for.
const MAX_LETTERS: u64 = 1 << 20;

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Index,
    /// Less than this.
    Random(u64),
    Letters(u64),
    Uuid,
}

impl Template {
    /// Reads a text with placeholders.
    ///
    /// # Errors
    ///
    /// A placeholder that does not exist or does not end, and what there is.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((inside, after)) = after.split_once("}}") else {
                return Err(format!("`{{{{{}` has no `}}}}`", shortened(after)));
            };
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::parse(inside.trim())?);
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        parts.retain(|part| *part != Part::Text(String::new()));
        Ok(Self { parts })
    }

    /// A text without placeholders, whatever stands in it.
    pub(crate) fn verbatim(text: &str) -> Self {
        Self {
            parts: vec![Part::Text(text.to_owned())],
        }
    }

    /// Whether it is the same text for every call.
    pub(crate) fn is_constant(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Text(_)))
    }

    /// The text for the call of this number.
    pub(crate) fn render(&self, number: u64) -> String {
        let mut text = String::new();
        for part in &self.parts {
            part.render(number, &mut text);
        }
        text
    }
}

impl Part {
    fn parse(inside: &str) -> Result<Self, String> {
        let (name, argument) = match inside.split_once(':') {
            Some((name, argument)) => (name, Some(argument)),
            None => (inside, None),
        };
        let number = argument.map(|argument| argument.trim().parse::<u64>());
        match (name, number) {
            ("index", None) => Ok(Part::Index),
            ("random", None) => Ok(Part::Random(MAX_RANDOM + 1)),
            ("random", Some(Ok(below @ 1..))) => Ok(Part::Random(below)),
            ("letters", Some(Ok(letters @ ..=MAX_LETTERS))) => Ok(Part::Letters(letters)),
            ("uuid", None) => Ok(Part::Uuid),
            _ => Err(format!(
                "there is no placeholder `{{{{{inside}}}}}`. There are\n{PLACEHOLDERS}"
            )),
        }
    }

    fn render(&self, number: u64, text: &mut String) {
        // Writing to a `String` does not fail.
        let _ = match self {
            Part::Text(part) => text.write_str(part),
            Part::Index => write!(text, "{number}"),
            Part::Random(below) => write!(text, "{}", fastrand::u64(..below)),
            Part::Letters(letters) => {
                text.extend((0..*letters).map(|_| fastrand::alphabetic()));
                Ok(())
            }
            Part::Uuid => write_uuid(fastrand::u128(..), text),
        };
    }
}

/// The first characters, for an error.
fn shortened(text: &str) -> String {
    text.chars().take(20).collect()
}

/// A random UUID: version 4, the variant of RFC 9562.
fn write_uuid(random: u128, text: &mut String) -> std::fmt::Result {
    let value = random & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    write!(
        text,
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        value >> 96,
        value >> 80 & 0xffff,
        value >> 64 & 0xffff,
        value >> 48 & 0xffff,
        value & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(text: &str, number: u64) -> String {
        Template::parse(text).unwrap().render(number)
    }

    #[test]
    fn placeholders_are_replaced() {
        assert_eq!(render(r#"{"id": {{index}}}"#, 7), r#"{"id": 7}"#);
        assert_eq!(render("{{ index }}{{index}}", 1), "11");
        assert_eq!(render("{{random:1}}", 0), "0");
        assert!(render("{{random}}", 0).parse::<i32>().unwrap() >= 0);
        let letters = render("{{letters:64}}", 0);
        assert_eq!(letters.len(), 64);
        assert!(letters.chars().all(|letter| letter.is_ascii_alphabetic()));
    }

    #[test]
    fn a_uuid_has_its_version_and_variant() {
        let uuid = render("{{uuid}}", 0);
        let lengths: Vec<_> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{uuid}");
        assert_eq!(&uuid[14..15], "4", "{uuid}");
        assert!("89ab".contains(&uuid[19..20]), "{uuid}");
        assert_ne!(uuid, render("{{uuid}}", 0));
    }

    #[test]
    fn a_text_without_placeholders_is_constant() {
        assert!(Template::parse(r#"{"a": {"b": 1}}"#).unwrap().is_constant());
        assert!(!Template::parse("{{index}}").unwrap().is_constant());
        assert!(Template::verbatim("{{index}}").is_constant());
        assert_eq!(Template::verbatim("{{index}}").render(0), "{{index}}");
    }

    #[test]
    fn what_is_no_placeholder_is_an_error_that_lists_them() {
        for text in [
            "{{indx}}",
            "{{random:0}}",
            "{{letters}}",
            "{{letters:9999999}}",
            "{{uuid:1}}",
        ] {
            let error = Template::parse(text).unwrap_err();
            assert!(
                error.contains(text) && error.contains("{{index}}"),
                "{error}"
            );
        }
        let error = Template::parse("{{index").unwrap_err();
        assert!(error.contains("`{{index` has no `}}`"), "{error}");
    }
}
