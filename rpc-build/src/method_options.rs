//! The options of methods in `rpc/options.proto`: what they are set to, or why they cannot be.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use prost_types::method_options::IdempotencyLevel;
use prost_types::{FileDescriptorProto, MethodOptions as StandardOptions};
use protox::prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, Value};

use crate::diagnostic::Diagnostic;
use crate::element::field;
use crate::include::Source;
use crate::load::Loaded;
use crate::location::Location;

/// The name under which the file with the options is imported.
pub(crate) const FILE: &str = "rpc/options.proto";
/// Its text.
pub(crate) const TEXT: &str = include_str!("../proto/rpc/options.proto");

const DEFAULT_INITIAL_BACKOFF: Duration = Duration::from_millis(100);
const DEFAULT_MAX_BACKOFF: Duration = Duration::from_secs(10);
const DEFAULT_BACKOFF_MULTIPLIER: f64 = 2.0;
/// The longest duration, in hours: more than a hundred years, which every clock can be moved by.
const MAX_HOURS: u64 = 1_000_000;

/// What the options of one method are set to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct MethodOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) idempotent: bool,
    pub(crate) blocking: bool,
    pub(crate) aliases: Vec<String>,
}

/// The option `(rpc.retry)`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RetryPolicy {
    pub(crate) max_attempts: u32,
    pub(crate) initial_backoff: Duration,
    pub(crate) max_backoff: Duration,
    pub(crate) backoff_multiplier: f64,
}

/// The options of all methods that have some, by path: `helloworld.Hello/Hello`. Every option whose value
/// makes no sense is added to `diagnostics`.
pub(crate) fn read(
    loaded: &Loaded,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, MethodOptions> {
    let mut all = BTreeMap::new();
    let pool = &loaded.pool;
    if pool.get_file_by_name(FILE).is_none() {
        return all;
    }
    for service in pool.services() {
        let file = service.parent_file();
        let mut names: HashSet<String> = service.methods().map(|each| each.name().into()).collect();
        for method in service.methods() {
            let reader = Reader {
                pool,
                file: file.file_descriptor_proto(),
                source: loaded.sources.get(file.name()),
                path: method.path(),
                options: method.options(),
            };
            let options = reader.read(&method, &mut names, diagnostics);
            if options != MethodOptions::default() {
                let path = format!("{}/{}", service.full_name(), method.name());
                all.insert(path, options);
            }
        }
    }
    all
}

/// Reads the options of one method.
struct Reader<'a> {
    pool: &'a DescriptorPool,
    file: &'a FileDescriptorProto,
    source: Option<&'a Source>,
    /// The path of the method in the file.
    path: &'a [i32],
    options: DynamicMessage,
}

