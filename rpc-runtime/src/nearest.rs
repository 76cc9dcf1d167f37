//! The name that a misspelled one was meant to be.

/// The one of `names` that is most like `word`, if it is more alike than `least`: 0 is not at all, 1 is the same.
pub(crate) fn nearest<'a>(
    word: &str,
    names: impl IntoIterator<Item = &'a str>,
    least: f64,
) -> Option<&'a str> {
    let ranked = names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(word, name), name));
    let (alike, name) = ranked.max_by(|(left, _), (right, _)| left.total_cmp(right))?;
    (alike > least).then_some(name)
}
