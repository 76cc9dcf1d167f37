//! Follows imports: the order in which files can be linked, or why there is none.

use std::collections::HashSet;

use super::nearest::nearest;
use super::parse::Parsed;
use crate::diagnostic::Diagnostic;
use crate::element::field;
use crate::include::{self, IncludeFolders};

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
                let help = "remove one of them".to_owned();
                Some((format!("import '{import}' is listed twice"), help))
            } else if let Some(cycle) = self.cycle(import) {
                let help = "move what both sides need to a file of its own".to_owned();
                Some((format!("imports go round in a circle: {cycle}"), help))
            } else if !self.is_there(import) {
                Some((format!("import '{import}' not found"), self.help(import)))
            } else {
                None
            };
            match complaint {
                Some((message, help)) => {
                    let path = [field::FILE_DEPENDENCY, index as i32];
                    let diagnostic = file.complain_about(import, &path, message);
                    self.diagnostics.push(diagnostic.with_help(Some(help)));
                }
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

    /// Help for an import that leads nowhere.
    fn help(&self, import: &str) -> String {
        let looked = format!("looked in {}", self.folders.list());
        let beside = self.folders.beside(import);
        let beside = beside.iter().map(String::as_str);
        let names = beside.chain(include::built_in_files());
        match nearest(stem(import), names.map(|name| (stem(name), name))) {
            Some(name) => format!("did you mean '{name}'? {looked}"),
            None => looked,
        }
    }

    fn is_there(&self, name: &str) -> bool {
        self.parsed.files.contains_key(name) || self.parsed.broken.contains(name)
    }
}

/// `name` without the ending, which makes no name look like another: all have it.
fn stem(name: &str) -> &str {
    name.strip_suffix(".proto").unwrap_or(name)
}
