//! What to do about the mistakes that the compiler and the linker find, and only name.

const NEW_NAME: &str = "choose another name";

/// Help by a part of what the linker says.
const ADVICE: &[(&str, &str)] = &[
    ("is already used", "choose a number that no other field has"),
    (
        "conflicts with reserved range",
        "it once meant something else: choose another number",
    ),
    (
        "conflicts with extension range",
        "that range is for extensions: choose another number",
    ),
    (
        "camel-case name",
        "rename one of them: JSON has one name for both",
    ),
    ("JSON name", "rename the field, or set another `json_name`"),
    (
        "as an extension number",
        "choose a number that the message lists under `extensions`",
    ),
    (
        "has already been used",
        "choose another number, or allow a second name for it with `option allow_alias = true;` in the enum",
    ),
    (
        "the first value for proto3 enums",
        "add a value with the number 0 before it, such as `UNSPECIFIED = 0;`",
    ),
    ("has already been set", "remove one of them"),
    (
        "fields must have a label",
        "label it, or begin the file with `syntax = \"proto3\";`",
    ),
    ("twice", NEW_NAME),
    ("already defined", NEW_NAME),
];

/// What to do about what `message` says of `word`.
pub(super) fn advice(message: &str, word: &str) -> Option<String> {
    let (_, help) = ADVICE.iter().find(|(part, _)| message.contains(part))?;
    let name = word.rsplit('.').next().unwrap_or(word);
    let is_value = name.len() > 1 && !name.contains(|c: char| c.is_lowercase());
    Some(match *help {
        // Most people look for it in the enum.
        NEW_NAME if is_value => format!("{NEW_NAME}: values of an enum count as defined beside it"),
        help => help.to_owned(),
    })
}
