//! Which fields of a message the JSON has given.

use serde::de::Error;

use crate::json::schema::{Field, Message};

/// Which fields of a message the JSON has given, and which of its oneofs have a value.
#[derive(Default)]
pub(super) struct Given {
    fields: Places,
    oneofs: Places,
}

impl Given {
    /// Notes that a field is named, which it may be once.
    pub(super) fn name<E: Error>(&mut self, message: &Message, place: usize) -> Result<(), E> {
        if self.fields.insert(place) {
            return Ok(());
        }
        let name = &message.fields[place].json_name;
        Err(E::custom(format_args!("the field {name} is given twice")))
    }

    /// Notes that a field has a value, or has not.
    pub(super) fn value<E: Error>(&mut self, field: &Field, has_value: bool) -> Result<(), E> {
        match field.oneof {
            Some(place) if has_value && !self.oneofs.insert(place) => Err(E::custom(
                "another field of the same oneof has a value already",
            )),
            _ => Ok(()),
        }
    }
}

/// A set of small numbers.
#[derive(Default)]
struct Places {
    first: u64,
    further: Vec<u64>,
}

impl Places {
    /// Whether the place was not in the set.
    fn insert(&mut self, place: usize) -> bool {
        let word = match place / 64 {
            0 => &mut self.first,
            word => {
                if self.further.len() < word {
                    self.further.resize(word, 0);
                }
                &mut self.further[word - 1]
            }
        };
        let bit = 1 << (place % 64);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}
