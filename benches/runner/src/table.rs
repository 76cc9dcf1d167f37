//! The report in Markdown.

use crate::Load;
use crate::peer::NATIVE;
use crate::sample::Summary;

const HEAD: &str = "\
| peer | calls/s | calls/s, range | p50 us | p99 us | CPU us/call, client | CPU us/call, server | native: calls/s | native: CPU |
|---|---:|---:|---:|---:|---:|---:|---:|---:|
";

/// Stands under the table of one call in flight, because a table is copied without the README that explains it.
const PLACEMENT_NOTE: &str = "
With one call in flight a peer is several times faster when the kernel happens to keep client and server on one core, \
whatever its code does: a ratio means nothing unless both peers met the same placement.
";

/// One table: a row for each peer, and in the last two columns how many times as many calls native answers, and how many
/// times less CPU time it needs for one.
pub(crate) fn render(load: &Load) -> String {
    let native = load
        .rows
        .iter()
        .find(|(peer, _)| peer.package == NATIVE)
        .map(|(_, summary)| summary);
    let rows = load
        .rows
        .iter()
        .map(|(peer, summary)| row(peer.name, summary, native));
    let note = if load.in_flight == 1 {
        PLACEMENT_NOTE
    } else {
        ""
    };
    format!(
        "### {} in flight\n\n{HEAD}{}{note}",
        load.in_flight,
        rows.collect::<String>()
    )
}

fn row(name: &str, summary: &Summary, native: Option<&Summary>) -> String {
    let Summary {
        median,
        slowest,
        fastest,
    } = summary;
    let (calls, cpu) = native.map_or_else(
        || ("-".to_owned(), "-".to_owned()),
        |native| {
            let calls = native.median.calls_per_second / median.calls_per_second;
            let cpu = median.cpu_us() / native.median.cpu_us();
            (format!("{calls:.2} x"), format!("{cpu:.2} x"))
        },
    );
    format!(
        "| {name} | {:.0} | {slowest:.0} to {fastest:.0} | {:.1} | {:.1} | {:.2} | {:.2} | {calls} | {cpu} |\n",
        median.calls_per_second,
        median.p50_us,
        median.p99_us,
        median.client_cpu_us,
        median.server_cpu_us,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::PEERS;
    use crate::sample::Sample;

    fn summary(calls_per_second: f64, cpu_us: f64) -> Summary {
        let median = Sample {
            calls_per_second,
            p50_us: 10.0,
            p99_us: 20.0,
            client_cpu_us: cpu_us,
            server_cpu_us: cpu_us,
        };
        Summary {
            median,
            slowest: calls_per_second - 50.0,
            fastest: calls_per_second + 50.0,
        }
    }

    #[test]
    fn compares_every_peer_with_native() {
        let rows = vec![
            (&PEERS[0], summary(1_000.0, 2.0)),
            (&PEERS[2], summary(200.0, 9.0)),
        ];
        let table = render(&Load {
            in_flight: 64,
            rows,
        });
        let expected = [
            "| this project | 1000 | 950 to 1050 | 10.0 | 20.0 | 2.00 | 2.00 | 1.00 x | 1.00 x |",
            "| tonic 0.14 | 200 | 150 to 250 | 10.0 | 20.0 | 9.00 | 9.00 | 5.00 x | 4.50 x |",
        ];
        assert!(table.starts_with("### 64 in flight\n"), "{table}");
        assert!(
            table.ends_with(&format!("{}\n", expected.join("\n"))),
            "{table}"
        );
    }

    #[test]
    fn compares_nothing_without_native() {
        let rows = vec![(&PEERS[2], summary(200.0, 9.0))];
        assert!(
            render(&Load {
                in_flight: 64,
                rows
            })
            .ends_with("| - | - |\n")
        );
    }

    #[test]
    fn warns_of_placement_only_with_one_call_in_flight() {
        let warns = |in_flight| {
            render(&Load {
                in_flight,
                rows: Vec::new(),
            })
            .contains("on one core")
        };
        assert_eq!([1, 64, 256].map(warns), [true, false, false]);
    }
}
