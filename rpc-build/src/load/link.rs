//! Links files to those that they import. A file with mistakes is linked without what is wrong in it, so
//! that as much as possible of it, and of the files that import it, is checked.

use std::collections::HashSet;

use prost_types::FileDescriptorProto;
use protox::prost_reflect::DescriptorPool;

use super::LoadedFile;
use super::parse::{Parsed, ParsedFile};
use super::symbols::Symbols;
use super::{explain, imports, repair, resolve};
use crate::diagnostic::{self, Diagnostic};
use crate::element;
use crate::include::IncludeFolders;

/// How often what is wrong in a file is taken out. Each round finds all mistakes of one kind, so this is far
/// more than it takes to find them all.
const MAX_ROUNDS: usize = 50;

/// All files of `parsed`, each behind those that it imports, and the pool that they are linked in.
pub(super) fn link(
    parsed: &Parsed,
    folders: &IncludeFolders<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> (DescriptorPool, Vec<LoadedFile>) {
    let order = imports::order(parsed, folders, diagnostics);
    let symbols = Symbols::collect(parsed, &order, diagnostics);
    let mut pool = DescriptorPool::new();
    let mut files = Vec::with_capacity(order.len());
    let mut of_pool = Vec::new();
    for name in order {
        let file = &parsed.files[name];
        let mut descriptor = resolve::resolve(name, file, &symbols, &pool, diagnostics);
        retain_linked_imports(&mut descriptor, &pool);
        for path in symbols.repeated(name) {
            repair::take_out(&mut descriptor, path);
        }
        add_to_pool(file, descriptor.clone(), &mut pool, &mut of_pool);
        let linked = pool.get_file_by_name(name);
        files.push(
            match linked.filter(|_| diagnostics.is_empty() && of_pool.is_empty()) {
                Some(linked) => LoadedFile {
                    descriptor: linked.file_descriptor_proto().clone(),
                    encoded: linked.encode_to_vec(),
                },
                None => LoadedFile {
                    descriptor,
                    encoded: Vec::new(),
                },
            },
        );
    }
    diagnostic::merge(diagnostics, of_pool);
    (pool, files)
}

/// Removes the imports that are not in `pool`: what is wrong with them has been said.
fn retain_linked_imports(file: &mut FileDescriptorProto, pool: &DescriptorPool) {
    let is_linked = |import: &String| pool.get_file_by_name(import).is_some();
    if file.dependency.iter().all(is_linked) {
        return;
    }
    let public: Vec<String> = element::public_imports(file).map(str::to_owned).collect();
    file.dependency.retain(is_linked);
    file.public_dependency = (0..)
        .zip(&file.dependency)
        .filter(|(_, import)| public.contains(import))
        .map(|(index, _)| index)
        .collect();
    file.weak_dependency.clear();
}

/// Adds `descriptor`, which is `file` with full names, to `pool`. What is wrong is taken out, until the rest
/// is right: one kind of mistake keeps the pool from looking for the next.
fn add_to_pool(
    file: &ParsedFile,
    mut descriptor: FileDescriptorProto,
    pool: &mut DescriptorPool,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut errors = Vec::new();
    let mut taken_out = HashSet::new();
    let mut renumberings = [repair::renumber_enums, repair::renumber_fields].into_iter();
    for _ in 0..MAX_ROUNDS {
        let Err(error) = pool.add_file_descriptor_proto(descriptor.clone()) else {
            break;
        };
        let path = error.path().unwrap_or_default().to_owned();
        errors.push(error);
        let is_gone =
            taken_out.insert(path.clone()) && repair::take_out(&mut descriptor, &path).is_some();
        if !is_gone {
            let Some(renumber) = renumberings.next() else {
                break;
            };
            renumber(&mut descriptor);
        }
    }
    // Each round finds again what is not taken out yet.
    for error in errors {
        diagnostics.extend(explain::descriptor_error(error, file.source.as_ref(), pool));
    }
}
