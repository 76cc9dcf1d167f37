//! Metadata: the named values that travel with a request or a response.

use std::fmt;

use bytes::Bytes;

/// What an entry counts beside its bytes, as in HPACK (RFC 7541, 4.1).
const ENTRY_OVERHEAD: usize = 32;

/// How the name of every entry with a binary value ends.
const BINARY_SUFFIX: &str = "-bin";

/// An ordered multimap of metadata, by gRPC's rules.
///
/// Keys consist of `0-9 a-z _ - .`. A key that ends in `-bin` has bytes as its value, any other a
/// text of printable ASCII characters (0x20 to 0x7e). One key may have several values; their order
/// is kept.
///
/// An empty `Metadata` owns no memory.
///
/// ```
/// # fn main() -> Result<(), rpc_wire::MetadataError> {
/// use rpc_wire::Metadata;
///
/// let mut metadata = Metadata::new();
/// metadata.insert("tenant", "blue")?;
/// metadata.insert_bin("trace-bin", vec![1, 2, 3])?;
/// assert_eq!(metadata.get("tenant"), Some("blue"));
/// assert_eq!(metadata.get_bin("trace-bin"), Some(&[1, 2, 3][..]));
/// assert!(metadata.insert("Tenant", "blue").is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    entries: Vec<Entry>,
}

#[derive(Clone, PartialEq, Eq)]
struct Entry {
    key: Box<str>,
    value: Value,
}

#[derive(Clone, PartialEq, Eq)]
enum Value {
    Ascii(String),
    Binary(Bytes),
}

