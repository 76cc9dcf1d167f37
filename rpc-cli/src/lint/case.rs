//! Names as protobuf's style guide writes them.

use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};

/// A way to write names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// `lower_snake_case`
    LowerSnake,
    /// `UPPER_SNAKE_CASE`
    UpperSnake,
    /// `PascalCase`; `HTTPServer` is one, too
    Pascal,
}

impl Case {
    /// Whether `name` is written in this way.
    pub(super) fn has(self, name: &str) -> bool {
        let is_snake = |is_letter: fn(&u8) -> bool| {
            let parts = name.split('_');
            name.as_bytes().first().is_some_and(is_letter)
                && parts.into_iter().all(|part| !part.is_empty())
                && name
                    .bytes()
                    .all(|c| is_letter(&c) || c.is_ascii_digit() || c == b'_')
        };
        match self {
            Self::LowerSnake => is_snake(u8::is_ascii_lowercase),
            Self::UpperSnake => is_snake(u8::is_ascii_uppercase),
            Self::Pascal => {
                name.starts_with(|c: char| c.is_ascii_uppercase())
                    && name.bytes().all(|c| c.is_ascii_alphanumeric())
            }
        }
    }

    /// `name` written in this way.
    pub(super) fn of(self, name: &str) -> String {
        match self {
            Self::LowerSnake => name.to_snake_case(),
            Self::UpperSnake => name.to_shouty_snake_case(),
            Self::Pascal => name.to_upper_camel_case(),
        }
    }

    /// What people call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::LowerSnake => "lower_snake_case",
            Self::UpperSnake => "UPPER_SNAKE_CASE",
            Self::Pascal => "PascalCase",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_by_how_they_are_written() {
        for (case, right, wrong) in [
            (Case::LowerSnake, ["a", "item_name2"], ["itemName", "a__b"]),
            (Case::LowerSnake, ["a_1", "v1"], ["_a", "a_"]),
            (Case::UpperSnake, ["A", "ITEM_NAME2"], ["Item_NAME", "A_"]),
            (
                Case::Pascal,
                ["A", "HTTPServer2"],
                ["itemName", "Item_Name"],
            ),
        ] {
            for name in right {
                assert!(case.has(name), "{name} is {}", case.name());
            }
            for name in wrong {
                assert!(!case.has(name), "{name} is not {}", case.name());
                assert!(case.has(&case.of(name)), "{name} can be mended");
            }
        }
    }
}
