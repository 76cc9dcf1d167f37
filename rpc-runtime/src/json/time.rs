//! Points in time and spans of it, as JSON writes them.

use prost_types::{Duration, Timestamp};

/// The year 1 begins.
const MIN_TIMESTAMP: i64 = -62_135_596_800;
/// The last second of the year 9999.
const MAX_TIMESTAMP: i64 = 253_402_300_799;
/// What a timestamp begins with, with zeros for digits.
const DATE_AND_TIME: &str = "0000-00-00T00:00:00";
/// Ten thousand years, in seconds.
const MAX_DURATION: i64 = 315_576_000_000;
const MAX_NANOS: i32 = 999_999_999;

/// Reads `2026-11-21T17:30:00.5Z`, or the same with an offset such as `+01:00`.
pub(super) fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let (date_and_time, rest) = text.split_at_checked(DATE_AND_TIME.len())?;
    let (fraction, zone) = rest.split_at(rest.find(['Z', '+', '-'])?);
    let offset = zone.strip_prefix(['+', '-']);
    // A leap second has no place in a count of seconds.
    let is_strict = has_form(date_and_time, DATE_AND_TIME)
        && !date_and_time.ends_with(":60")
        && is_fraction(fraction)
        && (zone == "Z" || offset.is_some_and(|offset| has_form(offset, "00:00")));
    // The parser takes more than JSON may have.
    let timestamp = is_strict.then(|| text.parse().ok())??;
    is_timestamp(&timestamp).then_some(timestamp)
}

/// Reads `-1.5s`.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s')?;
    let number = number.strip_prefix('-').unwrap_or(number);
    let (seconds, fraction) = number.split_at(number.find('.').unwrap_or(number.len()));
    let is_strict = !seconds.is_empty()
        && seconds.bytes().all(|byte| byte.is_ascii_digit())
        && is_fraction(fraction);
    let duration = is_strict.then(|| text.parse().ok())??;
    is_duration(&duration).then_some(duration)
}

/// Writes a timestamp, if JSON has it.
pub(super) fn timestamp(seconds: i64, nanos: i32) -> Option<String> {
    let timestamp = Timestamp { seconds, nanos };
    is_timestamp(&timestamp).then(|| timestamp.to_string())
}

/// Writes a duration, if JSON has it.
pub(super) fn duration(seconds: i64, nanos: i32) -> Option<String> {
    let duration = Duration { seconds, nanos };
    is_duration(&duration).then(|| duration.to_string())
}

/// Whether a text has digits where `form` has zeros, and what `form` has elsewhere.
fn has_form(text: &str, form: &str) -> bool {
    let mut pairs = text.bytes().zip(form.bytes());
    text.len() == form.len()
        && pairs.all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            _ => byte == form,
        })
}

/// Nothing, or up to nanoseconds behind a point.
fn is_fraction(text: &str) -> bool {
    match text.strip_prefix('.') {
        Some(digits) => {
            (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        }
        None => text.is_empty(),
    }
}

fn is_timestamp(timestamp: &Timestamp) -> bool {
    (MIN_TIMESTAMP..=MAX_TIMESTAMP).contains(&timestamp.seconds)
        && (0..=MAX_NANOS).contains(&timestamp.nanos)
}

fn is_duration(duration: &Duration) -> bool {
    let one_sign = i64::from(duration.nanos.signum()) * duration.seconds.signum() >= 0;
    one_sign
        && (-MAX_DURATION..=MAX_DURATION).contains(&duration.seconds)
        && (-MAX_NANOS..=MAX_NANOS).contains(&duration.nanos)
}
