//! What services, methods and messages there are: by a server's reflection, or from files.

mod args;
mod file_set;
mod files;
mod hints;
mod method;
mod proto_text;
mod reflection;
mod summary;
mod symbol;

use prost::Message;
use prost_reflect::{DescriptorPool, MethodDescriptor, ServiceDescriptor};
use rpc_runtime::MethodKind;

use self::reflection::Reflection;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::suggest::did_you_mean;

pub(crate) use self::args::DefinitionArgs;
pub(crate) use self::hints::hints;
pub(crate) use self::method::Method;
pub(crate) use self::proto_text::ProtoText;
pub(crate) use self::summary::summary;
pub(crate) use self::symbol::Symbol;

/// Where definitions come from, and the names of the services in them.
pub(crate) struct Source<'a> {
    /// The full names, sorted.
    pub(crate) services: Vec<String>,
    origin: Origin<'a>,
}

enum Origin<'a> {
    Files(Definitions),
    Server(Reflection<'a>),
}

/// Linked definitions.
#[derive(Clone)]
pub(crate) struct Definitions {
    pool: DescriptorPool,
    /// The same, encoded, for the methods that are called.
    set: &'static [u8],
}

impl Source<'static> {
    /// Definitions from the files that the arguments name.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or has mistakes.
    pub(crate) fn files(args: &DefinitionArgs) -> Result<Self> {
        let definitions = Definitions::link(files::load(args)?)?;
        let services = definitions.pool.services();
        let mut services: Vec<_> = services
            .map(|service| service.full_name().to_owned())
            .collect();
        services.sort();
        Ok(Source {
            services,
            origin: Origin::Files(definitions),
        })
    }
}

impl<'a> Source<'a> {
    /// Definitions from files if the arguments name any, and otherwise from the server.
    ///
    /// # Errors
    ///
    /// A file that cannot be used, or a server that tells nothing.
    pub(crate) async fn of(args: &DefinitionArgs, client: &'a Client) -> Result<Self> {
        if args.has_files() {
            return Source::files(args);
        }
        let mut reflection = Reflection::of(client).await?;
        Ok(Source {
            services: std::mem::take(&mut reflection.services),
            origin: Origin::Server(reflection),
        })
    }

    /// The full name of the service that is called `name`, which may lack its package.
    ///
    /// # Errors
    ///
    /// There is none, or there are several.
    pub(crate) fn service_name(&self, name: &str) -> Result<&str> {
        if let Some(exact) = self.services.iter().find(|service| *service == name) {
            return Ok(exact);
        }
        let ends = |service: &&String| {
            let package = service.strip_suffix(name);
            package.is_some_and(|package| package.ends_with('.'))
        };
        let found: Vec<_> = self.services.iter().filter(ends).collect();
        match found[..] {
            [service] => Ok(service),
            [] => Err(unknown(
                "service",
                name,
                self.services.iter().map(String::as_str),
            )),
            [first, second, ..] => Err(Error::new(
                Exit::NotFound,
                format!("several services are called {name}: {first} and {second}"),
            )
            .with_help("write its package, too")),
        }
    }

    /// What defines these symbols, such as services or messages.
    ///
    /// # Errors
    ///
    /// A symbol is unknown, or the server does not answer.
    pub(crate) async fn definitions(&self, symbols: &[String]) -> Result<Definitions> {
        match &self.origin {
            Origin::Files(definitions) => Ok(definitions.clone()),
            Origin::Server(reflection) => {
                let files = reflection.files_of(symbols).await?;
                Definitions::link(files.encode_to_vec())
            }
        }
    }

