//! What shells, `man` and newcomers are told.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

mod command;

use command::Folder;

/// The commands that the help lists.
fn commands() -> Vec<String> {
    let help = Folder::new().rpc(&["--help"]).stdout;
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names = names.filter(|name| !name.is_empty() && *name != "help");
    names.map(str::to_owned).collect()
}

#[test]
fn the_help_of_every_command_has_an_example() {
    for command in commands() {
        let help = Folder::new().rpc(&[&command, "--help"]);
        let example = format!("\n  rpc {command}");
        assert_eq!(help.code, 0);
        assert!(help.stdout.contains(&example), "{command}: {help:?}");
    }
}

#[test]
fn every_shell_has_completions_for_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = Folder::new().rpc(&["completions", shell]).stdout;
        for command in commands() {
            assert!(script.contains(&command), "{shell} knows no {command}");
        }
    }
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let folder = Folder::new();
    assert!(folder.rpc(&["man"]).stdout.contains(".TH rpc 1"));
    for command in commands() {
        let page = folder.rpc(&["man", &command]);
        assert!(
            page.stdout.contains(&format!(".TH rpc-{command} 1")),
            "{page:?}"
        );
    }
    let unknown = folder.rpc(&["man", "nothing"]);
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.stderr.contains("there is no command `nothing`"),
        "{unknown:?}"
    );
}

#[test]
fn wrong_arguments_are_wrong_usage() {
    assert_eq!(Folder::new().rpc(&["lint", "--no-such-flag"]).code, 2);
    assert_eq!(Folder::new().rpc(&["no-such-command"]).code, 2);
}
