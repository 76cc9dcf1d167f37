//! Numbers with units.

use std::time::Duration;

/// How durations are written.
pub(super) const DURATION: &str = "a duration in ms, s, m or h, such as 250ms, 30s, 5m or 1h";

/// How sizes are written.
pub(super) const SIZE: &str = "a size in bytes, KiB, MiB or GiB, such as 4096, 64KiB or 4MiB";

/// Units of time, in milliseconds.
const TIMES: &[(&str, u64)] = &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

/// Units of size, in bytes.
const SIZES: &[(&str, u64)] = &[
    ("", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// A duration, if `text` is one. Zero is one without a unit.
pub(super) fn duration(text: &str) -> Option<Duration> {
    match text {
        "0" => Some(Duration::ZERO),
        text => scaled(text, TIMES).map(Duration::from_millis),
    }
}

/// A number of bytes, if `text` is one.
pub(super) fn size(text: &str) -> Option<u64> {
    scaled(text, SIZES)
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        for (text, millis) in [
            ("250ms", 250),
            ("30s", 30_000),
            ("30 s", 30_000),
            ("5m", 300_000),
            ("1h", 3_600_000),
            ("0s", 0),
            ("0", 0),
        ] {
            assert_eq!(
                duration(text),
                Some(Duration::from_millis(millis)),
                "{text}"
            );
        }
        for text in [
            "",
            "30",
            "s",
            "-1s",
            "1.5s",
            "1d",
            "30S",
            "1h 30m",
            "9999999999999999h",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_are_bytes_or_have_a_binary_unit() {
        for (text, bytes) in [
            ("0", 0),
            ("4096", 4096),
            ("64KiB", 65_536),
            ("4 MiB", 4_194_304),
            ("2GiB", 2_147_483_648),
        ] {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
        for text in [
            "",
            "KiB",
            "4MB",
            "4M",
            "4mib",
            "-1",
            "1.5MiB",
            "99999999999GiB",
        ] {
            assert_eq!(size(text), None, "{text}");
        }
    }
}
