//! The commands, one module each: its arguments with their help, and `run`.

pub(crate) mod bench;
pub(crate) mod breaking;
pub(crate) mod call;
pub(crate) mod describe;
pub(crate) mod doc;
pub(crate) mod generate;
pub(crate) mod lint;
pub(crate) mod list;
pub(crate) mod new;
pub(crate) mod ping;
pub(crate) mod shell;

use crate::cli::Command;
use crate::error::Result;
use crate::exit::Exit;
use crate::output::Output;

/// Runs `command` and says how it ended.
///
/// # Errors
///
/// Why it could not be done. The error is not shown yet.
pub(crate) fn run(command: Command, output: &mut Output) -> Result<Exit> {
    match command {
        Command::New(args) => new::run(&args, output),
        Command::Generate(args) => generate::run(&args, output),
        Command::Lint(args) => lint::run(&args, output),
        Command::Breaking(args) => breaking::run(&args, output),
        Command::Doc(args) => doc::run(&args, output),
        Command::List(args) => list::run(&args, output),
        Command::Describe(args) => describe::run(&args, output),
        Command::Call(args) => call::run(&args, output),
        Command::Ping(args) => ping::run(&args, output),
        Command::Bench(args) => bench::run(&args, output),
        Command::Completions(args) => shell::completions(&args, output),
        Command::Man(args) => shell::man(&args, output),
    }
}
