//! Settings by their keys.

use super::error::ConfigError;
use super::node::Node;
use crate::nearest::nearest;

/// How alike two words must be for the one to be a misspelling of the other, from 0 to 1.
const ALIKE: f64 = 0.75;

/// A key, and what its value does to a builder.
pub(super) type Setting<B> = (&'static str, fn(B, &Node) -> Result<B, ConfigError>);

/// The setting that has the name of the builder's method which it calls; `$read` is what reads its
/// value.
macro_rules! setting {
    ($method:ident, $read:ident) => {
        (stringify!($method), |builder, value| {
            Ok(builder.$method(value.$read()?))
        })
    };
}

pub(super) use setting;

/// Does to `builder` what a section says. The keys in `others` are somebody else's.
pub(super) fn apply<B>(
    section: &Node,
    others: &[&'static str],
    settings: &[Setting<B>],
    mut builder: B,
) -> Result<B, ConfigError> {
    let keys = settings.iter().map(|(key, _)| *key);
    let known: Vec<_> = others.iter().copied().chain(keys).collect();
    section.only(&known)?;
    for entry in section.entries()? {
        let mut settings = settings.iter();
        if let Some((_, apply)) = settings.find(|(key, _)| *key == entry.name) {
            builder = apply(builder, &entry.value)?;
        }
    }
    Ok(builder)
}

impl Node {
    /// Fails at a key that is not known.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), ConfigError> {
        let mut entries = self.entries()?.iter();
        match entries.find(|entry| !known.contains(&&*entry.name)) {
            Some(entry) => {
                let message = format!("the key is unknown; {}", suggestion(&entry.name, known));
                Err(self.error_at(entry.place, self.key_of(&entry.name), message))
            }
            None => Ok(()),
        }
    }

    /// The setting is not compiled in.
    #[cfg_attr(
        all(
            feature = "_json",
            feature = "compression",
            feature = "json",
            feature = "tls"
        ),
        expect(dead_code, reason = "every setting is compiled in")
    )]
    pub(super) fn missing_feature(&self, feature: &str) -> ConfigError {
        self.error(format!("enable the feature {feature} of rpc-runtime"))
    }
}

/// What somebody may have meant.
pub(super) fn suggestion(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied(), ALIKE) {
        Some(name) => format!("did you mean {name}?"),
        None if known.is_empty() => "none is known".to_owned(),
        None => format!("known are {}", known.join(", ")),
    }
}
