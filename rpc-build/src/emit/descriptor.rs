//! What the runtime knows about a service before any call: names, kinds and options.

use proc_macro2::TokenStream;
use prost_types::method_options::IdempotencyLevel;
use quote::{format_ident, quote};
use syn::Index;

use super::model::{Kind, Method, Service};
use crate::output;

/// The descriptors of a service and of its methods. They are statics, because the runtime keeps each
/// method's number in its descriptor.
pub(super) fn descriptors(service: &Service) -> TokenStream {
    let Service {
        codegen,
        full_name,
        descriptor,
        method_descriptors,
        ..
    } = service;
    let methods = service
        .methods
        .iter()
        .map(|method| method_descriptor(service, method));
    let count = Index::from(service.methods.len());
    quote! {
        static #method_descriptors: [#codegen::MethodDescriptor; #count] = [#(#methods),*];

        static #descriptor: #codegen::ServiceDescriptor = #codegen::ServiceDescriptor::new(
            #full_name,
            &#method_descriptors,
            FILE_DESCRIPTOR_SET,
        );
    }
}

/// The descriptors of all files of `package`, which those of its services share.
pub(super) fn file_descriptor_set(package: &str) -> TokenStream {
    let file_name = output::descriptor_set_file_name(package);
    quote! {
        static FILE_DESCRIPTOR_SET: &[u8] = ::core::include_bytes!(#file_name);
    }
}

fn method_descriptor(service: &Service, method: &Method) -> TokenStream {
    let Service {
        codegen, full_name, ..
    } = service;
    let name = &method.name;
    let path = format!("{full_name}/{name}");
    let kind = format_ident!(
        "{}",
        match method.kind {
            Kind::Unary => "Unary",
            Kind::ClientStreaming => "ClientStreaming",
            Kind::ServerStreaming => "ServerStreaming",
            Kind::BidiStreaming => "BidiStreaming",
        }
    );
    let idempotency = match method.idempotency {
        IdempotencyLevel::IdempotencyUnknown => TokenStream::new(),
        IdempotencyLevel::NoSideEffects => {
            quote!(.with_idempotency(#codegen::Idempotency::NoSideEffects))
        }
        IdempotencyLevel::Idempotent => {
            quote!(.with_idempotency(#codegen::Idempotency::Idempotent))
        }
    };
    let deprecated = if method.is_deprecated {
        quote!(.with_deprecated(true))
    } else {
        TokenStream::new()
    };
    quote! {
        #codegen::MethodDescriptor::new(#full_name, #name, #path, #codegen::MethodKind::#kind)
            #idempotency
            #deprecated
    }
}
