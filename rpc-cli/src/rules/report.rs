//! What rules find, and how it is shown.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::error::Result;
use crate::exit::Exit;
use crate::output::{BAD, FAINT, NAME, Output, styled};
use crate::schema::Place;

/// One thing that breaks a rule. In the order in which people read.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Finding {
    #[serde(flatten)]
    place: Place,
    rule: &'static str,
    message: String,
    reason: &'static str,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    findings: BTreeSet<Finding>,
}

impl Report {
    /// Adds that the rule `rule` is broken at `place`.
    pub(crate) fn add(
        &mut self,
        (rule, reason): (&'static str, &'static str),
        place: Place,
        message: impl Into<String>,
    ) {
        self.findings.insert(Finding {
            place,
            rule,
            message: message.into(),
            reason,
        });
    }
}

/// Writes `report`, and says in the end how many files have how many findings.
///
/// # Errors
///
/// The output is closed.
pub(crate) fn show(report: &Report, output: &mut Output) -> Result<Exit> {
    for finding in &report.findings {
        if output.is_json() {
            output.json(finding)?;
        } else {
            show_text(finding, output)?;
        }
    }
    let paths = report.findings.iter().map(|finding| &finding.place.path);
    let files = paths.collect::<BTreeSet<_>>().len();
    match report.findings.len() {
        0 => return Ok(Exit::Success),
        1 => output.note("1 finding"),
        count if files == 1 => output.note(format_args!("{count} findings in 1 file")),
        count => output.note(format_args!("{count} findings in {files} files")),
    }
    Ok(Exit::Findings)
}

fn show_text(finding: &Finding, output: &mut Output) -> Result<()> {
    let Place {
        path,
        line,
        column,
        excerpt,
    } = &finding.place;
    let place = styled(NAME, format_args!("{path}:{line}:{column}"));
    let rule = styled(BAD, finding.rule);
    output.line(format_args!("{place}: {rule}: {}", finding.message))?;
    let mut margin = " ".to_owned();
    if let Some((text, carets)) = excerpt {
        margin = " ".repeat(line.to_string().len() + 2);
        output.line(format_args!("  {line} | {text}"))?;
        output.line(format_args!("{margin} | {}", styled(BAD, carets)))?;
    }
    let reason = format_args!("{margin} = {}", finding.reason);
    output.line(styled(FAINT, reason))
}
