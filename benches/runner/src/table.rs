//! The report in Markdown.

use crate::Load;
use crate::peer::NATIVE;
use crate::sample::Sample;

const HEAD: &str = "\
| peer | calls/s | p50 us | p99 us | CPU us/call, client | CPU us/call, server | native: calls/s | native: CPU |
|---|---:|---:|---:|---:|---:|---:|---:|
";

/// One table: a row for each peer, and in the last two columns how many times as many calls native answers, and how many
/// times less CPU time it needs for one.
pub(crate) fn render(load: &Load) -> String {
    let native = load
        .rows
        .iter()
        .find(|(peer, _)| peer.package == NATIVE)
        .map(|(_, sample)| sample);
    let rows = load
        .rows
        .iter()
        .map(|(peer, sample)| row(peer.name, sample, native));
    format!(
        "### {} in flight\n\n{HEAD}{}",
        load.in_flight,
        rows.collect::<String>()
    )
}

fn row(name: &str, sample: &Sample, native: Option<&Sample>) -> String {
    let (calls, cpu) = native.map_or_else(
        || ("-".to_owned(), "-".to_owned()),
        |native| {
            let calls = native.calls_per_second / sample.calls_per_second;
            let cpu = sample.cpu_us() / native.cpu_us();
            (format!("{calls:.2} x"), format!("{cpu:.2} x"))
        },
    );
    format!(
        "| {name} | {:.0} | {:.1} | {:.1} | {:.2} | {:.2} | {calls} | {cpu} |\n",
        sample.calls_per_second,
        sample.p50_us,
        sample.p99_us,
        sample.client_cpu_us,
        sample.server_cpu_us,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::PEERS;

    fn sample(calls_per_second: f64, cpu_us: f64) -> Sample {
        Sample {
            calls_per_second,
            p50_us: 10.0,
            p99_us: 20.0,
            client_cpu_us: cpu_us,
            server_cpu_us: cpu_us,
        }
    }

    #[test]
    fn compares_every_peer_with_native() {
        let rows = vec![
            (&PEERS[0], sample(1_000.0, 2.0)),
            (&PEERS[2], sample(200.0, 9.0)),
        ];
        let table = render(&Load {
            in_flight: 64,
            rows,
        });
        let expected = [
            "| this project | 1000 | 10.0 | 20.0 | 2.00 | 2.00 | 1.00 x | 1.00 x |",
            "| tonic 0.14 | 200 | 10.0 | 20.0 | 9.00 | 9.00 | 5.00 x | 4.50 x |",
        ];
        assert!(table.starts_with("### 64 in flight\n"), "{table}");
        assert!(
            table.ends_with(&format!("{}\n", expected.join("\n"))),
            "{table}"
        );
    }

    #[test]
    fn compares_nothing_without_native() {
        let rows = vec![(&PEERS[2], sample(200.0, 9.0))];
        assert!(render(&Load { in_flight: 1, rows }).ends_with("| - | - |\n"));
    }
}
