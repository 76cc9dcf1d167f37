//! Puts environment variables into texts.

/// What a variable is, if it is set.
pub(super) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What may stand after a dollar sign.
const FORMS: &str = "write ${NAME}, ${NAME:-default}, or $$ for a dollar sign";

/// The text with `${NAME}` and `${NAME:-default}` replaced, and `$$` by a dollar sign. The default
/// takes the place of a variable that is not set, or empty.
///
/// # Errors
///
/// A variable that is not set and has no default, or a dollar sign that begins nothing.
pub(super) fn substitute(text: &str, variables: Variables<'_>) -> Result<String, String> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        result.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            result.push('$');
            rest = after;
        } else {
            let braced = after.strip_prefix('{').and_then(|it| it.split_once('}'));
            let (inner, after) = braced.ok_or_else(|| no_variable(text))?;
            result.push_str(&value_of(inner, variables).ok_or_else(|| no_variable(text))??);
            rest = after;
        }
    }
    result.push_str(rest);
    Ok(result)
}

/// The value of what stands between the braces; `None` if that is no variable.
fn value_of(inner: &str, variables: Variables<'_>) -> Option<Result<String, String>> {
    let (name, default) = match inner.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inner, None),
    };
    if !is_name(name) {
        return None;
    }
    let value = match (variables(name), default) {
        (Some(value), None) => Ok(value),
        (Some(value), Some(_)) if !value.is_empty() => Ok(value),
        (_, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(format!(
            "the environment variable {name} is not set; set it, or write ${{{name}:-default}}"
        )),
    };
    Some(value)
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn no_variable(text: &str) -> String {
    format!("{text:?} has a dollar sign that begins no variable; {FORMS}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_variables(text: &str) -> Result<String, String> {
        substitute(text, &|name| match name {
            "HOST" => Some("localhost".to_owned()),
            "_p0" => Some("${HOST}".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        })
    }

    #[test]
    fn variables_are_replaced_once_and_defaults_stand_for_those_without_value() {
        for (text, expected) in [
            ("plain", "plain"),
            ("${HOST}", "localhost"),
            ("a ${HOST}:${PORT:-80} b", "a localhost:80 b"),
            ("${HOST:-other}", "localhost"),
            ("${EMPTY}", ""),
            ("${EMPTY:-full}", "full"),
            ("${NONE:-}", ""),
            ("${NONE:-a:-b}", "a:-b"),
            ("${_p0}", "${HOST}"),
            ("$$", "$"),
            ("$${HOST}", "${HOST}"),
            ("$$$$", "$$"),
            ("größer ${HOST}", "größer localhost"),
        ] {
            assert_eq!(with_variables(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_replaced_says_what_to_write() {
        for text in [
            "$", "$HOST", "${", "${HOST", "${}", "${a b}", "${1}", "${:-x}", "$$$",
        ] {
            let error = with_variables(text).unwrap_err();
            assert!(error.ends_with(FORMS), "{error}");
        }
        assert_eq!(
            with_variables("${NONE}").unwrap_err(),
            "the environment variable NONE is not set; set it, or write ${NONE:-default}"
        );
    }
}
