//! Bars in a terminal.

use std::env;

use super::bins::Bin;
use super::units;

/// Characters in a line if nobody says.
const COLUMNS: usize = 80;

/// The shortest bar, which is drawn even where it does not fit.
const LEAST_BAR: usize = 8;

/// The widest bar, beyond which nobody sees more.
const LONGEST_BAR: usize = 60;

/// What there is to draw with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Canvas {
    /// Characters in a line.
    pub(crate) columns: usize,
    /// Whether bars may end with an eighth of a block; else they are made of `#`.
    pub(crate) unicode: bool,
}

impl Canvas {
    /// The terminal at standard output. What is no terminal is as wide as most are.
    pub(crate) fn of_terminal() -> Self {
        let terminal = terminal_size::terminal_size();
        let columns = terminal.map(|(width, _)| usize::from(width.0));
        Self {
            columns: columns.unwrap_or(COLUMNS),
            unicode: speaks_unicode(|name| env::var(name).ok()),
        }
    }
}

/// Whether the locale is one of UTF-8. The first of these variables that is set counts.
fn speaks_unicode(variable: impl Fn(&str) -> Option<String>) -> bool {
    let variables = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter();
    let locale = variables
        .filter_map(variable)
        .find(|locale| !locale.is_empty());
    let locale = locale.unwrap_or_default().to_ascii_uppercase();
    cfg!(windows) || locale.contains("UTF-8") || locale.contains("UTF8")
}

/// A line for each bin: the largest latency in it, a bar, and how many calls it has.
pub(crate) fn histogram(bins: &[Bin], canvas: Canvas) -> Vec<String> {
    let total: u64 = bins.iter().map(|bin| bin.calls).sum();
    let most = bins.iter().map(|bin| bin.calls).max().unwrap_or(0);
    let counts: Vec<_> = bins.iter().map(|bin| units::count(bin.calls)).collect();
    let digits = counts.iter().map(String::len).max().unwrap_or(0);
    // "  <= 12.3 ms |" before the bar, and " 1,234 12.3 %" behind it.
    let around = 15 + 1 + digits + 8;
    let length = canvas.columns.saturating_sub(around);
    let length = length.clamp(LEAST_BAR, LONGEST_BAR);
    let lines = bins.iter().zip(&counts).map(|(bin, count)| {
        let bar = bar(bin.calls as f64 / most as f64, length, canvas.unicode);
        let share = bin.calls as f64 / total as f64 * 100.0;
        let limit = units::time(bin.up_to_us);
        format!("  <= {limit:>8} |{bar:<length$} {count:>digits$} {share:>5.1} %")
    });
    lines.collect()
}

/// A bar that fills `share` (0 to 1) of so many characters. Nothing but zero is empty.
fn bar(share: f64, length: usize, unicode: bool) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let characters = share * length as f64;
    if !unicode {
        return "#".repeat(characters.ceil() as usize);
    }
    let eighths = (characters * 8.0).ceil() as usize;
    let mut bar = "█".repeat(eighths / 8);
    bar.push_str(EIGHTHS[eighths % 8]);
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins() -> Vec<Bin> {
        [(50.0, 1_000), (75.0, 2_000), (1_200.0, 1)]
            .map(|(up_to_us, calls)| Bin { up_to_us, calls })
            .to_vec()
    }

    fn canvas(columns: usize, unicode: bool) -> Canvas {
        Canvas { columns, unicode }
    }

    #[test]
    fn bars_are_as_long_as_the_largest_bin_is_full() {
        assert_eq!(
            histogram(&bins(), canvas(49, false)),
            [
                "  <=  50.0 us |##########           1,000  33.3 %",
                "  <=  75.0 us |#################### 2,000  66.6 %",
                "  <=  1.20 ms |#                        1   0.0 %",
            ]
        );
        let unicode = histogram(&bins(), canvas(49, true));
        assert_eq!(
            unicode[0],
            "  <=  50.0 us |██████████           1,000  33.3 %"
        );
        assert!(unicode[2].contains("|▏ "), "{unicode:?}");
    }

    #[test]
    fn lines_fit_the_terminal() {
        for columns in [40, 60, 80] {
            for line in histogram(&bins(), canvas(columns, true)) {
                assert!(line.chars().count() <= columns, "{columns}: {line:?}");
            }
        }
    }

    #[test]
    fn the_locale_says_what_to_draw_with() {
        let locale = |set: &'static [(&str, &str)]| {
            speaks_unicode(|name| {
                let found = set.iter().find(|(variable, _)| *variable == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(locale(&[("LANG", "en_US.UTF-8")]));
        assert!(locale(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")]));
        if cfg!(not(windows)) {
            assert!(!locale(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]));
            assert!(!locale(&[]));
        }
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert!(histogram(&[], canvas(80, true)).is_empty());
    }
}
