//! What a name stands for.

use prost_reflect::{
    DescriptorPool, EnumDescriptor, FieldDescriptor, FileDescriptor, MessageDescriptor,
    MethodDescriptor, ServiceDescriptor,
};

use super::{Definitions, unknown};
use crate::error::Result;

/// Something that has a name and a definition.
#[derive(Clone, Debug)]
pub(crate) enum Symbol {
    Service(ServiceDescriptor),
    Method(MethodDescriptor),
    Message(MessageDescriptor),
    Enum(EnumDescriptor),
    Field(FieldDescriptor),
}

impl Definitions {
    /// What has this full name: a service, message or enum, a method `Service.Method`, or a field `Message.field`.
    ///
    /// # Errors
    ///
    /// Nothing is; says which name is nearest.
    pub(crate) fn symbol(&self, name: &str) -> Result<Symbol> {
        find(&self.pool, name).ok_or_else(|| unknown_symbol(&self.pool, name))
    }
}

fn find(pool: &DescriptorPool, name: &str) -> Option<Symbol> {
    let service = pool.get_service_by_name(name).map(Symbol::Service);
    let message = || pool.get_message_by_name(name).map(Symbol::Message);
    let by_name = || pool.get_enum_by_name(name).map(Symbol::Enum);
    let member = || {
        let (parent, member) = name.rsplit_once('.')?;
        if let Some(service) = pool.get_service_by_name(parent) {
            return service
                .methods()
                .find(|method| method.name() == member)
                .map(Symbol::Method);
        }
        let field = pool.get_message_by_name(parent)?.get_field_by_name(member);
        field.map(Symbol::Field)
    };
    service.or_else(message).or_else(by_name).or_else(member)
}

fn unknown_symbol(pool: &DescriptorPool, name: &str) -> crate::error::Error {
    let parent = name.rsplit_once('.');
    let parent =
        parent.and_then(|(parent, member)| Some((pool.get_message_by_name(parent)?, member)));
    if let Some((message, field)) = parent {
        let fields: Vec<_> = message.fields().collect();
        let names = fields.iter().map(FieldDescriptor::name);
        return unknown(&format!("field of {}", message.full_name()), field, names);
    }
    let mut names = Vec::new();
    for service in pool.services() {
        names.extend(
            service
                .methods()
                .map(|method| method.full_name().to_owned()),
        );
        names.push(service.full_name().to_owned());
    }
    names.extend(
        pool.all_messages()
            .map(|message| message.full_name().to_owned()),
    );
    names.extend(pool.all_enums().map(|symbol| symbol.full_name().to_owned()));
    unknown("definition", name, names.iter().map(String::as_str))
}

impl Symbol {
    /// What kind of thing it is.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Service(_) => "service",
            Self::Method(_) => "method",
            Self::Message(_) => "message",
            Self::Enum(_) => "enum",
            Self::Field(_) => "field",
        }
    }

    /// The name with its package.
    pub(crate) fn full_name(&self) -> &str {
        match self {
            Self::Service(service) => service.full_name(),
            Self::Method(method) => method.full_name(),
            Self::Message(message) => message.full_name(),
            Self::Enum(symbol) => symbol.full_name(),
            Self::Field(field) => field.full_name(),
        }
    }

    /// Where it is defined.
    pub(crate) fn file(&self) -> FileDescriptor {
        match self {
            Self::Service(service) => service.parent_file(),
            Self::Method(method) => method.parent_service().parent_file(),
            Self::Message(message) => message.parent_file(),
            Self::Enum(symbol) => symbol.parent_file(),
            Self::Field(field) => field.parent_file(),
        }
    }
}
