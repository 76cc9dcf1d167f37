//! Which file defines what.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use prost::Message;
use prost_types::FileDescriptorProto;

use super::alias;
use super::symbols::Symbols;
use crate::server::RegisteredService;

/// All files of a server's services, with what they import.
#[derive(Default)]
pub(super) struct Index {
    files: Vec<File>,
    by_name: HashMap<String, FileId>,
    by_symbol: HashMap<String, FileId>,
    /// By the message that is extended, and the number.
    extensions: HashMap<String, BTreeMap<i32, FileId>>,
}

/// The place of a file in the index.
pub(super) type FileId = usize;

struct File {
    /// As it was embedded: decoding it would lose the options that extensions define.
    encoded: Bytes,
    imports: Vec<FileId>,
}

/// A `google.protobuf.FileDescriptorSet` whose files are left encoded.
#[derive(Clone, PartialEq, Message)]
struct FileSet {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    file: Vec<Bytes>,
}

impl Index {
    pub(super) fn new(services: &[RegisteredService]) -> Self {
        let mut index = Index::default();
        // The services of a package have one set.
        let sets = services
            .iter()
            .map(|service| service.descriptor.file_descriptor_set());
        for set in sets.collect::<BTreeSet<_>>() {
            index.add_set(set);
        }
        for service in services {
            index.add_alias(service);
        }
        index
    }

    fn add_set(&mut self, set: &'static [u8]) {
        let files = match FileSet::decode(Bytes::from_static(set)) {
            Ok(set) => set.file,
            Err(error) => return tracing::warn!(%error, "an embedded descriptor is damaged"),
        };
        // An import means the file of this set, should others have one of the same name.
        let mut of_set = HashMap::new();
        for encoded in files {
            match FileDescriptorProto::decode(encoded.clone()) {
                Ok(file) => {
                    let id = self.add(&file, encoded, &of_set);
                    of_set.insert(file.name().to_owned(), id);
                }
                Err(error) => tracing::warn!(%error, "an embedded descriptor is damaged"),
            }
        }
    }

    /// Adds a file whose imports are among those of its set, unless there is the same one already.
    fn add(
        &mut self,
        file: &FileDescriptorProto,
        encoded: Bytes,
        of_set: &HashMap<String, FileId>,
    ) -> FileId {
        let known = self.by_name.get(file.name()).copied();
        if let Some(known) = known.filter(|known| self.files[*known].encoded == encoded) {
            return known;
        }
        let id = self.files.len();
        let imports = file.dependency.iter();
        self.files.push(File {
            encoded,
            imports: imports
                .filter_map(|name| of_set.get(name).copied())
                .collect(),
        });
        self.by_name.entry(file.name().to_owned()).or_insert(id);
        let symbols = Symbols::of(file);
        for name in symbols.names {
            self.by_symbol.entry(name).or_insert(id);
        }
        for (extended, number) in symbols.extensions {
            let numbers = self.extensions.entry(extended).or_default();
            numbers.entry(number).or_insert(id);
        }
        id
    }

    /// Adds a file for a service that is registered under another name than its own, if it is.
    fn add_alias(&mut self, service: &RegisteredService) {
        if self.by_symbol.contains_key(&service.name) {
            return;
        }
        let Some(original) = self.with_symbol(service.descriptor.name()) else {
            return;
        };
        let File { encoded, imports } = &self.files[original];
        let Ok(file) = FileDescriptorProto::decode(encoded.clone()) else {
            return;
        };
        if let Some(alias) = alias::file(&service.name, service.descriptor.name(), &file) {
            let names = file.dependency.iter().cloned();
            let mut of_set: HashMap<_, _> = names.zip(imports.iter().copied()).collect();
            of_set.insert(file.name().to_owned(), original);
            self.add(&alias, alias.encode_to_vec().into(), &of_set);
        }
    }

    pub(super) fn with_name(&self, name: &str) -> Option<FileId> {
        self.by_name.get(name).copied()
    }

    /// The file that defines what has this full name.
    pub(super) fn with_symbol(&self, name: &str) -> Option<FileId> {
        self.by_symbol.get(name).copied()
    }

    /// The file that defines the extension of a message with this number.
    pub(super) fn with_extension(&self, message: &str, number: i32) -> Option<FileId> {
        self.extensions.get(message)?.get(&number).copied()
    }

    /// The numbers of all extensions of a message; `None` if there is no such message.
    pub(super) fn extension_numbers(&self, message: &str) -> Option<Vec<i32>> {
        match self.extensions.get(message) {
            Some(numbers) => Some(numbers.keys().copied().collect()),
            None => self.with_symbol(message).map(|_| Vec::new()),
        }
    }

    /// The file, encoded, and all that it imports but for what was `sent` before.
    pub(super) fn with_imports(&self, file: FileId, sent: &mut BTreeSet<FileId>) -> Vec<Bytes> {
        sent.insert(file);
        let mut found = vec![file];
        let mut next = 0;
        while let Some(file) = found.get(next) {
            let imports = self.files[*file].imports.iter().copied();
            let new: Vec<_> = imports.filter(|import| sent.insert(*import)).collect();
            found.extend(new);
            next += 1;
        }
        let found = found.into_iter();
        found.map(|file| self.files[file].encoded.clone()).collect()
    }
}
