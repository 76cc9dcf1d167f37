//! Rules about schemas: their names, which of them are wanted, and what they find.

mod report;
mod selection;

pub(crate) use report::{Report, show};
pub(crate) use selection::{RuleArgs, Selection, list};

/// A rule, named as buf names it. `C` is how it is checked.
#[derive(Debug)]
pub(crate) struct Rule<C: 'static> {
    /// Its name, such as `FIELD_LOWER_SNAKE_CASE`.
    pub(crate) id: &'static str,
    /// The sets of rules that it belongs to.
    pub(crate) categories: &'static [&'static str],
    /// Why it exists; for changes, whom it breaks.
    pub(crate) reason: &'static str,
    pub(crate) check: C,
}

/// A line of a table of rules.
pub(crate) const fn rule<C: Copy>(
    id: &'static str,
    categories: &'static [&'static str],
    check: C,
    reason: &'static str,
) -> Rule<C> {
    Rule {
        id,
        categories,
        reason,
        check,
    }
}
