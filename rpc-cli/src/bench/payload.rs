//! The requests of a run, as they are written: one JSON text or many.

use std::{fs, io};

use serde::de::IgnoredAny;

use super::template::Template;

/// Reads what was given for the requests: JSON, or `@` and the name of a file with one JSON text or one in each line, or `-`,
/// which is standard input. Its placeholders count, unless it is `verbatim`.
///
/// # Errors
///
/// What is wrong with which text, or with the file.
pub(crate) fn read(argument: &str, verbatim: bool) -> Result<Vec<Template>, String> {
    let (name, content) = match argument.strip_prefix('@') {
        Some(file) => (file, fs::read_to_string(file)),
        None if argument == "-" => ("standard input", io::read_to_string(io::stdin())),
        None => {
            let template = parse(argument, verbatim)?;
            check(&template)?;
            return Ok(vec![template]);
        }
    };
    let content = content.map_err(|error| format!("{name} cannot be read: {error}"))?;
    texts(&content, verbatim).map_err(|(line, error)| format!("{name}:{line}: {error}"))
}

/// The texts of a file; an error has the number of its line.
fn texts(content: &str, verbatim: bool) -> Result<Vec<Template>, (usize, String)> {
    if let Ok(whole) = parse(content, verbatim)
        && check(&whole).is_ok()
    {
        return Ok(vec![whole]);
    }
    let lines = content.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let templates: Vec<_> = lines
        .map(|(number, line)| {
            let template = parse(line, verbatim).map_err(|error| (number + 1, error))?;
            check(&template).map_err(|error| (number + 1, error))?;
            Ok(template)
        })
        .collect::<Result<_, _>>()?;
    match templates.is_empty() {
        true => Err((1, "there is no JSON".to_owned())),
        false => Ok(templates),
    }
}

fn parse(text: &str, verbatim: bool) -> Result<Template, String> {
    match verbatim {
        true => Ok(Template::verbatim(text)),
        false => Template::parse(text),
    }
}

/// A text has to be JSON when its placeholders are filled in.
fn check(template: &Template) -> Result<(), String> {
    let text = template.render(0);
    match serde_json::from_str::<IgnoredAny>(&text) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("this is not JSON: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(content: &str) -> Vec<String> {
        let texts = texts(content, false).unwrap();
        texts.iter().map(|text| text.render(0)).collect()
    }

    #[test]
    fn a_file_is_one_text_or_one_in_each_line() {
        assert_eq!(rendered("{\n  \"a\": {{index}}\n}\n").len(), 1);
        assert_eq!(
            rendered("{\"a\": 1}\n\n{\"a\": {{index}}}\n"),
            ["{\"a\": 1}", "{\"a\": 0}"]
        );
    }

    #[test]
    fn a_mistake_in_a_file_has_its_line() {
        let (line, error) = texts("{}\n{\"a\"}\n", false).unwrap_err();
        assert_eq!(line, 2);
        assert!(error.contains("not JSON"), "{error}");
        assert_eq!(texts("\n", false).unwrap_err().0, 1);
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read("@/no/such/file", false).unwrap_err();
        assert!(error.contains("/no/such/file"), "{error}");
    }

    #[test]
    fn what_is_verbatim_keeps_its_braces() {
        let texts = read(r#"{"a": "{{index}}"}"#, true).unwrap();
        assert_eq!(texts[0].render(3), r#"{"a": "{{index}}"}"#);
    }
}
