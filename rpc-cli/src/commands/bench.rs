//! `rpc bench`.

use std::fs::{self, File};
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::bench::{
    self, Canvas, Load, PLACEHOLDERS, Plan, Report, Until, comparison_lines, report_lines,
};
use crate::client::{ServerArgs, positive_time, time};
use crate::definitions::DefinitionArgs;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::{BAD, Output, STRONG, styled};

/// Calls in flight in a closed loop, unless set.
const DEFAULT_IN_FLIGHT: usize = 64;

/// The most calls in flight in an open loop, unless set: more than a server that keeps up has, and few enough to hold.
const DEFAULT_MAX_IN_FLIGHT: usize = 10_000;

/// The length of a run, unless set.
const DEFAULT_DURATION: Duration = Duration::from_secs(10);

/// The length of the warm-up of a run that has a length, unless set.
const DEFAULT_WARMUP: Duration = Duration::from_secs(1);

const AFTER_HELP: &str = "\
Calls are made in a closed loop, which keeps --in-flight calls going, or in an open one: with --rate
calls are due at regular intervals, and their latency counts from the moment when they were due,
whether they could be sent then or not. Ctrl-C ends the run and shows what it had.

Examples:
  rpc bench localhost:8000 helloworld.Hello/Hello '{\"msg\": \"world\"}'
  rpc bench localhost:8000 Hello/Hello '{\"msg\": \"{{letters:100}}\"}' --rate 5000 -d 30s
  rpc bench grpcs://api.example.com:443 shop.Orders/Place @orders.jsonl -c 8 --out after.json
  rpc bench --compare before.json after.json";

/// Arguments of `rpc bench`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The server: host:port, rpcs://, grpc://, grpcs://, http://, https://, jsonrpc://, jsonrpc+http:// or unix:/path
    #[arg(required_unless_present = "compare")]
    target: Option<String>,

    /// The method: package.Service/Method, or without the package
    #[arg(required_unless_present = "compare")]
    method: Option<String>,

    /// The request: JSON, or @FILE with JSON lines that are sent in turn, or - for standard input
    #[arg(value_name = "JSON", default_value = "{}", long_help = request_help())]
    request: String,

    /// Send {{ and }} as they are
    #[arg(long)]
    verbatim: bool,

    /// Calls in flight over all connections, 64 unless set; with --rate the most of them, 10000 unless set
    #[arg(short = 'n', long, value_name = "CALLS", value_parser = at_most::<1_000_000>, help_heading = "Load")]
    in_flight: Option<usize>,

    /// Calls that are due in a second, in place of a closed loop
    #[arg(short, long, value_name = "CALLS", value_parser = rate, help_heading = "Load")]
    rate: Option<f64>,

    /// Connections, among which calls are dealt out in turn
    #[arg(
        short,
        long,
        value_name = "COUNT",
        default_value = "1", value_parser = at_most::<10_000>,
        help_heading = "Load"
    )]
    connections: usize,

    /// Threads that make calls: one for each connection unless set, but no more than there are cores
    #[arg(long, value_name = "COUNT", value_parser = at_most::<1_000>, help_heading = "Load")]
    threads: Option<usize>,

    /// How long the run takes, 10s unless set
    #[arg(short, long, value_name = "TIME", value_parser = positive_time, conflicts_with = "requests", help_heading = "Load")]
    duration: Option<Duration>,

    /// How many calls the run has, in place of a duration
    #[arg(long, value_name = "CALLS", help_heading = "Load")]
    requests: Option<NonZeroU64>,

    /// How long calls are made before any is counted: 1s unless set, and none with --requests
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Load")]
    warmup: Option<Duration>,

    /// How long a call may take: 30s unless set, and any time if its replies are a stream
    #[arg(long, value_name = "TIME", value_parser = positive_time, help_heading = "Load")]
    timeout: Option<Duration>,

    /// Write the report to this file, as JSON
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Compare the reports of two runs
    #[arg(
        long,
        num_args = 2,
        value_names = ["BEFORE", "AFTER"],
        conflicts_with_all = ["target", "method", "out"]
    )]
    compare: Option<Vec<PathBuf>>,

    #[command(flatten)]
    definitions: DefinitionArgs,

    #[command(flatten)]
    server: ServerArgs,
}

