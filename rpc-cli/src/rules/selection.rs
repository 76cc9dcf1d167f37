//! Which rules are wanted.

use std::collections::BTreeSet;

use serde_json::json;

use super::Rule;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::{FAINT, Output, STRONG, styled};
use crate::suggest::did_you_mean;

/// The arguments that choose rules.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Rules")]
pub(crate) struct RuleArgs {
    /// Check this rule, or the rules of this category; may be repeated
    #[arg(long = "rule", value_name = "RULE", value_delimiter = ',')]
    pub(crate) rules: Vec<String>,

    /// Leave out this rule, or the rules of this category; may be repeated
    #[arg(long = "except", value_name = "RULE", value_delimiter = ',')]
    pub(crate) except: Vec<String>,

    /// List the rules with their categories and reasons, and check nothing
    #[arg(long)]
    pub(crate) list_rules: bool,
}

/// The rules that are wanted.
#[derive(Debug)]
pub(crate) struct Selection(BTreeSet<&'static str>);

impl Selection {
    /// Those of `rules` that `args` names: by default those of the category `default`.
    ///
    /// # Errors
    ///
    /// There is no rule and no category of this name.
    pub(crate) fn new<C>(
        rules: &'static [Rule<C>],
        args: &RuleArgs,
        default: &str,
    ) -> Result<Self> {
        let mut wanted = BTreeSet::new();
        let default = [default.to_owned()];
        let names: &[String] = if args.rules.is_empty() {
            &default
        } else {
            &args.rules
        };
        for name in names {
            wanted.extend(named(rules, name)?);
        }
        for name in &args.except {
            for id in named(rules, name)? {
                wanted.remove(id);
            }
        }
        Ok(Self(wanted))
    }

    /// Whether the rule `id` is to be checked.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.0.contains(id)
    }
}

/// The rules that `name` stands for.
fn named<C>(rules: &'static [Rule<C>], name: &str) -> Result<Vec<&'static str>> {
    let is_meant = |rule: &&Rule<C>| rule.id == name || rule.categories.contains(&name);
    let found: Vec<_> = rules.iter().filter(is_meant).map(|rule| rule.id).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let all = rules
        .iter()
        .flat_map(|rule| rule.categories.iter().chain([&rule.id]));
    let help = did_you_mean(name, all.copied())
        .unwrap_or_else(|| "`--list-rules` lists the rules and their categories".to_owned());
    let message = format!("there is no rule and no category {name}");
    Err(Error::new(Exit::Usage, message).with_help(help))
}

/// Writes the names of `rules` with their categories and reasons.
///
/// # Errors
///
/// The output is closed.
pub(crate) fn list<C>(rules: &'static [Rule<C>], output: &mut Output) -> Result<Exit> {
    for rule in rules {
        if output.is_json() {
            output.json(&json!({
                "rule": rule.id,
                "categories": rule.categories,
                "reason": rule.reason,
            }))?;
            continue;
        }
        let (name, categories) = (styled(STRONG, rule.id), rule.categories.join(" "));
        output.line(format_args!("{name} {}", styled(FAINT, categories)))?;
        output.line(format_args!("    {}", rule.reason))?;
    }
    Ok(Exit::Success)
}
