//! What a schema consists of, and where each part of it is.

use prost_reflect::{
    EnumDescriptor, EnumValueDescriptor, ExtensionDescriptor, FieldDescriptor, FileDescriptor,
    MessageDescriptor, MethodDescriptor, OneofDescriptor, ServiceDescriptor,
};

/// The numbers of fields of `google/protobuf/descriptor.proto`, of which paths to places consist.
pub(crate) mod field_number {
    /// `name` of every element.
    pub(crate) const NAME: i32 = 1;
    /// `FileDescriptorProto.package`.
    pub(crate) const FILE_PACKAGE: i32 = 2;
    /// `FileDescriptorProto.dependency`.
    pub(crate) const FILE_DEPENDENCY: i32 = 3;
    /// `FileDescriptorProto.options`.
    pub(crate) const FILE_OPTIONS: i32 = 8;
    /// `FileDescriptorProto.public_dependency`.
    pub(crate) const FILE_PUBLIC_DEPENDENCY: i32 = 10;
    /// `FileDescriptorProto.weak_dependency`.
    pub(crate) const FILE_WEAK_DEPENDENCY: i32 = 11;
    /// `FileDescriptorProto.syntax`.
    pub(crate) const FILE_SYNTAX: i32 = 12;
    /// `FileDescriptorProto.edition`.
    pub(crate) const FILE_EDITION: i32 = 14;
    /// `FieldDescriptorProto.label`.
    pub(crate) const FIELD_LABEL: i32 = 4;
    /// `FieldDescriptorProto.type`.
    pub(crate) const FIELD_TYPE: i32 = 5;
    /// `FieldDescriptorProto.type_name`.
    pub(crate) const FIELD_TYPE_NAME: i32 = 6;
    /// `FieldDescriptorProto.options`.
    pub(crate) const FIELD_OPTIONS: i32 = 8;
    /// `EnumDescriptorProto.options`.
    pub(crate) const ENUM_OPTIONS: i32 = 3;
    /// `EnumValueDescriptorProto.number`.
    pub(crate) const ENUM_VALUE_NUMBER: i32 = 2;
    /// `MethodDescriptorProto.input_type`.
    pub(crate) const METHOD_INPUT: i32 = 2;
    /// `MethodDescriptorProto.output_type`.
    pub(crate) const METHOD_OUTPUT: i32 = 3;
    /// `MethodDescriptorProto.options`.
    pub(crate) const METHOD_OPTIONS: i32 = 4;
}

/// Something in a `.proto` file that has a name.
pub(crate) trait Element {
    /// What people call it.
    const KIND: &'static str;

    /// The file that has it.
    fn file(&self) -> FileDescriptor;

    /// Where it is in the file.
    fn path(&self) -> &[i32];

    /// Its name in the file.
    fn name(&self) -> &str;

    /// Its name everywhere.
    fn full_name(&self) -> &str;
}

macro_rules! elements {
    ($($type:ty: $kind:literal,)*) => {
        $(impl Element for $type {
            const KIND: &'static str = $kind;

            fn file(&self) -> FileDescriptor {
                self.parent_file()
            }

            fn path(&self) -> &[i32] {
                <$type>::path(self)
            }

            fn name(&self) -> &str {
                <$type>::name(self)
            }

            fn full_name(&self) -> &str {
                <$type>::full_name(self)
            }
        })*
    };
}

elements! {
    MessageDescriptor: "message",
    FieldDescriptor: "field",
    OneofDescriptor: "oneof",
    ExtensionDescriptor: "extension",
    EnumDescriptor: "enum",
    EnumValueDescriptor: "enum value",
    ServiceDescriptor: "service",
    MethodDescriptor: "rpc",
}

/// The messages of `file`, outer before inner ones, without those that stand for map entries.
pub(crate) fn messages(file: &FileDescriptor) -> Vec<MessageDescriptor> {
    let mut found = Vec::new();
    for message in file.messages() {
        add_messages(message, &mut found);
    }
    found
}

fn add_messages(message: MessageDescriptor, found: &mut Vec<MessageDescriptor>) {
    if message.is_map_entry() {
        return;
    }
    found.push(message.clone());
    for inner in message.child_messages() {
        add_messages(inner, found);
    }
}

/// The enums of `file`, also those in messages.
pub(crate) fn enums(file: &FileDescriptor) -> Vec<EnumDescriptor> {
    let inner = messages(file).into_iter().flat_map(|message| {
        let enums: Vec<_> = message.child_enums().collect();
        enums
    });
    file.enums().chain(inner).collect()
}

/// The extensions that `file` defines, also those in messages.
pub(crate) fn extensions(file: &FileDescriptor) -> Vec<ExtensionDescriptor> {
    let inner = messages(file).into_iter().flat_map(|message| {
        let extensions: Vec<_> = message.child_extensions().collect();
        extensions
    });
    file.extensions().chain(inner).collect()
}

/// The fields of all messages of `file`.
pub(crate) fn fields(file: &FileDescriptor) -> Vec<FieldDescriptor> {
    let all = messages(file).into_iter().flat_map(|message| {
        let fields: Vec<_> = message.fields().collect();
        fields
    });
    all.collect()
}
