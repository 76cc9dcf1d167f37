//! Where a JSON text ends, in bytes that come bit by bit.

use std::fmt;

/// Objects and arrays within each other that a text may have: as many as protobuf has messages,
/// and some around them.
const MAX_DEPTH: u32 = 128;

/// Finds the ends of objects and arrays that follow each other, with whatever between them and
/// within them: no line breaks are needed.
///
/// It reads each byte once, however many parts a text comes in, and checks no more of it than it
/// has to know: brackets and strings.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    /// How much of the text was read, in bytes.
    read: usize,
    /// Objects and arrays that are open.
    depth: u32,
    /// Which of them are objects; the innermost is the lowest bit.
    objects: u128,
    in_string: bool,
}

/// Why nobody can say where a text ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// It does not begin with an object or an array.
    Beginning(u8),
    /// A bracket closes what is not open.
    Bracket(u8),
    /// A line ends within a string.
    LineBreak,
    TooDeep,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::Beginning(byte) => write!(
                f,
                "a request is an object or an array of them, and this begins with '{}'",
                byte.escape_ascii()
            ),
            Broken::Bracket(byte) => write!(
                f,
                "there is a '{}' that closes nothing",
                byte.escape_ascii()
            ),
            Broken::LineBreak => f.write_str("a line ends within a string"),
            Broken::TooDeep => write!(
                f,
                "there are more than {MAX_DEPTH} objects and arrays within each other"
            ),
        }
    }
}

/// How many of the first bytes mean nothing between texts.
pub(crate) fn whitespace(input: &[u8]) -> usize {
    let other = input
        .iter()
        .position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    other.unwrap_or(input.len())
}

impl Scanner {
    /// Whether nothing of the next text was read.
    pub(crate) fn is_between_texts(&self) -> bool {
        self.read == 0
    }

    /// The length of the text that `input` begins with; `None` if it is not whole. Then `input` is
    /// to be longer the next time, and otherwise to be what comes behind.
    ///
    /// # Errors
    ///
    /// [`Broken`] if there is no telling. The scanner is not to be used any more.
    pub(crate) fn end(&mut self, input: &[u8]) -> Result<Option<usize>, Broken> {
        while let Some(rest) = input.get(self.read..)
            && let Some(&byte) = rest.first()
        {
            if self.in_string {
                self.string(rest)?;
                continue;
            }
            self.read += 1;
            match byte {
                b'{' | b'[' => self.open(byte == b'{')?,
                b'}' | b']' if self.depth == 0 || (self.objects & 1 == 1) != (byte == b'}') => {
                    return Err(Broken::Bracket(byte));
                }
                b'}' | b']' => {
                    self.depth -= 1;
                    self.objects >>= 1;
                    if self.depth == 0 {
                        return Ok(Some(std::mem::take(self).read));
                    }
                }
                _ if self.depth == 0 => return Err(Broken::Beginning(byte)),
                b'"' => self.in_string = true,
                _ => {}
            }
        }
        Ok(None)
    }

    fn open(&mut self, object: bool) -> Result<(), Broken> {
        if self.depth == MAX_DEPTH {
            return Err(Broken::TooDeep);
        }
        self.depth += 1;
        self.objects = self.objects << 1 | u128::from(object);
        Ok(())
    }

    /// Reads on in a string, of which `rest` is what comes next.
    fn string(&mut self, rest: &[u8]) -> Result<(), Broken> {
        let Some(at) = memchr::memchr3(b'"', b'\\', b'\n', rest) else {
            self.read += rest.len();
            return Ok(());
        };
        self.read += at;
        match rest[at] {
            b'\n' => return Err(Broken::LineBreak),
            b'"' => {
                self.in_string = false;
                self.read += 1;
            }
            // What is escaped may not have come; then `read` is beyond what has.
            _ => self.read += 2,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All texts of `input`, which comes in parts that end at `cuts`.
    fn texts(input: &[u8], cuts: impl Iterator<Item = usize>) -> Result<Vec<String>, Broken> {
        let mut scanner = Scanner::default();
        let (mut from, mut texts) = (0, Vec::new());
        for cut in cuts.chain([input.len()]) {
            loop {
                // Nothing is passed over within a text.
                if scanner.is_between_texts() {
                    from += whitespace(&input[from.min(cut)..cut]);
                }
                match scanner.end(&input[from..cut.max(from)])? {
                    Some(length) => {
                        texts.push(String::from_utf8(input[from..from + length].to_vec()).unwrap());
                        from += length;
                    }
                    None => break,
                }
            }
        }
        Ok(texts)
    }

    #[test]
    fn texts_are_told_apart_whatever_is_between_and_within_them() {
        let expected = [
            r#"{"a":"}]\"{[","b":[{},[]]}"#,
            "{\n  \"pretty\": {\r\n \"printed\": \"\\\\\" }\n}",
            r#"[1,{"a":"\\\""}]"#,
            "{}",
            "[]",
        ];
        for separator in ["", "\n", "\r\n", " \t\n\r "] {
            let input = expected.join(separator);
            let whole = texts(input.as_bytes(), std::iter::empty());
            assert_eq!(whole.unwrap(), expected);
            let bit_by_bit = texts(input.as_bytes(), 0..input.len());
            assert_eq!(bit_by_bit.unwrap(), expected, "{separator:?}");
        }
    }

    #[test]
    fn what_has_no_end_is_found_out_at_the_byte_that_shows_it() {
        for (input, error) in [
            ("x", Broken::Beginning(b'x')),
            ("\"", Broken::Beginning(b'"')),
            ("1", Broken::Beginning(b'1')),
            ("]", Broken::Bracket(b']')),
            ("{]", Broken::Bracket(b']')),
            ("[{}}", Broken::Bracket(b'}')),
            ("{\"a\n", Broken::LineBreak),
        ] {
            let found = Scanner::default().end(input.as_bytes());
            assert_eq!(found, Err(error), "{input}");
            let before = &input.as_bytes()[..input.len() - 1];
            assert_eq!(Scanner::default().end(before), Ok(None), "{input}");
        }
    }

    #[test]
    fn depth_has_a_limit() {
        let deep = |depth| ["[".repeat(depth), "]".repeat(depth)].concat();
        assert_eq!(Scanner::default().end(deep(128).as_bytes()), Ok(Some(256)));
        let too_deep = Scanner::default().end(deep(129).as_bytes());
        assert_eq!(too_deep, Err(Broken::TooDeep));
    }

    proptest! {
        #[test]
        fn any_bytes_have_the_same_texts_however_they_are_cut(
            input in "[\\[\\]{}\"\\\\a \n]{0,40}",
            cuts in prop::collection::vec(0usize..40, 0..4),
        ) {
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(input.len())).collect();
            cuts.sort_unstable();
            let whole = texts(input.as_bytes(), std::iter::empty());
            let cut = texts(input.as_bytes(), cuts.into_iter());
            prop_assert_eq!(cut, whole);
        }
    }
}
