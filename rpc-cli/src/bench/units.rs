//! Numbers as people read them.

/// A count with commas: `1,234,567`.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count in a second: `1,234,567/s`, and `2.5/s` if it is small.
pub(crate) fn per_second(value: f64) -> String {
    match value < 100.0 {
        true => format!("{value:.1}/s"),
        false => format!("{}/s", count(value.round() as u64)),
    }
}

/// A time that is given in microseconds, with three digits: `52.3 us`, `1.07 ms`, `12.0 s`.
pub(crate) fn time(microseconds: f64) -> String {
    scaled(microseconds, 1_000.0, &["us", "ms"]).unwrap_or_else(|| {
        let seconds = microseconds / 1_000_000.0;
        format!("{} s", three_digits(seconds))
    })
}

/// A number of bytes, with three digits: `512 B`, `1.50 MB`.
pub(crate) fn bytes(bytes: f64) -> String {
    scaled(bytes, 1_000.0, &["B", "kB", "MB", "GB"])
        .unwrap_or_else(|| format!("{} TB", three_digits(bytes / 1e12)))
}

/// The value in the first unit in which it is less than `step`.
fn scaled(mut value: f64, step: f64, units: &[&str]) -> Option<String> {
    for unit in units {
        // What would be rounded up to the step belongs to the next unit.
        if value < step - 0.5 {
            return Some(format!("{} {unit}", three_digits(value)));
        }
        value /= step;
    }
    None
}

fn three_digits(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        value if value < 9.995 => format!("{value:.2}"),
        value if value < 99.95 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_commas() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ];
        for (value, text) in cases {
            assert_eq!(count(value), text);
        }
    }

    #[test]
    fn times_have_three_digits_and_a_unit() {
        for (microseconds, text) in [
            (0.0, "0 us"),
            (0.25, "0.25 us"),
            (52.34, "52.3 us"),
            (999.4, "999 us"),
            (999.6, "1.00 ms"),
            (12_345.0, "12.3 ms"),
            (1_500_000.0, "1.50 s"),
            (3_600_000_000.0, "3600 s"),
        ] {
            assert_eq!(time(microseconds), text);
        }
    }

    #[test]
    fn bytes_and_rates_have_units() {
        assert_eq!(bytes(512.0), "512 B");
        assert_eq!(bytes(1_500_000.0), "1.50 MB");
        assert_eq!(bytes(5e12), "5.00 TB");
        assert_eq!(per_second(2.5), "2.5/s");
        assert_eq!(per_second(845_123.4), "845,123/s");
    }
}
