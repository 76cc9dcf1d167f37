//! Rules about how names are written.

use super::Linter;
use super::case::Case;
use crate::schema::{Element, enums, extensions, fields, messages};

pub(super) fn enums_are_pascal_case(linter: &mut Linter<'_>) {
    for each in linter.files.iter().flat_map(enums) {
        written(linter, &each, Case::Pascal);
    }
}

pub(super) fn enum_values_are_upper_snake_case(linter: &mut Linter<'_>) {
    for each in linter.files.iter().flat_map(enums) {
        for value in each.values() {
            written(linter, &value, Case::UpperSnake);
        }
    }
}

pub(super) fn fields_are_lower_snake_case(linter: &mut Linter<'_>) {
    for field in linter.files.iter().flat_map(fields) {
        written(linter, &field, Case::LowerSnake);
    }
    for extension in linter.files.iter().flat_map(extensions) {
        written(linter, &extension, Case::LowerSnake);
    }
}

pub(super) fn messages_are_pascal_case(linter: &mut Linter<'_>) {
    for message in linter.files.iter().flat_map(messages) {
        written(linter, &message, Case::Pascal);
    }
}

pub(super) fn oneofs_are_lower_snake_case(linter: &mut Linter<'_>) {
    for message in linter.files.iter().flat_map(messages) {
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            written(linter, &oneof, Case::LowerSnake);
        }
    }
}

pub(super) fn rpcs_are_pascal_case(linter: &mut Linter<'_>) {
    for service in linter.files.iter().flat_map(|file| file.services()) {
        for method in service.methods() {
            written(linter, &method, Case::Pascal);
        }
    }
}

pub(super) fn services_are_pascal_case(linter: &mut Linter<'_>) {
    for service in linter.files.iter().flat_map(|file| file.services()) {
        written(linter, &service, Case::Pascal);
    }
}

pub(super) fn packages_are_lower_snake_case(linter: &mut Linter<'_>) {
    for file in linter.files {
        let parts = || file.package_name().split('.');
        if !file.package_name().is_empty() && !parts().all(|part| Case::LowerSnake.has(part)) {
            let better: Vec<_> = parts().map(|part| Case::LowerSnake.of(part)).collect();
            let better = better.join(".");
            linter.package(
                file,
                format!("package {} should be {better}", file.package_name()),
            );
        }
    }
}

pub(super) fn files_are_lower_snake_case(linter: &mut Linter<'_>) {
    for file in linter.files {
        let (folder, name) = file.name().rsplit_once('/').unwrap_or(("", file.name()));
        let stem = name.strip_suffix(".proto").unwrap_or(name);
        if !Case::LowerSnake.has(stem) {
            let separator = if folder.is_empty() { "" } else { "/" };
            let better = Case::LowerSnake.of(stem);
            let message = format!("the file should be called {folder}{separator}{better}.proto");
            linter.place(file, &[], message);
        }
    }
}

/// Says that the name of `element` is not written as `case` says, if that is so.
fn written<E: Element>(linter: &mut Linter<'_>, element: &E, case: Case) {
    let name = element.name();
    if !case.has(name) {
        let better = case.of(name);
        let message = format!("{} {name} should be {better}: {}", E::KIND, case.name());
        linter.element(element, message);
    }
}
