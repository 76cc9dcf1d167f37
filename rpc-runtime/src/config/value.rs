//! What is expected of values.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::error::ConfigError;
use super::node::{Content, Node};
use super::settings::suggestion;
use super::units;
#[cfg(feature = "compression")]
use crate::compression::Compression;
use crate::transport::Target;

impl Node {
    /// A text, what it is called in errors. An empty one is none.
    pub(super) fn text(&self, what: &str) -> Result<&str, ConfigError> {
        match &self.content {
            Content::Text(text) if !text.is_empty() => Ok(text),
            _ => Err(self.expected(what)),
        }
    }

    /// A text that means something else.
    fn parsed<T>(
        &self,
        what: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        parse(self.text(what)?).ok_or_else(|| self.expected(what))
    }

    pub(super) fn flag(&self) -> Result<bool, ConfigError> {
        self.parsed("true or false", |text| text.parse().ok())
    }

    /// A whole number in a range, which must be within that of the type.
    pub(super) fn number<T: TryFrom<u64>>(
        &self,
        range: RangeInclusive<u64>,
    ) -> Result<T, ConfigError> {
        let what = match range.end() {
            &u64::MAX => format!("a whole number from {}", range.start()),
            end => format!("a whole number from {} to {end}", range.start()),
        };
        self.parsed(&what, |text| {
            let number = text.parse().ok().filter(|number| range.contains(number));
            number.and_then(|number| T::try_from(number).ok())
        })
    }

    /// At least one of something.
    pub(super) fn count<T: TryFrom<u64>>(&self) -> Result<T, ConfigError> {
        self.number(1..=u64::MAX)
    }

    /// Any number of something.
    pub(super) fn any_count(&self) -> Result<usize, ConfigError> {
        self.number(0..=u64::MAX)
    }

    /// A number above 0, perhaps with a fraction.
    pub(super) fn factor(&self) -> Result<f64, ConfigError> {
        self.parsed("a number above 0, such as 2 or 0.1", |text| {
            let number = text.parse::<f64>().ok();
            number.filter(|number| number.is_finite() && *number > 0.0)
        })
    }

    /// A size, in bytes.
    pub(super) fn size<T: TryFrom<u64>>(&self) -> Result<T, ConfigError> {
        self.parsed(units::SIZE, |text| {
            units::size(text).and_then(|bytes| T::try_from(bytes).ok())
        })
    }

    pub(super) fn duration(&self) -> Result<Duration, ConfigError> {
        self.parsed(units::DURATION, units::duration)
    }

    /// A duration, or the word `none`.
    pub(super) fn duration_or_none(&self) -> Result<Option<Duration>, ConfigError> {
        let what = format!("{}, or none", units::DURATION);
        self.parsed(&what, |text| match text {
            "none" => Some(None),
            text => units::duration(text).map(Some),
        })
    }

    /// A duration, or the longest if it is `none`.
    pub(super) fn interval(&self) -> Result<Duration, ConfigError> {
        Ok(self.duration_or_none()?.unwrap_or(Duration::MAX))
    }

    #[cfg(feature = "compression")]
    pub(super) fn algorithms(&self) -> Result<Vec<Compression>, ConfigError> {
        let algorithms: Vec<_> = Compression::ALL
            .iter()
            .map(|algorithm| (algorithm.name(), *algorithm))
            .collect();
        self.some_of(&algorithms)
    }

    pub(super) fn ip(&self) -> Result<IpAddr, ConfigError> {
        let what = "an IP address, such as 127.0.0.1, 0.0.0.0 or ::1 (a name is written as \
                    address: name:port)";
        self.parsed(what, |text| text.parse().ok())
    }

    /// What a server listens on, or a client connects to.
    pub(super) fn target(&self) -> Result<Target, ConfigError> {
        let text = self.text("a target, such as 127.0.0.1:8000 or unix:/run/hello.sock")?;
        Target::parse(text).map_err(|error| {
            let error = std::io::Error::from(error);
            self.error(error.to_string()).because(error)
        })
    }

    /// One of several words.
    pub(super) fn one_of<T>(&self, words: &[(&str, T)]) -> Result<T, ConfigError>
    where
        T: Copy,
    {
        let names: Vec<_> = words.iter().map(|(name, _)| *name).collect();
        let text = self.text(&names.join(" or "))?;
        let word = words.iter().find(|(name, _)| *name == text);
        word.map(|(_, value)| *value).ok_or_else(|| {
            let suggestion = suggestion(text, &names);
            self.error(format!("{text:?} is unknown here; {suggestion}"))
        })
    }

    /// Several of several words.
    pub(super) fn some_of<T>(&self, words: &[(&str, T)]) -> Result<Vec<T>, ConfigError>
    where
        T: Copy,
    {
        self.list()?.iter().map(|node| node.one_of(words)).collect()
    }
}
