//! Rust code for services. Messages are prost's own work.
//!
//! Generated code names one module of the runtime, its `codegen`, and writes every path in full:
//! messages may be called `Status`, `Option` or `Send`.

mod client;
mod companion;
mod descriptor;
mod model;
mod server;

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use prost_build::ServiceGenerator;

use crate::method_options::MethodOptions;
use model::Service;

/// Writes the code of services, as prost-build hands them over.
pub(crate) struct Services {
    /// The path of the runtime's module for generated code.
    pub(crate) codegen: TokenStream,
    /// The path of a codec in place of the runtime's default.
    pub(crate) codec: Option<TokenStream>,
    pub(crate) build_client: bool,
    pub(crate) build_server: bool,
    /// The options of methods that have some, by path.
    pub(crate) method_options: BTreeMap<String, MethodOptions>,
    /// Writes tonic's clients and servers behind ours.
    #[cfg(feature = "tonic")]
    pub(crate) tonic: Option<Box<dyn ServiceGenerator>>,
    /// The visibility of all items.
    pub(crate) visibility: TokenStream,
    /// Attributes for traits and for proxies, with the names of the services that get them.
    pub(crate) trait_attributes: Vec<(String, TokenStream)>,
    pub(crate) client_attributes: Vec<(String, TokenStream)>,
}

impl ServiceGenerator for Services {
    fn generate(&mut self, service: prost_build::Service, code: &mut String) {
        #[cfg(feature = "tonic")]
        if let Some(tonic) = &mut self.tonic {
            tonic.generate(service.clone(), code);
        }
        let service = Service::new(service, self);
        if self.build_server {
            push(code, server::service_trait(&service));
            push(code, companion::message_types(&service));
            push(code, companion::companion(&service));
            push(code, server::server(&service));
        }
        if self.build_client {
            push(code, client::async_proxy(&service, self.build_server));
            push(code, client::blocking_proxy(&service, self.build_server));
        }
        if self.build_server || self.build_client {
            push(code, descriptor::descriptors(&service));
        }
    }

    fn finalize_package(&mut self, package: &str, code: &mut String) {
        if self.build_server || self.build_client {
            push(code, descriptor::file_descriptor_set(package));
            code.insert_str(0, &descriptor::version_lock(&self.codegen).to_string());
        }
    }
}

/// What writes tonic's clients and servers, each in a module of its own.
#[cfg(feature = "tonic")]
pub(crate) fn tonic(build_client: bool, build_server: bool) -> Box<dyn ServiceGenerator> {
    tonic_prost_build::configure()
        .build_client(build_client)
        .build_server(build_server)
        .service_generator()
}

fn push(code: &mut String, tokens: TokenStream) {
    code.push_str(&tokens.to_string());
    code.push('\n');
}
