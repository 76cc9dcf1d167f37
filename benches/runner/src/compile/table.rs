//! The report in Markdown.

use std::fmt::Write;

use bench_common::Cost;

use super::project::Step;

/// A row for each step and a column for each of the generators called `names`. Of two, the last column says how many
/// times the CPU time of the first one the second one took.
pub(crate) fn render(names: &[&str], medians: &[(Step, Vec<Cost>)]) -> String {
    let compares = names.len() == 2;
    let mut table = format!("| step | {} |", names.join(" | "));
    if compares {
        table.push_str(" ratio of CPU |");
    }
    table.push_str("\n|---|");
    table.push_str(&"---:|".repeat(names.len() + usize::from(compares)));
    for (step, costs) in medians {
        let _ = write!(table, "\n| {} |", step.name());
        for Cost { cpu, wall } in costs {
            let _ = write!(
                table,
                " {:.2} ({:.2}) |",
                cpu.as_secs_f64(),
                wall.as_secs_f64()
            );
        }
        if let ([ours, theirs], true) = (&costs[..], compares) {
            let ratio = theirs.cpu.as_secs_f64() / ours.cpu.as_secs_f64();
            let _ = write!(table, " {ratio:.2} x |");
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn cost(cpu: u64) -> Cost {
        Cost {
            cpu: Duration::from_millis(cpu),
            wall: Duration::from_millis(cpu * 2),
        }
    }

    #[test]
    fn compares_two_generators() {
        let table = render(
            &["a", "b"],
            &[(Step::Check, vec![cost(1_000), cost(1_500)])],
        );
        let name = Step::Check.name();
        assert_eq!(
            table,
            format!(
                "| step | a | b | ratio of CPU |\n|---|---:|---:|---:|\n| {name} | 1.00 (2.00) | 1.50 (3.00) | 1.50 x |"
            )
        );
    }

    #[test]
    fn shows_one_generator_alone() {
        let table = render(&["a"], &[(Step::Build, vec![cost(10)])]);
        assert!(table.ends_with(" | 0.01 (0.02) |"), "{table}");
    }
}
