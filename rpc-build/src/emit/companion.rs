//! What `#[rpc_service]` needs to know of a service. An attribute sees only the item that it stands on,
//! so the trait has a companion: a macro of the same name, which comes along wherever the trait is
//! imported.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;
use syn::ext::IdentExt;

use super::model::{Method, Service};

/// The companion macro, which lists the methods as the `.proto` file does.
pub(super) fn companion(service: &Service) -> TokenStream {
    let Service {
        full_name,
        visibility,
        trait_name,
        ..
    } = service;
    let companion = companion_name(service);
    let methods = service.methods.iter().map(|method| {
        let Method {
            rust_name,
            request,
            reply,
            kind,
            ..
        } = method;
        let stream = |is_stream: bool| is_stream.then(|| quote!(stream));
        let (requests, replies) = (stream(kind.client_streams()), stream(kind.server_streams()));
        quote!(rpc #rust_name(#requests #request) returns (#replies #reply);)
    });
    quote! {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! #companion {
            ($implement:path, $($implementation:tt)*) => {
                $implement! {
                    #full_name { #(#methods)* }
                    $($implementation)*
                }
            };
        }

        #[doc(hidden)]
        #[allow(unused_imports)]
        #visibility use #companion as #trait_name;
    }
}

/// The name of the macro, which must be the only one in the user's crate.
fn companion_name(service: &Service) -> Ident {
    format_ident!("__rpc_{}", service.full_name.replace('.', "__"))
}

/// The hidden supertrait by which `#[rpc_service]` names the messages of methods that it adds: it
/// does not know where the trait was imported from.
pub(super) fn message_types(service: &Service) -> TokenStream {
    let name = message_types_name(service);
    let visibility = &service.visibility;
    let docs = format!(" The messages of `{}`.", service.trait_name);
    let names: Vec<Ident> = service.methods.iter().flat_map(type_names).collect();
    let types = service
        .methods
        .iter()
        .flat_map(|method| [&method.request, &method.reply]);
    quote! {
        #[doc = #docs]
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        #visibility trait #name {
            #(type #names;)*
        }

        impl<T: ?::core::marker::Sized> #name for T {
            #(type #names = #types;)*
        }
    }
}

/// The name of the supertrait.
pub(super) fn message_types_name(service: &Service) -> Ident {
    format_ident!("__{}Messages", service.trait_name.unraw())
}

fn type_names(method: &Method) -> [Ident; 2] {
    let name = method.rust_name.unraw();
    [
        format_ident!("{name}_request"),
        format_ident!("{name}_reply"),
    ]
}
