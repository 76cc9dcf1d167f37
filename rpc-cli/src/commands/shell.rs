//! `rpc completions` and `rpc man`: what shells and `man` know of the command.

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::Cli;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::Output;

const COMPLETIONS_HELP: &str = "\
Example:
  rpc completions bash > ~/.local/share/bash-completion/completions/rpc";

const MAN_HELP: &str = "\
Example:
  rpc man > ~/.local/share/man/man1/rpc.1
  rpc man lint | man -l -";

/// Arguments of `rpc completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = COMPLETIONS_HELP)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Arguments of `rpc man`.
#[derive(Debug, clap::Args)]
#[command(after_help = MAN_HELP)]
pub(crate) struct ManArgs {
    /// The command to describe; without it, all in short
    command: Option<String>,
}

/// Runs `rpc completions`.
///
/// # Errors
///
/// The output is closed.
pub(crate) fn completions(args: &CompletionsArgs, output: &mut Output) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "rpc", &mut script);
    output.bytes(&script)?;
    Ok(Exit::Success)
}

/// Runs `rpc man`.
///
/// # Errors
///
/// There is no such command, or the output is closed.
pub(crate) fn man(args: &ManArgs, output: &mut Output) -> Result<Exit> {
    let mut command = Cli::command();
    command.build();
    if let Some(name) = &args.command {
        let known = command.find_subcommand(name).cloned();
        command = known.ok_or_else(|| {
            let help = "`rpc help` lists the commands";
            Error::new(Exit::Usage, format!("there is no command `{name}`")).with_help(help)
        })?;
    }
    let mut page = Vec::new();
    Man::new(command)
        .render(&mut page)
        .map_err(|error| Error::output(&error))?;
    output.bytes(&page)?;
    Ok(Exit::Success)
}
