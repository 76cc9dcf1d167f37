//! The client proxies: the async one makes calls, the blocking one waits for them.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Index;

use super::model::{Method, Service};

/// The proxy whose methods return calls, which are futures with options.
pub(super) fn async_proxy(service: &Service, has_trait: bool) -> TokenStream {
    let Service {
        codegen,
        full_name,
        deprecated,
        visibility,
        client_attributes,
        async_proxy,
        ..
    } = service;
    let docs = format!(
        " Calls the service `{full_name}`: every method returns a call, which is a future."
    );
    let constructors = Style::Async.constructors(service, has_trait);
    let methods = service
        .methods
        .iter()
        .enumerate()
        .map(|(index, method)| async_method(service, index, method));
    quote! {
        #[doc = #docs]
        #deprecated
        #client_attributes
        #[derive(Clone, Debug)]
        #visibility struct #async_proxy {
            channel: #codegen::Channel,
        }

        // A proxy's signatures stay the same, whether a request is encoded at once or sent later.
        #[allow(clippy::needless_pass_by_value)]
        impl #async_proxy {
            #constructors

            /// A proxy that calls through `channel`.
            #[must_use]
            pub fn with(channel: #codegen::Channel) -> Self {
                Self { channel }
            }

            /// The channel that this proxy calls through.
            #[must_use]
            pub fn channel(&self) -> &#codegen::Channel {
                &self.channel
            }

            /// The connections and callers of the channel's pool, and what it has counted.
            #[must_use]
            pub fn stats(&self) -> #codegen::PoolStats {
                self.channel.stats()
            }

            #(#methods)*
        }
    }
}

/// The proxy whose methods wait for the reply.
pub(super) fn blocking_proxy(service: &Service, has_trait: bool) -> TokenStream {
    let Service {
        codegen,
        full_name,
        deprecated,
        visibility,
        client_attributes,
        async_proxy,
        blocking_proxy,
        ..
    } = service;
    let docs = format!(" Calls the service `{full_name}`: every method waits for the reply.");
    let constructors = Style::Blocking.constructors(service, has_trait);
    let methods = service
        .methods
        .iter()
        .map(|method| blocking_method(codegen, method));
    quote! {
        #[doc = #docs]
        #deprecated
        #client_attributes
        #[derive(Clone, Debug)]
        #visibility struct #blocking_proxy {
            calls: #async_proxy,
        }

        impl #blocking_proxy {
            #constructors

            /// A proxy that calls through `channel`.
            #[must_use]
            pub fn with(channel: #codegen::Channel) -> Self {
                Self { calls: #async_proxy::with(channel) }
            }

            /// The same methods as calls, which take options such as a timeout.
            #[must_use]
            pub fn calls(&self) -> &#async_proxy {
                &self.calls
            }

            /// The connections and callers of the channel's pool, and what it has counted.
            #[must_use]
            pub fn stats(&self) -> #codegen::PoolStats {
                self.calls.stats()
            }

            #(#methods)*
        }
    }
}

/// How a proxy waits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Async,
    Blocking,
}

impl Style {
    /// The constructors of a proxy, which make its channel. `local` needs the service trait.
    fn constructors(self, service: &Service, has_trait: bool) -> TokenStream {
        let Service {
            codegen,
            trait_name,
            server,
            ..
        } = service;
        let (channels, asyncness, wait) = match self {
            Self::Async => (quote!(#codegen::Channel), quote!(async), quote!(.await)),
            Self::Blocking => (
                quote!(#codegen::blocking),
                TokenStream::new(),
                TokenStream::new(),
            ),
        };
        let result = quote!(::core::result::Result<Self, #codegen::Status>);
        let local = has_trait.then(|| {
            quote! {
                /// A proxy that calls `service` in this process: a fake for tests needs no network.
                /// It is an implementation or an `Arc` of one.
                #[must_use]
                pub fn local<T: #trait_name>(service: impl ::core::convert::Into<#server<T>>) -> Self {
                    let service: #server<T> = service.into();
                    Self::with(#channels::local(::std::sync::Arc::new(service)))
                }
            }
        });
        quote! {
            /// Connects to the service at `target`.
            ///
            /// # Errors
            ///
            /// The status says why no connection could be made.
            pub #asyncness fn connect(target: impl ::core::convert::AsRef<str>) -> #result {
                #channels::connect(target)#wait.map(Self::with)
            }

            /// A proxy that connects to `target` when it is first used.
            ///
            /// # Errors
            ///
            /// The status says what is wrong with `target`.
            pub fn connect_lazy(target: impl ::core::convert::AsRef<str>) -> #result {
                #channels::connect_lazy(target).map(Self::with)
            }

            /// Connects over the streams that `connector` makes.
            ///
            /// # Errors
            ///
            /// The status says why no connection could be made.
            pub #asyncness fn connect_with(connector: impl #codegen::Connector) -> #result {
                #channels::connect_with(connector)#wait.map(Self::with)
            }

            #local
        }
    }
}

/// One method of the async proxy.
fn async_method(service: &Service, index: usize, method: &Method) -> TokenStream {
    let Service {
        codegen,
        with_codec,
        method_descriptors,
        ..
    } = service;
    let Method {
        rust_name,
        docs,
        place,
        request,
        reply,
        kind,
        ..
    } = method;
    let deprecated = method.deprecated();
    let call = kind.call();
    let index = Index::from(index);
    let (parameter, argument) = if kind.client_streams() {
        let stream =
            quote!(impl #codegen::Stream<Item = #request> + ::core::marker::Send + 'static);
        (quote!(requests: #stream), quote!(requests))
    } else {
        (quote!(request: #request), quote!(&request))
    };
    let outcome = if kind.server_streams() {
        quote!(#codegen::Streaming<#reply>)
    } else {
        reply.clone()
    };
    quote! {
        #docs
        #place
        #deprecated
        pub fn #rust_name(&self, #parameter) -> #codegen::Call<#outcome> {
            self.channel #with_codec.#call(&#method_descriptors[#index], #argument)
        }
    }
}

/// One method of the blocking proxy.
fn blocking_method(codegen: &TokenStream, method: &Method) -> TokenStream {
    let Method {
        rust_name,
        docs,
        place,
        request,
        reply,
        kind,
        ..
    } = method;
    let deprecated = method.deprecated();
    let (parameter, argument) = if kind.client_streams() {
        let send = quote!(::core::marker::Send);
        let requests = quote!(impl ::core::iter::IntoIterator<Item = #request, IntoIter: #send> + #send + 'static);
        (
            quote!(requests: #requests),
            quote!(#codegen::blocking::requests(requests)),
        )
    } else {
        (quote!(request: #request), quote!(request))
    };
    let (outcome, convert) = if kind.server_streams() {
        (
            quote!(#codegen::blocking::Streaming<#reply>),
            quote!(.map(#codegen::blocking::Streaming::from)),
        )
    } else {
        (reply.clone(), TokenStream::new())
    };
    quote! {
        #docs
        ///
        /// # Errors
        ///
        /// The status with which the call ended.
        #place
        #deprecated
        pub fn #rust_name(&self, #parameter) -> ::core::result::Result<#outcome, #codegen::Status> {
            self.calls.#rust_name(#argument).wait()#convert
        }
    }
}