impl Reader<'_> {
    /// `names` are those that the methods of the service have.
    fn read(
        &self,
        method: &MethodDescriptor,
        names: &mut HashSet<String>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> MethodOptions {
        let standard = method.method_descriptor_proto().options.clone();
        let idempotent = self.idempotent(&standard.unwrap_or_default());
        MethodOptions {
            timeout: or_report(self.timeout(), diagnostics),
            retry: self.retry(diagnostics),
            idempotent: or_report(idempotent, diagnostics),
            blocking: self.value("blocking").and_then(|value| value.as_bool()) == Some(true),
            aliases: self.aliases(names, diagnostics),
        }
    }

    fn timeout(&self) -> Result<Option<Duration>, Diagnostic> {
        let Some(value) = self.value("timeout") else {
            return Ok(None);
        };
        let text = value.as_str().unwrap_or_default();
        let timeout = match duration(text) {
            Ok(timeout) if timeout.is_zero() => Err("a timeout is longer than 0".to_owned()),
            other => other,
        };
        let timeout = timeout.map_err(|mistake| self.complain("timeout", text, mistake))?;
        Ok(Some(timeout))
    }

    fn retry(&self, diagnostics: &mut Vec<Diagnostic>) -> Option<RetryPolicy> {
        let value = self.value("retry")?;
        let message = value.as_message()?;
        let get = |name| message.get_field_by_name(name);
        let known = diagnostics.len();
        let mut backoff = |name, default| match get(name) {
            Some(value) if value.as_str() != Some("") => {
                let text = value.as_str().unwrap_or_default();
                let mistake = |mistake| self.complain("retry", text, format!("{name}: {mistake}"));
                let duration = duration(text).map(Some).map_err(mistake);
                or_report(duration, diagnostics)
            }
            _ => Some(default),
        };
        let initial_backoff = backoff("initial_backoff", DEFAULT_INITIAL_BACKOFF);
        let default = DEFAULT_MAX_BACKOFF.max(initial_backoff.unwrap_or_default());
        let max_backoff = backoff("max_backoff", default);
        let max_attempts = get("max_attempts").and_then(|value| value.as_u32());
        let max_attempts = max_attempts.unwrap_or_default();
        let multiplier = get("backoff_multiplier").and_then(|value| value.as_f64());
        let multiplier = multiplier.filter(|multiplier| *multiplier != 0.0);
        let multiplier = multiplier.unwrap_or(DEFAULT_BACKOFF_MULTIPLIER);

        let mut require = |is_right: bool, name: &str, mistake: &str| {
            if !is_right {
                let message = format!("{name} {mistake}");
                diagnostics.push(self.complain("retry", name, message));
            }
        };
        let mistake = "counts the first attempt, so it is at least 2";
        require(max_attempts >= 2, "max_attempts", mistake);
        let grows = multiplier.is_finite() && multiplier >= 1.0;
        require(grows, "backoff_multiplier", "is at least 1");
        let (initial_backoff, max_backoff) = (initial_backoff?, max_backoff?);
        let is_in_order = initial_backoff <= max_backoff;
        require(is_in_order, "max_backoff", "is less than initial_backoff");
        (diagnostics.len() == known).then_some(RetryPolicy {
            max_attempts,
            initial_backoff,
            max_backoff,
            backoff_multiplier: multiplier,
        })
    }

    fn idempotent(&self, standard: &StandardOptions) -> Result<bool, Diagnostic> {
        let Some(value) = self.value("idempotent") else {
            return Ok(false);
        };
        let level = standard.idempotency_level();
        if value.as_bool() == Some(false) && level != IdempotencyLevel::IdempotencyUnknown {
            let message = format!("idempotency_level is {}", level.as_str_name());
            return Err(self.complain("idempotent", "false", message));
        }
        Ok(value.as_bool() == Some(true))
    }

    fn aliases(
        &self,
        names: &mut HashSet<String>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<String> {
        let value = self.value("alias");
        let list = value.as_ref().and_then(|value| value.as_list());
        let mut aliases = Vec::new();
        for alias in list.unwrap_or_default().iter().filter_map(Value::as_str) {
            let is_name = alias.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && alias.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            let mistake = if !is_name {
                format!("'{alias}' is no name of a method")
            } else if !names.insert(alias.to_owned()) {
                format!("the service has another method that is called '{alias}'")
            } else {
                aliases.push(alias.to_owned());
                continue;
            };
            diagnostics.push(self.complain("alias", alias, mistake));
        }
        aliases
    }

    /// What the option `(rpc.name)` is set to.
    fn value(&self, name: &str) -> Option<Value> {
        let extension = self.pool.get_extension_by_name(&format!("rpc.{name}"))?;
        self.options
            .has_extension(&extension)
            .then(|| self.options.get_extension(&extension).into_owned())
    }

    /// Says that `word` is wrong in what the option `(rpc.name)` is set to.
    fn complain(&self, name: &str, word: &str, message: String) -> Diagnostic {
        let message = format!("option (rpc.{name}): {message}");
        let number = self.pool.get_extension_by_name(&format!("rpc.{name}"));
        let number = number.map_or(0, |extension| extension.number() as i32);
        let path = [self.path, &[field::METHOD_OPTIONS, number]].concat();
        // Parts of an option, and elements of a list, have longer paths.
        let locations = self
            .file
            .source_code_info
            .iter()
            .flat_map(|info| &info.location);
        let places = locations
            .map(|location| &location.path)
            .filter(|place| place.starts_with(&path));
        let Some(source) = self.source else {
            return Diagnostic::without_location(message);
        };
        let whole = Location::of_element(self.file, &path, source);
        let words = places.map(|place| Location::of_word(self.file, place, source, word));
        // The statement that has the word, where there are several.
        let location = words.max_by_key(|location| location.text() == word);
        Diagnostic::new(message, location.unwrap_or(whole))
    }
}

/// What is right, or the default after adding what is wrong to `diagnostics`.
fn or_report<T: Default>(outcome: Result<T, Diagnostic>, diagnostics: &mut Vec<Diagnostic>) -> T {
    outcome.unwrap_or_else(|diagnostic| {
        diagnostics.push(diagnostic);
        T::default()
    })
}

/// Reads `text`, a number with a unit.
///
/// # Errors
///
/// What is wrong with it.
fn duration(text: &str) -> Result<Duration, String> {
    let not_a_duration = || {
        let example = "write a number and a unit, such as \"1.5s\" or \"200ms\"";
        format!("'{text}' is not a duration: {example}")
    };
    let unit_start = text.find(|c: char| c.is_ascii_alphabetic());
    let (number, unit) = text.split_at(unit_start.unwrap_or(text.len()));
    let seconds = match unit {
        "h" => 3600.0,
        "m" => 60.0,
        "s" => 1.0,
        "ms" => 1e-3,
        "us" => 1e-6,
        _ => return Err(not_a_duration()),
    };
    let number: f64 = number.parse().map_err(|_| not_a_duration())?;
    if number.is_sign_negative() {
        return Err(not_a_duration());
    }
    let duration = Duration::try_from_secs_f64(number * seconds).ok();
    let too_long = || format!("'{text}' is too long: the longest is \"{MAX_HOURS}h\"");
    let is_short = |duration: &Duration| duration.as_secs() <= MAX_HOURS * 3600;
    duration.filter(is_short).ok_or_else(too_long)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        let cases = [
            ("2s", Some(Duration::from_secs(2))),
            ("1.5s", Some(Duration::from_millis(1500))),
            ("100ms", Some(Duration::from_millis(100))),
            ("3us", Some(Duration::from_micros(3))),
            ("2m", Some(Duration::from_secs(120))),
            ("1h", Some(Duration::from_secs(3600))),
            ("5", None),
            ("s", None),
            ("-1s", None),
            ("1 day", None),
            ("1000001h", None),
            ("99999999999999999999999s", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(duration(text).ok(), expected, "{text:?}");
        }
    }
}
