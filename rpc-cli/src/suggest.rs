//! The name that a misspelled one was meant to be.

/// How alike two names have to be, from 0 to 1.
const ALIKE: f64 = 0.75;

/// The length of the shortest name in which one wrong letter is a slip.
const SHORTEST: usize = 3;

/// The one of `names` that is most like `name`, if one is. Case and what stands before the last dot count little.
pub(crate) fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = names
        .into_iter()
        .map(|other| (likeness(name, other), other));
    let best = scored.max_by(|(left, _), (right, _)| left.total_cmp(right))?;
    (best.0 >= ALIKE).then_some(best.1)
}

fn likeness(left: &str, right: &str) -> f64 {
    let whole = alike(left, right);
    let short = alike(last(left), last(right));
    // Of two that end alike, the one that is alike as a whole is meant.
    whole.max(short * 0.95 + whole * 0.05)
}

fn alike(left: &str, right: &str) -> f64 {
    let (left, right) = (left.to_lowercase(), right.to_lowercase());
    let alike = strsim::normalized_damerau_levenshtein(&left, &right);
    let is_long = left.chars().count().min(right.chars().count()) >= SHORTEST;
    match is_long && strsim::damerau_levenshtein(&left, &right) == 1 {
        true => alike.max(ALIKE),
        false => alike,
    }
}

fn last(name: &str) -> &str {
    name.rsplit(['.', '/']).next().unwrap_or(name)
}

/// The question whether the nearest name was meant, if one is near.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(name, names).map(|other| format!("did you mean {other}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found() {
        let names = ["helloworld.Hello", "shop.Orders", "grpc.health.v1.Health"];
        assert_eq!(nearest("helloworld.Helo", names), Some("helloworld.Hello"));
        assert_eq!(nearest("Orders", names), Some("shop.Orders"));
        assert_eq!(nearest("order", names), Some("shop.Orders"));
        assert_eq!(nearest("Ecko", ["Echo", "Hold"]), Some("Echo"));
        assert_eq!(nearest("Weather", names), None);
        assert_eq!(nearest("mgs", ["id", "msg"]), Some("msg"));
        assert_eq!(nearest("ix", ["id", "msg"]), None);
        assert_eq!(
            nearest("display_nam", ["displayName", "name"]),
            Some("displayName")
        );
    }
}
