//! Which of several names looks like one that is wrong.

/// The suggestion for the candidate that `name` needs the fewest edits to become, if it looks like it
/// at all: at most one edit for each three characters. A candidate comes with what to suggest for it.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<&'a str> {
    let limit = name.chars().count() / 3;
    let is_close = |(candidate, _): &(&str, _)| name.len().abs_diff(candidate.len()) <= 4 * limit;
    candidates
        // Most are ruled out by their length.
        .filter(is_close)
        .map(|(candidate, suggestion)| (distance(name, candidate), suggestion))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, suggestion)| suggestion)
}

/// The number of characters to insert, delete, replace or swap with the next one on the way from `a`
/// to `b`, where upper and lower case are the same.
fn distance(a: &str, b: &str) -> usize {
    let fold = |text: &str| text.to_lowercase().chars().collect::<Vec<char>>();
    let (a, b) = (fold(a), fold(b));
    // `rows[i][j]` is the distance of the first `i` characters of `a` to the first `j` of `b`.
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_edits_whatever_the_case() {
        for (a, b, expected) in [
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("HelloRequst", "HelloRequest", 1),
            ("money", "Money", 0),
            ("lable", "label", 1),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn names_that_look_different_are_not_suggested() {
        let candidates = || [("Book", "b.Book"), ("Shelf", "b.Shelf")].into_iter();
        assert_eq!(nearest("Bok", candidates()), Some("b.Book"));
        assert_eq!(nearest("Author", candidates()), None);
    }
}
