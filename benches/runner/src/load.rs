//! The loads: what every peer is put under, and what the tables show of it.

mod gateways;
mod list;

use bench_common::{Call, Pattern};

use crate::figure::Figure;
use crate::peer::{Ability, Peer};

/// One kind of work, and one table.
#[derive(Debug)]
pub(crate) struct Load {
    /// The name on the command line and in the JSON.
    pub(crate) name: &'static str,
    /// The heading of the table.
    pub(crate) title: &'static str,
    /// The order of the calls.
    pub(crate) pattern: Pattern,
    /// What is called.
    pub(crate) call: Call,
    /// What both programs find in their environment.
    pub(crate) environment: &'static [(&'static str, &'static str)],
    /// Bytes of a text.
    pub(crate) size: usize,
    /// Connections that the client makes.
    pub(crate) connections: usize,
    /// What watches the programs meanwhile.
    pub(crate) instrument: Instrument,
    /// The columns. Of the first one the range is shown and the plot is drawn.
    pub(crate) figures: &'static [Figure],
    /// What is shown as a ratio to native's.
    pub(crate) compared: &'static [Figure],
    /// The peers that take it, if not all.
    pub(crate) only: &'static [&'static str],
    /// Whether it is part of a quick run.
    pub(crate) quick: bool,
    /// Whether its calls take so long that few would end in the usual time.
    pub(crate) slow: bool,
    /// Whether it has a table of its own; if not, it is but a point of a series.
    pub(crate) alone: bool,
    /// Whether it is part of the plot.
    pub(crate) plotted: bool,
    /// Stands under the table, which may be copied without the README that explains it.
    pub(crate) note: &'static str,
}

/// What watches the programs under a load. Figures of programs that are watched are never used to time them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instrument {
    /// Nothing.
    None,
    /// A tracer that counts the server's system calls.
    Syscalls,
    /// An allocator that counts, in both programs.
    Allocations,
}

impl Load {
    /// Whether a peer can take it.
    pub(crate) fn suits(&self, peer: &Peer) -> bool {
        let able = match peer.ability {
            Ability::OneCall => self.pattern == Pattern::Closed { in_flight: 1 },
            Ability::Variant => !self.only.is_empty(),
            Ability::Calls => self.pattern != Pattern::Stream,
            Ability::CallsAndStreams => true,
        };
        able && (self.only.is_empty() || self.only.contains(&peer.name))
    }

    /// Every figure that is shown or compared.
    pub(crate) fn all_figures(&self) -> impl Iterator<Item = Figure> {
        let compared = self.compared.iter();
        let further = compared.filter(|figure| !self.figures.contains(figure));
        self.figures.iter().chain(further).copied()
    }
}

/// All loads, in the order of the tables.
pub(crate) fn loads() -> impl Iterator<Item = &'static Load> {
    list::LOADS.iter().chain(gateways::LOADS)
}

/// The load of this name.
#[cfg(test)]
pub(crate) fn load_named(name: &str) -> &'static Load {
    loads().find(|load| load.name == name).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_load_has_a_name_of_its_own() {
        for (index, load) in loads().enumerate() {
            let mut before = loads().take(index);
            assert!(before.all(|other| other.name != load.name));
        }
    }

    #[test]
    fn compared_figures_follow_the_columns() {
        let load = super::load_named("small-64");
        let figures: Vec<_> = load.all_figures().collect();
        assert_eq!(figures.first(), Some(&Figure::CallsPerSecond));
        assert_eq!(figures.last(), Some(&Figure::Cpu));
        assert_eq!(figures.len(), load.figures.len() + 1);
    }
}
