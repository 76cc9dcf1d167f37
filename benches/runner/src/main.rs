//! Builds every benchmark peer, measures them in turn and reports what they showed.
//!
//! ```text
//! bench-runner [--quick] [--rounds N] [--out FOLDER] [PEER|LOAD|SERIES...]
//! bench-runner compile [--services N] [--rounds N] [GENERATOR...]
//! bench-runner hello [--rounds N]
//! bench-runner instructions [FILTER]
//! ```
//!
//! Without names, all peers take part under all loads. The second form measures what a schema costs at compile time, the
//! third one what the smallest service does, and the fourth counts instructions. Progress goes to standard error, tables to standard output.

mod compile;
mod figure;
mod goal;
mod hello;
mod instructions;
mod load;
mod machine;
mod measure;
mod options;
mod peer;
mod plan;
mod process;
mod report;
mod series;
mod tracer;

use std::env;

use anyhow::ensure;

use crate::machine::Machine;
use crate::options::Options;
use crate::report::Report;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let mut args = arguments.iter().cloned().peekable();
    if args.next_if_eq("compile").is_some() {
        return compile::run(args);
    }
    if args.next_if_eq("hello").is_some() {
        return hello::run(args);
    }
    if args.next_if_eq("instructions").is_some() {
        return instructions::run(args);
    }
    let options = Options::parse(args)?;
    let report = Report {
        outcomes: measure::all(&options)?,
        machine: Machine::read()?,
        plan: options.plan,
        arguments,
    };
    print!("{}", report.markdown());
    if let Some(folder) = &options.out {
        report.write(folder)?;
    }
    let mut rows = report.outcomes.iter().flat_map(|outcome| &outcome.rows);
    ensure!(
        rows.all(|row| row.failure.is_none()),
        "some peers failed, as the report says"
    );
    Ok(())
}
