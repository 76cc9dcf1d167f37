//! What may be typed: the commands, and the flags that all of them have.

use clap::{Args, ColorChoice, Parser, Subcommand};

use crate::commands::{
    bench, breaking, call, describe, doc, generate, lint, list, new, ping, shell,
};

/// Exit codes are part of every command's help.
const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 findings, 2 wrong usage, 3 cannot connect, 4 the call failed, 5 mistakes in a
schema, 6 unusable input, 7 the server has no such thing, 130 interrupted.

Examples:
  rpc new greeter
  rpc lint
  rpc breaking --against main
  rpc list localhost:8000
  rpc call localhost:8000 helloworld.Hello/Hello '{\"msg\": \"world\"}'";

/// Projects, generated code, schemas and calls: RPC from the command line.
#[derive(Debug, Parser)]
#[command(name = "rpc", version, about, after_help = AFTER_HELP, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How results are written.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Write results and errors as JSON, for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// When to use colors; `auto` is on terminals, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
}

/// The commands, in the order in which the help lists them.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a project: a schema, a server, clients and a test
    New(new::Args),
    /// Write the Rust code of .proto files, without a build script
    Generate(generate::Args),
    /// Check the style of .proto files
    Lint(lint::Args),
    /// Find changes of a schema that break those who use it
    Breaking(breaking::Args),
    /// Write a schema as one searchable HTML file
    Doc(doc::Args),
    /// List a server's services, or the methods of one
    List(list::Args),
    /// Show the definition of a service, method, message or enum
    Describe(describe::Args),
    /// Call a method
    Call(call::Args),
    /// Measure round trips to a server, stage by stage
    Ping(ping::Args),
    /// Measure how many calls a server answers, and how fast
    Bench(bench::Args),
    /// Write the completions of a shell
    Completions(shell::CompletionsArgs),
    /// Write the manual page
    Man(shell::ManArgs),
}
