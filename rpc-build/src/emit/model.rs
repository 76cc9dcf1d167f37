//! A service as the code that is written for it needs it.

use proc_macro2::TokenStream;
use prost_build::Comments;
use prost_types::method_options::IdempotencyLevel;
use quote::{format_ident, quote};
use syn::Ident;

use super::Services;
use crate::method_options::MethodOptions;
use crate::{annotate, names, options};

/// One service.
pub(super) struct Service {
    /// The path of the runtime's module for generated code.
    pub(super) codegen: TokenStream,
    /// What chooses the codec of a channel or a request, if it is not the runtime's default.
    pub(super) with_codec: Option<TokenStream>,
    /// The name as in the `.proto` file, with the package: `helloworld.Hello`.
    pub(super) full_name: String,
    pub(super) docs: TokenStream,
    /// The line of the `.proto` file, to stand behind the documentation.
    pub(super) place: TokenStream,
    pub(super) deprecated: TokenStream,
    pub(super) visibility: TokenStream,
    pub(super) trait_attributes: TokenStream,
    pub(super) client_attributes: TokenStream,
    pub(super) methods: Vec<Method>,
    /// The name of the trait, which those of all other items start with.
    pub(super) trait_name: Ident,
    pub(super) server: Ident,
    pub(super) async_proxy: Ident,
    pub(super) blocking_proxy: Ident,
    /// The static with the service's descriptor.
    pub(super) descriptor: Ident,
    /// The static with the descriptors of the methods.
    pub(super) method_descriptors: Ident,
}

/// One rpc.
pub(super) struct Method {
    pub(super) rust_name: Ident,
    /// The name as in the `.proto` file.
    pub(super) name: String,
    pub(super) docs: TokenStream,
    /// The line of the `.proto` file, to stand behind the documentation.
    pub(super) place: TokenStream,
    pub(super) is_deprecated: bool,
    pub(super) idempotency: IdempotencyLevel,
    pub(super) options: MethodOptions,
    pub(super) request: TokenStream,
    pub(super) reply: TokenStream,
    pub(super) kind: Kind,
}

/// Which sides of a method stream.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Unary,
    ClientStreaming,
    ServerStreaming,
    BidiStreaming,
}

impl Service {
    pub(super) fn new(service: prost_build::Service, services: &Services) -> Self {
        let trait_name = names::type_name(&service.proto_name);
        let constants = heck::AsShoutySnakeCase(&service.proto_name).to_string();
        let full_name = match service.package.as_str() {
            "" => service.proto_name,
            package => format!("{package}.{}", service.proto_name),
        };
        let (docs, place) = docs_and_place(service.comments);
        let attributes = |attributes: &[(String, TokenStream)]| {
            let name = format!(".{full_name}");
            let matching = attributes
                .iter()
                .filter(|(path, _)| options::matches(path, &name));
            matching.map(|(_, attribute)| attribute.clone()).collect()
        };
        Self {
            codegen: services.codegen.clone(),
            with_codec: services
                .codec
                .as_ref()
                .map(|codec| quote!(.with_codec::<#codec>())),
            visibility: services.visibility.clone(),
            trait_attributes: attributes(&services.trait_attributes),
            client_attributes: attributes(&services.client_attributes),
            methods: service
                .methods
                .into_iter()
                .map(|method| {
                    let path = format!("{full_name}/{}", method.proto_name);
                    let options = services.method_options.get(&path);
                    Method::new(method, options.cloned().unwrap_or_default())
                })
                .collect(),
            docs,
            place,
            full_name,
            deprecated: deprecated(service.options.deprecated()),
            server: format_ident!("{trait_name}Server"),
            async_proxy: format_ident!("{trait_name}AsyncClientProxy"),
            blocking_proxy: format_ident!("{trait_name}ClientProxy"),
            descriptor: format_ident!("{constants}_SERVICE"),
            method_descriptors: format_ident!("{constants}_METHODS"),
            trait_name,
        }
    }
}

impl Method {
    fn new(method: prost_build::Method, options: MethodOptions) -> Self {
        let (docs, place) = docs_and_place(method.comments);
        Self {
            rust_name: names::method(&method.proto_name),
            docs,
            place,
            name: method.proto_name,
            is_deprecated: method.options.deprecated(),
            idempotency: match method.options.idempotency_level() {
                IdempotencyLevel::IdempotencyUnknown if options.idempotent => {
                    IdempotencyLevel::Idempotent
                }
                level => level,
            },
            options,
            request: message_type(&method.input_type),
            reply: message_type(&method.output_type),
            kind: match (method.client_streaming, method.server_streaming) {
                (false, false) => Kind::Unary,
                (true, false) => Kind::ClientStreaming,
                (false, true) => Kind::ServerStreaming,
                (true, true) => Kind::BidiStreaming,
            },
        }
    }

    /// The attribute `#[deprecated]`, if the `.proto` file says so.
    pub(super) fn deprecated(&self) -> TokenStream {
        deprecated(self.is_deprecated)
    }
}

impl Kind {
    /// The method with which the runtime makes and dispatches calls of this kind.
    pub(super) fn call(self) -> Ident {
        format_ident!(
            "{}",
            match self {
                Self::Unary => "unary",
                Self::ClientStreaming => "client_streaming",
                Self::ServerStreaming => "server_streaming",
                Self::BidiStreaming => "bidi_streaming",
            }
        )
    }

    pub(super) fn client_streams(self) -> bool {
        matches!(self, Self::ClientStreaming | Self::BidiStreaming)
    }

    pub(super) fn server_streams(self) -> bool {
        matches!(self, Self::ServerStreaming | Self::BidiStreaming)
    }
}

fn deprecated(is_deprecated: bool) -> TokenStream {
    if is_deprecated {
        quote!(#[deprecated])
    } else {
        TokenStream::new()
    }
}

/// The type of a message, as prost names it from the module of the service.
fn message_type(path: &str) -> TokenStream {
    match path {
        // The generated server has a type parameter of this name.
        "T" => quote!(self::T),
        path => path
            .parse()
            .unwrap_or_else(|error| panic!("prost names a type {path:?}: {error}")),
    }
}

/// The comments of the `.proto` file as rustdoc, and the line of it that names the element's place.
fn docs_and_place(comments: Comments) -> (TokenStream, TokenStream) {
    let attached = Comments {
        leading_detached: Vec::new(),
        ..comments
    };
    let mut text = String::new();
    attached.append_with_indent(0, &mut text);
    let lines = text.lines().filter_map(|line| line.strip_prefix("///"));
    let (places, docs): (Vec<&str>, Vec<&str>) =
        lines.partition(|line| annotate::place_of(line).is_some());
    (quote!(#(#[doc = #docs])*), quote!(#(#[doc = #places])*))
}