/// One value of a [`Metadata`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataValue<'a> {
    /// Text of printable ASCII characters.
    Ascii(&'a str),
    /// Bytes; the key ends in `-bin`.
    Binary(&'a [u8]),
}

impl<'a> MetadataValue<'a> {
    /// The bytes of the value, whichever kind it is.
    pub const fn as_bytes(self) -> &'a [u8] {
        match self {
            Self::Ascii(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

impl Metadata {
    /// No entries. Does not allocate.
    pub const fn new() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    /// Whether `key` names binary values, that is, ends in `-bin`.
    pub fn is_binary_key(key: &str) -> bool {
        key.ends_with(BINARY_SUFFIX)
    }

    /// Sets the only text value of `key`, replacing all that it had.
    ///
    /// # Errors
    ///
    /// [`MetadataError`] if the key or a character of the value is not allowed; the entries are
    /// then as before.
    pub fn insert(
        &mut self,
        key: impl AsRef<str>,
        value: impl Into<String>,
    ) -> Result<(), MetadataError> {
        let entry = Entry::ascii(key.as_ref(), value.into())?;
        self.replace(entry);
        Ok(())
    }

    /// Adds one more text value to `key`.
    ///
    /// # Errors
    ///
    /// [`MetadataError`] if the key or a character of the value is not allowed.
    pub fn append(
        &mut self,
        key: impl AsRef<str>,
        value: impl Into<String>,
    ) -> Result<(), MetadataError> {
        self.entries.push(Entry::ascii(key.as_ref(), value.into())?);
        Ok(())
    }

    /// Sets the only binary value of `key`, which ends in `-bin`, replacing all that it had.
    ///
    /// # Errors
    ///
    /// [`MetadataError`] if the key is not allowed; the entries are then as before.
    pub fn insert_bin(
        &mut self,
        key: impl AsRef<str>,
        value: impl Into<Bytes>,
    ) -> Result<(), MetadataError> {
        let entry = Entry::binary(key.as_ref(), value.into())?;
        self.replace(entry);
        Ok(())
    }

    /// Adds one more binary value to `key`, which ends in `-bin`.
    ///
    /// # Errors
    ///
    /// [`MetadataError`] if the key is not allowed.
    pub fn append_bin(
        &mut self,
        key: impl AsRef<str>,
        value: impl Into<Bytes>,
    ) -> Result<(), MetadataError> {
        self.entries
            .push(Entry::binary(key.as_ref(), value.into())?);
        Ok(())
    }

    /// The first text value of `key`; `None` if there is none or its values are binary.
    pub fn get(&self, key: &str) -> Option<&str> {
        match self.get_all(key).next() {
            Some(MetadataValue::Ascii(text)) => Some(text),
            _ => None,
        }
    }

    /// The first binary value of `key`; `None` if there is none or its values are text.
    pub fn get_bin(&self, key: &str) -> Option<&[u8]> {
        match self.get_all(key).next() {
            Some(MetadataValue::Binary(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// Every value of `key`, in the order in which they were added.
    pub fn get_all(&self, key: &str) -> impl Iterator<Item = MetadataValue<'_>> {
        self.iter()
            .filter(move |(name, _)| *name == key)
            .map(|(_, value)| value)
    }

    /// Removes every value of `key` and says whether there was one.
    pub fn remove(&mut self, key: &str) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| &*entry.key != key);
        self.entries.len() < before
    }

    /// Every entry, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (&str, MetadataValue<'_>)> {
        self.entries
            .iter()
            .map(|entry| (&*entry.key, entry.value.as_ref()))
    }

    /// How many entries there are, a key with two values counting twice.
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The size as HTTP/2 counts it, in bytes: keys, values, and 32 for each entry.
    ///
    /// This protocol's own limit, `max_metadata_size`, counts the bytes of the encoded metadata.
    pub fn size(&self) -> usize {
        self.iter()
            .map(|(key, value)| key.len() + value.as_bytes().len() + ENTRY_OVERHEAD)
            .sum()
    }

    fn replace(&mut self, entry: Entry) {
        self.remove(&entry.key);
        self.entries.push(entry);
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Value {
    fn as_ref(&self) -> MetadataValue<'_> {
        match self {
            Self::Ascii(text) => MetadataValue::Ascii(text),
            Self::Binary(bytes) => MetadataValue::Binary(bytes),
        }
    }
}

impl Entry {
    fn ascii(key: &str, value: String) -> Result<Self, MetadataError> {
        check_key(key)?;
        if Metadata::is_binary_key(key) {
            return Err(MetadataError::TextUnderBinaryKey {
                key: key.to_owned(),
            });
        }
        match value.chars().find(|c| !matches!(c, ' '..='~')) {
            None => Ok(Self {
                key: key.into(),
                value: Value::Ascii(value),
            }),
            Some(character) => Err(MetadataError::ValueCharacter {
                key: key.to_owned(),
                character,
            }),
        }
    }

    fn binary(key: &str, value: Bytes) -> Result<Self, MetadataError> {
        check_key(key)?;
        if !Metadata::is_binary_key(key) {
            return Err(MetadataError::BinaryUnderTextKey {
                key: key.to_owned(),
            });
        }
        Ok(Self {
            key: key.into(),
            value: Value::Binary(value),
        })
    }
}

fn check_key(key: &str) -> Result<(), MetadataError> {
    if key.is_empty() {
        return Err(MetadataError::EmptyKey);
    }
    match key
        .chars()
        .find(|c| !matches!(c, '0'..='9' | 'a'..='z' | '_' | '-' | '.'))
    {
        None => Ok(()),
        Some(character) => Err(MetadataError::KeyCharacter {
            key: key.to_owned(),
            character,
        }),
    }
}

/// Why an entry cannot be metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetadataError {
    /// The key has no characters.
    EmptyKey,
    /// The key contains a character that is not allowed in keys.
    KeyCharacter {
        /// The whole key.
        key: String,
        /// Its first character that is not allowed.
        character: char,
    },
    /// The text value contains a character that is not printable ASCII.
    ValueCharacter {
        /// The key of the value.
        key: String,
        /// The value's first character that is not allowed.
        character: char,
    },
    /// A text value was given for a key that ends in `-bin`.
    TextUnderBinaryKey {
        /// The key.
        key: String,
    },
    /// A binary value was given for a key that does not end in `-bin`.
    BinaryUnderTextKey {
        /// The key.
        key: String,
    },
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyKey => write!(f, "a metadata key must not be empty"),
            Self::KeyCharacter { key, character } => write!(
                f,
                "metadata key {key:?} contains {character:?}; keys consist of 0-9 a-z _ - ."
            ),
            Self::ValueCharacter { key, character } => write!(
                f,
                "the value of metadata key {key:?} contains {character:?}, which is not printable \
                 ASCII; send it as bytes under the key \"{key}-bin\""
            ),
            Self::TextUnderBinaryKey { key } => write!(
                f,
                "metadata key {key:?} is for binary values; use insert_bin or append_bin"
            ),
            Self::BinaryUnderTextKey { key } => write!(
                f,
                "metadata key {key:?} is for text; binary values need a key that ends in \"-bin\""
            ),
        }
    }
}

impl std::error::Error for MetadataError {}
