//! Where results and errors go: text for people, or JSON for programs.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, Write};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use clap::ColorChoice;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::exit::Exit;

/// What is wrong.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// What to do about it, and what went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Names and places.
pub(crate) const NAME: Style = AnsiColor::Cyan.on_default();
/// What matters most in a line.
pub(crate) const STRONG: Style = Style::new().bold();
/// What matters least.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// `text` in a style, which is left out where colors are not wanted.
pub(crate) fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// `text` of somebody else, whose control characters would command the terminal: they are shown escaped.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let commands = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(commands) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match commands(c) {
            true => escaped.extend(c.escape_default()),
            false => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Standard output and standard error. Results go to the first, everything about them to the second.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    stdout: AutoStream<io::Stdout>,
    stderr: AutoStream<io::Stderr>,
}

impl Output {
    /// With `json` results and errors are JSON. `color` is for text: by default it has colors on
    /// terminals, unless `NO_COLOR` is set.
    pub(crate) fn new(json: bool, color: ColorChoice) -> Self {
        let choice = match color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        Self {
            json,
            stdout: AutoStream::new(io::stdout(), choice),
            stderr: AutoStream::new(io::stderr(), choice),
        }
    }

    /// Whether results are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Writes a line of the result.
    ///
    /// # Errors
    ///
    /// Standard output is closed or full: end the command.
    pub(crate) fn line(&mut self, line: impl Display) -> Result<()> {
        writeln!(self.stdout, "{line}").map_err(|error| Error::output(&error))
    }

    /// Writes a part of the result as it is.
    ///
    /// # Errors
    ///
    /// Standard output is closed or full: end the command.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.stdout.write_all(bytes);
        let flushed = written.and_then(|()| self.stdout.flush());
        flushed.map_err(|error| Error::output(&error))
    }

    /// Writes a result as one line of JSON.
    ///
    /// # Errors
    ///
    /// Standard output is closed or full: end the command.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<()> {
        let line = serde_json::to_string(value).map_err(|error| Error::output(&error.into()))?;
        self.line(line)
    }

    /// Says something about the result, on standard error; not with `--json`.
    pub(crate) fn note(&mut self, note: impl Display) {
        if !self.json {
            self.say(note);
        }
    }

    /// Says something about the result to programs, on standard error; only with `--json`.
    pub(crate) fn report(&mut self, value: &serde_json::Value) {
        if self.json {
            self.say(value);
        }
    }

    /// Says why the command failed.
    pub(crate) fn error(&mut self, error: &Error) {
        if error.exit() == Exit::Success {
            return;
        }
        if self.json {
            self.say(error.to_json());
            return;
        }
        for diagnostic in error.diagnostics() {
            self.say(format_args!("{diagnostic}\n"));
        }
        self.say(format_args!(
            "{}: {}",
            styled(BAD, "error"),
            printable(error.message())
        ));
        if let Some(help) = error.help() {
            let help = printable(help);
            self.say(format_args!("  {}: {help}", styled(GOOD, "help")));
        }
    }

    fn say(&mut self, line: impl Display) {
        // Nobody is left who could be told.
        let _ = writeln!(self.stderr, "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_of_others_are_shown_and_not_obeyed() {
        assert_eq!(printable("a\u{1b}[2Jb\n\u{9b}"), "a\\u{1b}[2Jb\n\\u{9b}");
        assert!(matches!(printable("a\tb"), Cow::Borrowed("a\tb")));
    }
}