/// Runs `rpc bench`.
///
/// # Errors
///
/// Why there was no run, or that none of its calls was answered.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Exit> {
    if let Some([before, after]) = args.compare.as_deref() {
        return compare(before, after, output);
    }
    let plan = args.plan();
    let subject = bench::Subject {
        target: args.target.as_deref().unwrap_or_default(),
        method: args.method.as_deref().unwrap_or_default(),
        requests: bench::read_requests(&args.request, args.verbatim)
            .map_err(|error| Error::new(Exit::Input, error))?,
        timeout: args.timeout,
        definitions: &args.definitions,
        server: &args.server,
    };
    if let Some(file) = &args.out {
        writable(file)?;
    }
    let report = bench::measure(subject, plan, !output.is_json())?;
    show(&report, output)?;
    if let Some(file) = &args.out {
        write(file, &report)?;
    }
    match report.interrupted {
        true => Ok(Exit::Interrupted),
        false => verdict(&report),
    }
}

/// A run of which nothing came is a failure.
fn verdict(report: &Report) -> Result<Exit> {
    if report.calls.answered > 0 || report.messages > 0 {
        return Ok(Exit::Success);
    }
    let reason = match report.errors.first() {
        Some(failure) => format!("{}: {}", failure.code, failure.first),
        None => format!(
            "{} of them were still open at the end",
            report.calls.abandoned
        ),
    };
    let message = format!("no call was answered; {reason}");
    Err(Error::new(Exit::CallFailed, message))
}

impl Args {
    fn plan(&self) -> Plan {
        let load = match self.rate {
            None => Load::Closed {
                in_flight: self.in_flight.unwrap_or(DEFAULT_IN_FLIGHT),
            },
            Some(rate) => Load::Open {
                rate,
                max_in_flight: self.in_flight.unwrap_or(DEFAULT_MAX_IN_FLIGHT),
            },
        };
        let (until, warmup) = match self.requests {
            Some(requests) => (Until::Requests(requests.get()), Duration::ZERO),
            None => {
                let duration = self.duration.unwrap_or(DEFAULT_DURATION);
                (Until::Seconds(duration.as_secs_f64()), DEFAULT_WARMUP)
            }
        };
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Plan {
            load,
            connections: self.connections,
            threads: self.threads.unwrap_or(self.connections.min(cores)),
            warmup_seconds: self.warmup.unwrap_or(warmup).as_secs_f64(),
            until,
        }
    }
}

fn request_help() -> String {
    format!(
        "The request: JSON, or @FILE with JSON, or with a JSON text in each line, which are sent in turn, or - for the same from \
         standard input. A method that takes a stream is sent all of them by every call.\n\nWhat is replaced in each call:\n{PLACEHOLDERS}"
    )
}

fn at_most<const MOST: usize>(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=MOST).contains(&count) => Ok(count),
        _ => Err(format!("write a number from 1 to {MOST}")),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate @ 0.001..=1e9) => Ok(rate),
        _ => Err("write how many calls are due in a second, from 0.001 to 1000000000".to_owned()),
    }
}

/// Says before a long run that its report could not be kept. What is in the file stays there until then.
fn writable(file: &Path) -> Result<()> {
    let opened = File::options().create(true).append(true).open(file);
    opened.map_err(|error| Error::file("write", file, &error))?;
    Ok(())
}

fn write(file: &Path, report: &Report) -> Result<()> {
    let mut json = serde_json::to_string_pretty(report)
        .map_err(|error| Error::file("write", file, &error.into()))?;
    json.push('\n');
    fs::write(file, json).map_err(|error| Error::file("write", file, &error))
}

fn show(report: &Report, output: &mut Output) -> Result<()> {
    if output.is_json() {
        return output.json(report);
    }
    for line in report_lines(report, Canvas::of_terminal()) {
        output.line(line)?;
    }
    for warning in &report.warnings {
        output.note(format_args!("{}: {warning}", styled(BAD, "warning")));
    }
    Ok(())
}

fn compare(before: &Path, after: &Path, output: &mut Output) -> Result<Exit> {
    let comparison = bench::compare(&read(before)?, &read(after)?);
    if output.is_json() {
        output.json(&comparison)?;
        return Ok(Exit::Success);
    }
    let names = [before, after].map(|file| styled(STRONG, file.display()));
    output.line(format_args!("before {}, after {}", names[0], names[1]))?;
    for line in comparison_lines(&comparison) {
        output.line(line)?;
    }
    for difference in &comparison.different {
        let warning = styled(BAD, "warning");
        output.note(format_args!("{warning}: the runs differ in {difference}"));
    }
    Ok(Exit::Success)
}

fn read(file: &Path) -> Result<Report> {
    let content = fs::read_to_string(file).map_err(|error| Error::file("read", file, &error))?;
    Report::parse(&content).map_err(|error| {
        Error::new(
            Exit::Input,
            format!("cannot read {}: {error}", file.display()),
        )
        .with_help("`rpc bench --out FILE` writes such files")
    })
}
