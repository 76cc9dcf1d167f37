//! Reads YAML.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use granit_parser::{Event, Marker, Parser, ScalarStyle, StrInput, Tag};

use super::error::{ConfigError, Place};
use super::node::{Content, Entry, Node, join};
use super::substitute::{Variables, substitute};

/// The value that is in `text`, the content of `file`. Variables are put into texts after YAML has
/// been read, so that none of them can change what else is in the file.
pub(super) fn read(
    file: Arc<Path>,
    text: &str,
    variables: Variables<'_>,
) -> Result<Arc<Node>, ConfigError> {
    let reader = Reader {
        // What some editors begin a file with.
        events: Parser::new_from_str(text.strip_prefix('\u{feff}').unwrap_or(text)),
        file,
        variables,
        anchors: HashMap::new(),
    };
    reader.document()
}

struct Reader<'a> {
    events: Parser<'a, StrInput<'a>>,
    file: Arc<Path>,
    variables: Variables<'a>,
    /// What aliases may stand for.
    anchors: HashMap<usize, Arc<Node>>,
}

impl<'a> Reader<'a> {
    fn document(mut self) -> Result<Arc<Node>, ConfigError> {
        let mut root = None;
        loop {
            match self.next()? {
                (Event::StreamEnd, place) => {
                    let nothing = Content::Mapping(Vec::new());
                    return Ok(root.unwrap_or_else(|| self.node(place, "", nothing)));
                }
                (Event::StreamStart | Event::DocumentEnd, _) => {}
                (Event::DocumentStart(..), place) if root.is_some() => {
                    let message = "a second document begins here; a file has one";
                    return Err(self.error(place, "", message));
                }
                (Event::DocumentStart(..), _) => {}
                (event, place) => root = Some(self.value(event, place, String::new())?),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Place), ConfigError> {
        match self.events.next_event() {
            Some(Ok((event, span))) => Ok((event, place_of(&span.start))),
            Some(Err(error)) => {
                let message = format!("this is no YAML: {}", error.info());
                let error_at = self.error(place_of(error.marker()), "", message);
                Err(error_at.because(error))
            }
            // Nobody reads on after the end.
            None => Ok((Event::StreamEnd, Place { line: 1, column: 1 })),
        }
    }

    /// The value that begins with `event`.
    fn value(
        &mut self,
        event: Event<'a>,
        place: Place,
        key: String,
    ) -> Result<Arc<Node>, ConfigError> {
        let anchor = event.anchor_id();
        if event.tag().is_some_and(Tag::is_custom) {
            return Err(self.error(place, key, "tags such as !name have no meaning here"));
        }
        let content = match event {
            Event::Alias(id) => {
                let known = self.anchors.get(&id).cloned();
                return known.ok_or_else(|| {
                    self.error(place, key, "the alias stands for what it is a part of")
                });
            }
            // How YAML writes nothing, and what a key without a value has.
            Event::Scalar(text, ScalarStyle::Plain, ..) if ["~", "null"].contains(&&*text) => {
                Content::Text(String::new())
            }
            Event::Scalar(text, ..) => {
                let text = substitute(&text, self.variables);
                Content::Text(text.map_err(|message| self.error(place, &key, message))?)
            }
            Event::SequenceStart(..) => self.list(&key)?,
            Event::MappingStart(..) => self.mapping(&key)?,
            _ => return Err(self.error(place, key, "expected a value")),
        };
        let node = self.node(place, key, content);
        if let Some(id) = anchor {
            self.anchors.insert(id, Arc::clone(&node));
        }
        Ok(node)
    }

    fn list(&mut self, key: &str) -> Result<Content, ConfigError> {
        let mut values = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Content::List(values)),
                (event, place) => {
                    let key = format!("{key}[{}]", values.len());
                    values.push(self.value(event, place, key)?);
                }
            }
        }
    }

    fn mapping(&mut self, key: &str) -> Result<Content, ConfigError> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (name, place) = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Content::Mapping(entries)),
                (Event::Scalar(name, ..), place) => (name.into_owned(), place),
                (_, place) => return Err(self.error(place, key, "a key must be a text")),
            };
            let key = join(key, &name);
            if let Some(first) = entries.iter().find(|entry| entry.name == name) {
                let line = first.place.line;
                let message = format!("the key is in line {line} already; remove one of them");
                return Err(self.error(place, key, message));
            }
            let (event, value_place) = self.next()?;
            let value = self.value(event, value_place, key)?;
            entries.push(Entry { name, place, value });
        }
    }

    fn node(&self, place: Place, key: impl Into<String>, content: Content) -> Arc<Node> {
        Arc::new(Node {
            file: Arc::clone(&self.file),
            key: key.into(),
            place,
            content,
        })
    }

    fn error(
        &self,
        place: Place,
        key: impl Into<String>,
        message: impl Into<String>,
    ) -> ConfigError {
        ConfigError::of_file(Arc::clone(&self.file), message).at(place, key)
    }
}

fn place_of(marker: &Marker) -> Place {
    Place {
        line: marker.line(),
        column: marker.col() + 1,
    }
}
