//! Measures a clean debug build of the smallest service with its clients: what a newcomer waits for first.

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use bench_common::{Cost, cost_of};

use crate::compile::median;
use crate::peer::benches;

/// A package to build.
struct Project {
    /// Its name in the table.
    title: &'static str,
    /// Its folder, as seen from the benchmarks.
    folder: &'static str,
}

const PROJECTS: [Project; 2] = [
    Project {
        title: "this project: examples/hello",
        folder: "../examples/hello",
    },
    Project {
        title: "tonic: benches/hello-tonic",
        folder: "hello-tonic",
    },
];

/// This project's CPU time, as a share of tonic's, that is to be reached.
const GOAL: f64 = 0.9;

/// Runs the command `hello` with the arguments behind it, and prints its table.
pub(crate) fn run(mut args: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let mut rounds = 3;
    while let Some(arg) = args.next() {
        if arg != "--rounds" {
            bail!("no such option: {arg} (there is --rounds)");
        }
        let number = args.next().context("--rounds needs a number")?;
        rounds = number.parse().context("--rounds needs a number")?;
        ensure!(rounds > 0, "--rounds needs a number above 0");
    }
    let builds = measure(rounds)?;
    println!("Clean debug builds, median of {rounds} interleaved rounds.\n");
    print!("{}", table(&builds));
    println!("\nThe goal is {GOAL} x of tonic's or less.");
    Ok(())
}

/// What building one project cost and how many packages it built.
struct Build {
    title: &'static str,
    cost: Cost,
    packages: usize,
}

fn measure(rounds: usize) -> anyhow::Result<Vec<Build>> {
    let mut costs = PROJECTS.map(|_| Vec::new());
    for project in &PROJECTS {
        let fetched = project.cargo("fetch").status()?.success();
        ensure!(fetched, "fetching what {} needs failed", project.title);
    }
    for round in 1..=rounds {
        for (project, costs) in PROJECTS.iter().zip(&mut costs) {
            eprintln!("round {round} of {rounds}: {}", project.title);
            costs.push(project.build()?);
        }
    }
    let builds = PROJECTS.iter().zip(costs).map(|(project, costs)| {
        Ok(Build {
            title: project.title,
            cost: median(&costs),
            packages: packages(&fs::read_to_string(project.log())?),
        })
    });
    builds.collect()
}

impl Project {
    /// Builds everything into an empty folder.
    fn build(&self) -> anyhow::Result<Cost> {
        let target = self.target();
        if target.exists() {
            fs::remove_dir_all(&target)?;
        }
        fs::create_dir_all(&target)?;
        let mut cargo = self.cargo("build");
        cargo
            .args(["--color", "never", "--target-dir"])
            .arg(target)
            .env_remove("CARGO_INCREMENTAL")
            .stderr(File::create(self.log())?);
        cost_of(&mut cargo).with_context(|| format!("see {}", self.log().display()))
    }

    fn cargo(&self, command: &str) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let manifest = benches().join(self.folder).join("Cargo.toml");
        cargo.args([command, "--locked", "--manifest-path"]);
        cargo.arg(manifest);
        cargo
    }

    fn target(&self) -> PathBuf {
        let name = Path::new(self.folder).file_name().unwrap_or_default();
        benches().join("target/hello").join(name)
    }

    /// What cargo said, inside the target folder.
    fn log(&self) -> PathBuf {
        self.target().join("build.log")
    }
}

/// The number of packages that cargo said it compiled. A package that is built twice, for the build and for the program, counts
/// once.
fn packages(log: &str) -> usize {
    let lines = log.lines().map(str::trim);
    let packages: BTreeSet<&str> = lines
        .filter_map(|line| line.strip_prefix("Compiling "))
        .collect();
    packages.len()
}

/// A row for each project, of which the first is compared with the others.
fn table(builds: &[Build]) -> String {
    let mut table = "| project | CPU s | wall s | packages | CPU, this project's share |\n|---|---:|---:|---:|---:|\n".to_owned();
    let ours = builds.first().map(|build| build.cost.cpu.as_secs_f64());
    for Build {
        title,
        cost,
        packages,
    } in builds
    {
        let (cpu, wall) = (cost.cpu.as_secs_f64(), cost.wall.as_secs_f64());
        let share = ours.unwrap_or(cpu) / cpu;
        table += &format!("| {title} | {cpu:.1} | {wall:.1} | {packages} | {share:.2} x |\n");
    }
    table
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_package_counts_once() {
        let log = "   Compiling syn v2.0.1\n   Compiling syn v3.0.1\n   Compiling syn v2.0.1\n    Finished `dev`\n";
        assert_eq!(packages(log), 2);
    }

    #[test]
    fn shows_the_share_of_this_project() {
        let build = |title, seconds| Build {
            title,
            cost: Cost {
                cpu: Duration::from_secs(seconds),
                wall: Duration::from_secs(1),
            },
            packages: 5,
        };
        let table = table(&[build("ours", 10), build("theirs", 20)]);
        assert!(
            table.ends_with("| theirs | 20.0 | 1.0 | 5 | 0.50 x |\n"),
            "{table}"
        );
    }
}
