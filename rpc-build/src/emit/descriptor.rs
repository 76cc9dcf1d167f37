//! What the runtime knows about a service before any call: names, kinds and options.

use std::time::Duration;

use proc_macro2::{Literal, TokenStream};
use prost_types::method_options::IdempotencyLevel;
use quote::{format_ident, quote};
use syn::Index;

use super::model::{Kind, Method, Service};
use crate::method_options::MethodOptions;
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

/// Fails to compile, with one message, if the runtime is of another version than this compiler.
pub(super) fn version_lock(codegen: &TokenStream) -> TokenStream {
    const VERSION: &str = concat!(
        env!("CARGO_PKG_VERSION_MAJOR"),
        ".",
        env!("CARGO_PKG_VERSION_MINOR")
    );
    quote!(#codegen::generated_by!(#VERSION);)
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
    let options = options(codegen, &method.options);
    quote! {
        #codegen::MethodDescriptor::new(#full_name, #name, #path, #codegen::MethodKind::#kind)
            .with_file_descriptor_set(FILE_DESCRIPTOR_SET)
            #idempotency
            #deprecated
            #options
    }
}

/// The setters for what `rpc/options.proto` has set.
fn options(codegen: &TokenStream, options: &MethodOptions) -> TokenStream {
    let timeout = options.timeout.map(|timeout| {
        let timeout = duration(timeout);
        quote!(.with_timeout(#timeout))
    });
    let retry = options.retry.as_ref().map(|retry| {
        let max_attempts = Literal::u32_unsuffixed(retry.max_attempts);
        let initial_backoff = duration(retry.initial_backoff);
        let max_backoff = duration(retry.max_backoff);
        let multiplier = Literal::f64_unsuffixed(retry.backoff_multiplier);
        quote! {
            .with_retry(#codegen::RetryPolicy::new(
                #max_attempts,
                #initial_backoff,
                #max_backoff,
                #multiplier,
            ))
        }
    });
    let blocking = options.blocking.then(|| quote!(.with_blocking(true)));
    let aliases = (!options.aliases.is_empty()).then(|| {
        let aliases = &options.aliases;
        quote!(.with_aliases(&[#(#aliases),*]))
    });
    quote!(#timeout #retry #blocking #aliases)
}

fn duration(duration: Duration) -> TokenStream {
    let nanos = duration.as_nanos() as u64;
    let millis = nanos / 1_000_000;
    let (constructor, number) = match nanos % 1_000_000 {
        0 => (format_ident!("from_millis"), millis),
        _ => (format_ident!("from_nanos"), nanos),
    };
    let number = Literal::u64_unsuffixed(number);
    quote!(::core::time::Duration::#constructor(#number))
}