    /// What is called `name`: a service, which may lack its package, a message or enum, a method `Service/Method` or
    /// `Service.Method`, or a field `Message.field`.
    ///
    /// # Errors
    ///
    /// Nothing is; says which name is nearest.
    pub(crate) async fn symbol(&self, name: &str) -> Result<Symbol> {
        let name = name.trim_start_matches('.');
        let (service, method) = match name.split_once('/') {
            Some((service, method)) => (service, Some(method)),
            None => (name, None),
        };
        let full_name = match (self.service_name(service), method) {
            (Ok(service), Some(method)) => format!("{service}.{method}"),
            (Ok(service), None) => service.to_owned(),
            (Err(error), Some(_)) => return Err(error),
            (Err(_), None) => name.to_owned(),
        };
        match self.definitions(std::slice::from_ref(&full_name)).await {
            Ok(definitions) => definitions.symbol(&full_name),
            // A server need not know the names of members, and all of its definitions show what was meant.
            Err(error) if error.exit() == Exit::NotFound => {
                self.definitions(&self.services).await?.symbol(&full_name)
            }
            Err(error) => Err(error),
        }
    }

    /// The method that `name` names: `package.Service/Method`, with a dot in place of the slash, or without the
    /// package. With `emit_defaults` its replies are shown with fields that have their default value.
    ///
    /// # Errors
    ///
    /// There is none of this name; says which is nearest.
    pub(crate) async fn method(
        &self,
        name: &str,
        emit_defaults: bool,
    ) -> Result<(MethodDescriptor, Method)> {
        let Some((service, method)) = name.rsplit_once('/').or_else(|| name.rsplit_once('.'))
        else {
            let error = Error::new(
                Exit::Usage,
                format!("{name:?} is not a service and a method"),
            );
            return Err(error.with_help("write package.Service/Method"));
        };
        let service = self.service_name(service)?.to_owned();
        let definitions = self.definitions(std::slice::from_ref(&service)).await?;
        let service = definitions.service(&service)?;
        let found = service
            .methods()
            .find(|candidate| candidate.name() == method);
        let Some(found) = found else {
            let names: Vec<_> = service.methods().collect();
            let names = names.iter().map(MethodDescriptor::name);
            return Err(unknown(
                &format!("method of {}", service.full_name()),
                method,
                names,
            ));
        };
        let path = format!("{}/{}", service.full_name(), found.name());
        let method = Method::new(&path, kind(&found), definitions.set, emit_defaults);
        let method = method
            .map_err(|status| Error::new(Exit::Schema, format!("{path}: {}", status.message())))?;
        Ok((found, method))
    }
}

impl Definitions {
    fn link(set: Vec<u8>) -> Result<Self> {
        let pool = DescriptorPool::decode(&*set).map_err(|error| {
            Error::new(
                Exit::Schema,
                format!("the definitions do not fit together: {error}"),
            )
        })?;
        Ok(Definitions {
            pool,
            set: set.leak(),
        })
    }

    /// The definition of a service that is known to be there.
    pub(crate) fn service(&self, name: &str) -> Result<ServiceDescriptor> {
        self.pool.get_service_by_name(name).ok_or_else(|| {
            let message = format!("the definitions of the service {name} lack it");
            Error::new(Exit::Schema, message)
        })
    }
}

/// Which sides of a method stream.
pub(crate) fn kind(method: &MethodDescriptor) -> MethodKind {
    match (method.is_client_streaming(), method.is_server_streaming()) {
        (false, false) => MethodKind::Unary,
        (true, false) => MethodKind::ClientStreaming,
        (false, true) => MethodKind::ServerStreaming,
        (true, true) => MethodKind::BidiStreaming,
    }
}

/// The error of a name that nothing has.
fn unknown<'n>(what: &str, name: &str, names: impl Iterator<Item = &'n str>) -> Error {
    let names: Vec<_> = names.collect();
    let error = Error::new(Exit::NotFound, format!("there is no {what} called {name}"));
    match did_you_mean(name, names.iter().copied()) {
        Some(question) => error.with_help(question),
        None if names.is_empty() => error,
        None => error.with_help(format!("there are: {}", names.join(", "))),
    }
}
