//! Headers that list what a client takes.

/// Whether a list such as `gzip;q=0.8, br` has `name`, and not with the weight 0, which refuses it.
pub(super) fn has(list: &str, name: &str) -> bool {
    list.split(',').any(|part| {
        let mut words = part.split(';').map(str::trim);
        let is_it = words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case(name));
        is_it && !words.any(is_refusal)
    })
}

fn is_refusal(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let weight = value.trim().parse::<f32>();
    name.trim().eq_ignore_ascii_case("q") && weight.is_ok_and(|weight| weight == 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_is_taken_unless_its_weight_is_0() {
        for list in [
            "gzip",
            "br, gzip",
            "br,GZIP;q=0.001",
            "gzip ; q=1",
            "gzip;level=0",
        ] {
            assert!(has(list, "gzip"), "{list}");
        }
        for list in ["", "br", "gzip;q=0", "gzip;level=1; Q=0.000", "xgzip"] {
            assert!(!has(list, "gzip"), "{list}");
        }
    }
}
