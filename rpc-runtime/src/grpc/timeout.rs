//! `grpc-timeout`: the time that is left for a call.

use std::time::Duration;

/// Digits that a timeout may have.
const MAX_DIGITS: usize = 8;

/// The units, the finest first, with their length in nanoseconds.
const UNITS: [(char, u64); 6] = [
    ('n', 1),
    ('u', 1_000),
    ('m', 1_000_000),
    ('S', 1_000_000_000),
    ('M', 60 * 1_000_000_000),
    ('H', 3_600 * 1_000_000_000),
];

/// A time as `grpc-timeout` has it: in the finest unit that it fits into, rounded up. Times above 11,000 years are
/// that long.
pub(crate) fn encode(timeout: Duration) -> String {
    let most = 10_u128.pow(MAX_DIGITS as u32) - 1;
    let in_unit = |nanos: u64| timeout.as_nanos().div_ceil(nanos.into());
    let fitting = UNITS.iter().find(|(_, nanos)| in_unit(*nanos) <= most);
    match fitting {
        Some((unit, nanos)) => format!("{}{unit}", in_unit(*nanos)),
        None => format!("{most}H"),
    }
}

/// The time that a `grpc-timeout` says; `None` if it is no time.
pub(crate) fn decode(value: &str) -> Option<Duration> {
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    if digits.len() > MAX_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    let (_, nanos) = UNITS.iter().find(|(name, _)| unit.starts_with(*name))?;
    let nanos = u128::from(number) * u128::from(*nanos);
    let seconds = u64::try_from(nanos / 1_000_000_000).ok()?;
    Some(Duration::new(seconds, (nanos % 1_000_000_000) as u32))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_time_is_sent_in_the_finest_unit_that_it_fits_into() {
        let cases = [
            (Duration::ZERO, "0n"),
            (Duration::from_nanos(1), "1n"),
            (Duration::from_millis(99), "99000000n"),
            (Duration::from_millis(100), "100000u"),
            (Duration::from_secs(2), "2000000u"),
            (Duration::from_secs(100), "100000m"),
            (Duration::from_secs(86_400 * 365), "31536000S"),
            (Duration::MAX, "99999999H"),
        ];
        for (time, text) in cases {
            assert_eq!(encode(time), text);
        }
    }

    #[test]
    fn every_unit_is_understood() {
        let cases = [
            ("7n", Duration::from_nanos(7)),
            ("7u", Duration::from_micros(7)),
            ("7m", Duration::from_millis(7)),
            ("7S", Duration::from_secs(7)),
            ("7M", Duration::from_secs(7 * 60)),
            ("99999999H", Duration::from_secs(99_999_999 * 3_600)),
        ];
        for (text, time) in cases {
            assert_eq!(decode(text), Some(time), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "S",
            "5",
            "5x",
            "-5S",
            "+5S",
            "5 S",
            "1.5S",
            "123456789n",
            "5é",
        ] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_time_comes_out_no_shorter_and_nearly_as_it_went_in(nanos in any::<u64>()) {
            let time = Duration::from_nanos(nanos);
            let read = decode(&encode(time)).expect("it was written");
            prop_assert!(read >= time);
            prop_assert!(read - time <= time / 1_000_000);
        }

        #[test]
        fn any_text_is_a_time_or_none(text in any::<String>()) {
            let _ = decode(&text);
        }
    }
}
