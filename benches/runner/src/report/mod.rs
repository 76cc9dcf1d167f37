//! The results: a text to read, a file for machines and a plot.

mod goals;
mod json;
mod markdown;
mod series;
mod svg;

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::machine::Machine;
use crate::measure::Outcome;
use crate::plan::Plan;

/// Everything that a run of the benchmarks found out.
pub(crate) struct Report {
    /// The command's arguments.
    pub(crate) arguments: Vec<String>,
    pub(crate) machine: Machine,
    pub(crate) plan: Plan,
    pub(crate) outcomes: Vec<Outcome>,
}

impl Report {
    /// The report in Markdown.
    pub(crate) fn markdown(&self) -> String {
        markdown::render(self)
    }

    /// Writes `benchmarks.md`, `benchmarks.json` and `benchmarks.svg` into a folder, which is made if need be.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(folder)?;
        for (extension, content) in [
            ("md", self.markdown()),
            ("json", json::render(self)?),
            ("svg", svg::render(&self.outcomes)),
        ] {
            let path = folder.join("benchmarks").with_extension(extension);
            fs::write(&path, content).with_context(|| format!("writing {}", path.display()))?;
        }
        Ok(())
    }

    /// The command that gives such a report.
    fn command(&self) -> String {
        let mut words = vec!["cargo run --release --manifest-path benches/runner/Cargo.toml"];
        if !self.arguments.is_empty() {
            words.push("--");
        }
        words.extend(self.arguments.iter().map(String::as_str));
        words.join(" ")
    }
}
