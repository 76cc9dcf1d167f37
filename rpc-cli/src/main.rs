//! The command `rpc`: projects and generated code, style and compatibility of schemas, and calls to
//! servers that speak any of the project's protocols.
//!
//! [`cli`] is what may be typed, [`commands`] has a module for each command, and all of them write
//! through [`output`], fail with an [`error`] and end with one of the codes in [`exit`].

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::output::Output;

mod bench;
mod breaking;
mod cli;
mod client;
mod commands;
mod definitions;
mod doc;
mod error;
mod exit;
mod health;
mod lint;
mod output;
mod probe;
mod rules;
mod runtime;
mod schema;
mod suggest;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut output = Output::new(cli.output.json, cli.output.color);
    let exit = match commands::run(cli.command, &mut output) {
        Ok(exit) => exit,
        Err(error) => {
            output.error(&error);
            error.exit()
        }
    };
    exit.into()
}
