//! A comparison as people read it.

use super::compare::{Change, Comparison, Verdict};
use super::units;

/// The lines of a comparison.
pub(crate) fn lines(comparison: &Comparison) -> Vec<String> {
    let title = ["", "before", "after", "change", "noise", ""].map(str::to_owned);
    let changes = comparison.changes.iter();
    let rows: Vec<_> = [title].into_iter().chain(changes.map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    let lines = rows
        .iter()
        .map(|[name, before, after, change, noise, verdict]| {
            let [a, b, c, d, e] = widths;
            let line = format!(
                "{name:a$}  {before:>b$}  {after:>c$}  {change:>d$}  {noise:>e$}  {verdict}"
            );
            line.trim_end().to_owned()
        });
    lines.collect()
}

fn row(change: &Change) -> [String; 6] {
    let (name, show): (_, fn(f64) -> String) = match change.name.strip_suffix("_us") {
        Some(name) => (name.replace('_', "."), units::time),
        None => (change.name.replace("_per_second", ""), units::per_second),
    };
    let percent = |percent: f64| format!("{percent:+.1} %");
    let verdict = match change.verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Noise => "within the noise",
        Verdict::Unknown => "too few intervals to tell",
    };
    [
        name,
        show(change.before),
        show(change.after),
        change.percent.map(percent).unwrap_or_default(),
        change
            .noise_percent
            .map(|noise| format!("{noise:.1} %"))
            .unwrap_or_default(),
        verdict.to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let change = |name, before, after, verdict| Change {
            name,
            before,
            after,
            percent: Some((after - before) / before * 100.0),
            noise_percent: (verdict != Verdict::Unknown).then_some(2.0),
            verdict,
        };
        let comparison = Comparison {
            different: Vec::new(),
            changes: vec![
                change("calls_per_second", 1_000.0, 1_200.0, Verdict::Better),
                change("p99_9_us", 50.0, 49.5, Verdict::Noise),
                change("max_us", 9_000.0, 18_000.0, Verdict::Unknown),
            ],
        };
        assert_eq!(
            lines(&comparison),
            [
                "        before    after    change  noise",
                "calls  1,000/s  1,200/s   +20.0 %  2.0 %  better",
                "p99.9  50.0 us  49.5 us    -1.0 %  2.0 %  within the noise",
                "max    9.00 ms  18.0 ms  +100.0 %         too few intervals to tell",
            ]
        );
    }
}
