//! The series: loads that differ in one thing, side by side.

use crate::figure::Figure;
use crate::load::{Load, loads};

/// Loads in one table: a row for each peer, a column for each load.
#[derive(Debug)]
pub(crate) struct Series {
    /// The name on the command line.
    pub(crate) name: &'static str,
    /// The heading of its tables, one for each figure.
    pub(crate) title: &'static str,
    /// What the columns are called, and the names of their loads.
    pub(crate) points: &'static [(&'static str, &'static str)],
    /// What is shown.
    pub(crate) figures: &'static [Figure],
}

/// What tells servers apart that the same client calls.
const BY_SERVER: &[Figure] = &[
    Figure::CallsPerSecond,
    Figure::P50,
    Figure::ServerCpu,
    Figure::Cpu,
];

/// All series, in the order of the tables.
pub(crate) const SERIES: &[Series] = &[
    Series {
        name: "placement",
        title: "64 B, 1 in flight, 1 connection, pinned",
        points: &[
            ("client and server on one core", "one-core"),
            ("on a core each", "two-cores"),
        ],
        figures: &[Figure::P50, Figure::Cpu],
    },
    Series {
        name: "connections",
        title: "Growth with connections, 64 B, 256 in flight",
        points: &[
            ("1", "small-256"),
            ("2", "connections-2"),
            ("4", "connections-4"),
            ("8", "connections-8"),
            ("16", "connections-16"),
        ],
        figures: &[Figure::CallsPerSecond, Figure::Cpu],
    },
    Series {
        name: "cores",
        title: "Growth with cores, 64 B, 64 in flight, 1 connection",
        points: &[
            ("current-thread runtimes", "cores-current-thread"),
            ("1 worker thread each", "cores-1"),
            ("2 worker threads each", "cores-2"),
        ],
        figures: &[Figure::CallsPerSecond, Figure::Cpu],
    },
    Series {
        name: "payload",
        title: "Growth with payload, 4 in flight, 1 connection, limits raised",
        points: &[
            ("0 B", "payload-0"),
            ("256 B", "payload-256"),
            ("4 KiB", "payload-4k"),
            ("64 KiB", "payload-64k"),
            ("1 MiB", "payload-1m"),
            ("16 MiB", "payload-16m"),
        ],
        figures: &[Figure::CallsPerSecond, Figure::Cpu],
    },
    Series {
        name: "grpc",
        title: "gRPC, 1 connection",
        points: &[
            ("64 B, 1 in flight", "grpc-1"),
            ("64 in flight", "grpc-64"),
            ("256 in flight", "grpc-256"),
            ("10 KiB, 64 in flight", "grpc-medium"),
        ],
        figures: BY_SERVER,
    },
    Series {
        name: "json",
        title: "JSON over HTTP/2, 64 B, 1 connection",
        points: &[
            ("1 in flight", "json-1"),
            ("64 in flight", "json-64"),
            ("256 in flight", "json-256"),
        ],
        figures: BY_SERVER,
    },
    Series {
        name: "jsonrpc",
        title: "JSON-RPC, 1 connection (over HTTP one for each caller)",
        points: &[
            ("64 B, 1 in flight", "jsonrpc-1"),
            ("64 in flight", "jsonrpc-64"),
            ("10 KiB, 64 in flight", "jsonrpc-medium"),
        ],
        figures: BY_SERVER,
    },
    Series {
        name: "gateways",
        title: "This project's own protocol beside others on the same port, 64 B, 1 connection",
        points: &[
            ("1 in flight", "gateways-1"),
            ("64 in flight", "gateways-64"),
        ],
        figures: BY_SERVER,
    },
];

impl Series {
    /// Its loads, in the order of the columns.
    pub(crate) fn loads(&self) -> impl Iterator<Item = &'static Load> {
        let points = self.points.iter();
        points.filter_map(|(_, name)| loads().find(|load| load.name == *name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::PEERS;

    #[test]
    fn every_point_is_a_load_and_every_load_has_a_table_and_names_are_of_one_thing() {
        for series in SERIES {
            assert_eq!(series.loads().count(), series.points.len());
            assert!(PEERS.iter().all(|peer| peer.name != series.name));
        }
        for load in loads().filter(|load| !load.alone) {
            let mut points = SERIES.iter().flat_map(|series| series.points);
            assert!(points.any(|(_, name)| *name == load.name), "{}", load.name);
        }
    }
}
