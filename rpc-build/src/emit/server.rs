//! The trait that a service's author implements, and the server that dispatches calls to it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Index;

use super::companion;
use super::model::{Method, Service};

/// The service trait. It has no default bodies, so that the compiler itself reports a forgotten
/// method.
pub(super) fn service_trait(service: &Service) -> TokenStream {
    let Service {
        codegen,
        docs,
        place,
        visibility,
        trait_attributes,
        trait_name,
        server,
        ..
    } = service;
    let messages = companion::message_types_name(service);
    let methods = service
        .methods
        .iter()
        .map(|method| trait_method(codegen, method));
    quote! {
        #docs
        #place
        #trait_attributes
        #visibility trait #trait_name: #messages + ::core::marker::Send + ::core::marker::Sync + 'static {
            #(#methods)*

            #[doc(hidden)]
            fn __rpc_into_service(self: ::std::sync::Arc<Self>) -> ::std::sync::Arc<dyn #codegen::Service>
            where
                Self: ::core::marker::Sized,
            {
                ::std::sync::Arc::new(#server::from_arc(self))
            }

            #[doc(hidden)]
            fn __rpc_handler_options(&self, _method: usize) -> #codegen::HandlerOptions {
                #codegen::HandlerOptions::new()
            }
        }
    }
}

fn trait_method(codegen: &TokenStream, method: &Method) -> TokenStream {
    let Method {
        rust_name,
        docs,
        place,
        request,
        reply,
        kind,
        ..
    } = method;
    let request = if kind.client_streams() {
        quote!(requests: #codegen::Streaming<#request>)
    } else {
        quote!(request: #request)
    };
    let reply = if kind.server_streams() {
        let item = quote!(::core::result::Result<#reply, #codegen::Status>);
        quote!(impl #codegen::Stream<Item = #item> + ::core::marker::Send + 'static)
    } else {
        reply.clone()
    };
    quote! {
        #docs
        #place
        fn #rust_name(
            &self,
            cx: #codegen::Context,
            #request,
        ) -> impl ::core::future::Future<Output = ::core::result::Result<#reply, #codegen::Status>>
            + ::core::marker::Send;
    }
}

/// The server type, which makes a service of an implementation of the trait.
pub(super) fn server(service: &Service) -> TokenStream {
    let Service {
        codegen,
        full_name,
        visibility,
        trait_name,
        server,
        ..
    } = service;
    let type_docs = format!(
        " Serves an implementation of `{trait_name}`. It is needed where a type implements several services."
    );
    let debug_name = server.to_string();
    let dispatch = dispatch(service);
    quote! {
        #[doc = #type_docs]
        #visibility struct #server<T> {
            service: ::std::sync::Arc<T>,
        }

        impl<T: #trait_name> #server<T> {
            /// The name that clients call the service by.
            pub const NAME: &'static str = #full_name;

            /// Serves `service`.
            #[must_use]
            pub fn new(service: T) -> Self {
                Self::from_arc(::std::sync::Arc::new(service))
            }

            /// Serves a `service` that others hold as well.
            #[must_use]
            pub fn from_arc(service: ::std::sync::Arc<T>) -> Self {
                Self { service }
            }
        }

        impl<T> ::core::clone::Clone for #server<T> {
            fn clone(&self) -> Self {
                Self { service: ::std::sync::Arc::clone(&self.service) }
            }
        }

        impl<T> ::core::fmt::Debug for #server<T> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#debug_name).finish_non_exhaustive()
            }
        }

        impl<T: #trait_name> ::core::convert::From<T> for #server<T> {
            fn from(service: T) -> Self {
                Self::new(service)
            }
        }

        impl<T: #trait_name> ::core::convert::From<::std::sync::Arc<T>> for #server<T> {
            fn from(service: ::std::sync::Arc<T>) -> Self {
                Self::from_arc(service)
            }
        }

        impl<T: #trait_name> #codegen::IntoService<#codegen::Generated> for #server<T> {
            fn into_service(self) -> ::std::sync::Arc<dyn #codegen::Service> {
                ::std::sync::Arc::new(self)
            }
        }

        #dispatch
    }
}

/// The runtime's way into the service: a method is known by its place in the descriptor.
fn dispatch(service: &Service) -> TokenStream {
    let Service {
        codegen,
        with_codec,
        trait_name,
        server,
        descriptor,
        ..
    } = service;
    let arms = service.methods.iter().enumerate().map(|(index, method)| {
        let index = Index::from(index);
        let call = method.kind.call();
        let handler = handler(codegen, method);
        quote!(#index => incoming #with_codec.#call(#handler))
    });
    // A service without methods leaves the implementation alone.
    let inner = (!service.methods.is_empty())
        .then(|| quote!(let service = ::std::sync::Arc::clone(&self.service);));
    quote! {
        impl<T: #trait_name> #codegen::Service for #server<T> {
            fn descriptor(&self) -> &'static #codegen::ServiceDescriptor {
                &#descriptor
            }

            fn handler_options(&self, method: usize) -> #codegen::HandlerOptions {
                self.service.__rpc_handler_options(method)
            }

            fn call(&self, method: usize, incoming: #codegen::Incoming<'_>) -> #codegen::Reply {
                #inner
                match method {
                    #(#arms,)*
                    _ => incoming.unknown_method(),
                }
            }
        }
    }
}

/// The closure that runs one method.
fn handler(codegen: &TokenStream, method: &Method) -> TokenStream {
    let Method {
        rust_name,
        request,
        reply,
        kind,
        ..
    } = method;
    let request = if kind.client_streams() {
        quote!(#codegen::Streaming<#request>)
    } else {
        request.clone()
    };
    let body = if kind.server_streams() {
        // The trait's stream type names the lifetime of `service`, although it borrows nothing;
        // as a trait object it can leave this block.
        let item = quote!(::core::result::Result<#reply, #codegen::Status>);
        quote! {
            let replies = T::#rust_name(&service, cx, request).await?;
            let replies: ::core::pin::Pin<::std::boxed::Box<dyn #codegen::Stream<Item = #item> + ::core::marker::Send>> =
                ::std::boxed::Box::pin(replies);
            ::core::result::Result::Ok(replies)
        }
    } else {
        quote!(T::#rust_name(&service, cx, request).await)
    };
    quote!(move |cx, request: #request| async move { #body })
}
