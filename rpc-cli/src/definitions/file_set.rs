//! Encoded `.proto` files, each behind those that it imports.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use prost::Message;

/// `google.protobuf.FileDescriptorSet` whose files stay encoded, because to decode them loses custom options.
#[derive(Clone, PartialEq, Message)]
pub(super) struct FileSet {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    file: Vec<Bytes>,
}

impl FileSet {
    /// Files by name, each with its imports.
    pub(super) fn new(files: BTreeMap<String, (Vec<String>, Bytes)>) -> Self {
        let mut set = FileSet::default();
        let mut added = BTreeSet::new();
        for name in files.keys() {
            set.add(name, &files, &mut added);
        }
        set
    }

    fn add<'f>(
        &mut self,
        name: &'f str,
        files: &'f BTreeMap<String, (Vec<String>, Bytes)>,
        added: &mut BTreeSet<&'f str>,
    ) {
        let Some((imports, bytes)) = files.get(name).filter(|_| added.insert(name)) else {
            return;
        };
        for import in imports {
            self.add(import, files, added);
        }
        self.file.push(bytes.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stand_behind_their_imports() {
        let file = |imports: &[&str], bytes: &'static str| {
            let imports = imports.iter().map(|&name| name.to_owned()).collect();
            (imports, Bytes::from(bytes))
        };
        let set = FileSet::new(BTreeMap::from([
            ("a".to_owned(), file(&["c", "b"], "A")),
            ("b".to_owned(), file(&["c"], "B")),
            ("c".to_owned(), file(&[], "C")),
        ]));
        assert_eq!(set.file, ["C", "B", "A"]);
    }
}
