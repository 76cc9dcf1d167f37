//! The command `rpc`: projects and generated code, style and compatibility of schemas, and calls to
//! servers that speak any of the project's protocols.
//!
//! [`cli`] is what may be typed, [`commands`] has a module for each command, and all of them write
//! through [`output`], fail with an [`error`] and end with one of the codes in [`exit`].

use std::process::ExitCode;

use clap::{ColorChoice, Parser};

use crate::cli::Cli;
use crate::error::Error;
use crate::exit::Exit;
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
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misused(&error),
    };
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

/// Says what is wrong with the arguments, or gives the help that was asked for.
fn misused(error: &clap::Error) -> ExitCode {
    // What was parsed of the arguments is lost.
    let wants_json = std::env::args_os().any(|argument| argument == "--json");
    if !error.use_stderr() || !wants_json {
        error.exit();
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let (message, help) = text.split_once("\n\n").unwrap_or((text, ""));
    let error = Error::new(Exit::Usage, message.trim_end()).with_help(help.trim());
    Output::new(true, ColorChoice::Never).error(&error);
    error.exit().into()
}
