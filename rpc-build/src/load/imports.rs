//! Follows imports: the order in which files can be linked, or why there is none.

use std::collections::HashSet;

use super::parse::Parsed;
use crate::diagnostic::Diagnostic;
use crate::include::IncludeFolders;

/// The names of all files, each behind those that it imports. Imports that lead nowhere, lead in a
/// circle or are there twice are added to `diagnostics`.
pub(super) fn order<'a>(
    parsed: &'a Parsed,
    folders: &IncludeFolders<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<&'a str> {
    let mut walk = Walk {
        parsed,
        folders,
        trail: Vec::new(),
        seen: HashSet::new(),
        order: Vec::with_capacity(parsed.files.len()),
        diagnostics,
    };
    for name in parsed.files.keys() {
        walk.visit(name);
    }
    walk.order
}

/// A walk along imports, depth first.
struct Walk<'a, 'b> {
    parsed: &'a Parsed,
    folders: &'b IncludeFolders<'b>,
    /// From the file that the walk started at to the one that it is at.
    trail: Vec<&'a str>,
    seen: HashSet<&'a str>,
    order: Vec<&'a str>,
    diagnostics: &'b mut Vec<Diagnostic>,
}

impl<'a> Walk<'a, '_> {
    fn visit(&mut self, name: &'a str) {
        let Some(file) = self.parsed.files.get(name) else {
            return;
        };
        if !self.seen.insert(name) {
            return;
        }
        self.trail.push(name);
        let mut listed = HashSet::new();
        for (index, import) in file.descriptor.dependency.iter().enumerate() {
            let complaint = if !listed.insert(import) {
                Some((format!("import '{import}' is listed twice"), None))
            } else if let Some(cycle) = self.cycle(import) {
                let help = "move what both sides need to a file of its own".to_owned();
                Some((format!("imports go round in a circle: {cycle}"), Some(help)))
            } else if !self.is_there(import) {
                let help = format!("looked in {}", self.folders.list());
                Some((format!("import '{import}' not found"), Some(help)))
            } else {
                None
            };
            match complaint {
                Some((message, help)) => self
                    .diagnostics
                    .push(file.complain_about_import(index, message).with_help(help)),
                None => self.visit(import),
            }
        }
        self.trail.pop();
        self.order.push(name);
    }

    /// The imports that lead from `import` back to itself, if the walk came through it.
    fn cycle(&self, import: &str) -> Option<String> {
        let start = self.trail.iter().position(|name| *name == import)?;
        let names: Vec<&str> = self.trail[start..]
            .iter()
            .copied()
            .chain([import])
            .collect();
        Some(names.join(" -> "))
    }

    fn is_there(&self, name: &str) -> bool {
        self.parsed.files.contains_key(name) || self.parsed.broken.contains(name)
    }
}
