//! What the attribute makes of an implementation.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::{Path, PathArguments, Result, braced, parse_quote};

use crate::args::Args;
use crate::check::{Findings, check};
use crate::handler_options;
use crate::implementation::{Implementation, Method};
use crate::interface::{Interface, Rpc};
use crate::{borrowed, std_trait, unnamed};

/// The first step: hands the item to the companion macro of its trait.
pub(crate) fn forward(args: TokenStream, item: TokenStream) -> TokenStream {
    let (args, mistake) = Args::read(args);
    let companion = || -> Result<TokenStream> {
        let implementation = Implementation::of_item(item.clone())?;
        std_trait::reject(&implementation)?;
        let path = companion(implementation.trait_path);
        let runtime = &args.runtime;
        Ok(quote!(#path! { #runtime::codegen::implement_service, { #args } #item }))
    };
    let companion = companion().unwrap_or_else(|error| {
        let error = error.into_compile_error();
        quote!(#item #error)
    });
    let mistake = mistake.map(syn::Error::into_compile_error);
    quote!(#companion #mistake)
}

/// The path of the companion macro, which is that of its trait.
fn companion(mut trait_path: Path) -> Path {
    for segment in &mut trait_path.segments {
        // Macros have no generic arguments.
        segment.arguments = PathArguments::None;
    }
    if let Some(last) = trait_path.segments.last_mut() {
        // If there is no such macro, the compiler tells that this attribute asked for it.
        let span = Span::call_site().located_at(last.ident.span());
        last.ident.set_span(span);
    }
    trait_path
}

/// What the companion macro gives to the second step.
struct Input {
    interface: Interface,
    args: Args,
    implementation: Implementation,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let interface = input.parse()?;
        let args;
        braced!(args in input);
        Ok(Self {
            interface,
            args: args.parse()?,
            implementation: input.parse()?,
        })
    }
}

/// The second step: the implementation, made complete, and what makes it a service.
pub(crate) fn implement(input: TokenStream) -> TokenStream {
    syn::parse2(input)
        .and_then(service)
        .unwrap_or_else(syn::Error::into_compile_error)
}

fn service(input: Input) -> Result<TokenStream> {
    let Input {
        interface,
        args,
        mut implementation,
    } = input;
    // Before wrong methods are taken out: nobody else knows the attributes.
    let (options, wrong_options) =
        handler_options::take(&mut implementation, &interface, &args.runtime);
    let Findings {
        mut errors,
        missing,
        wrong,
    } = check(&mut implementation, &interface, &args);
    errors.extend(wrong_options);
    errors.extend(borrowed::report(&mut implementation));
    for method in &mut implementation.methods {
        let mut methods = interface.methods.iter();
        if let Some(rpc) = methods.find(|rpc| rpc.name == method.signature.ident) {
            unnamed::compare(method, rpc, &args.runtime);
        }
    }
    // Also after an error: a service that is complete causes no others where it is used.
    let stubs = missing.iter().map(|rpc| stub(rpc, &args, &implementation));
    let item = implementation.with(&quote!(#(#stubs)* #options));
    let conversions = conversions(&implementation, &args);
    let wrong = apart(&wrong, &implementation);
    let errors = errors.iter().map(syn::Error::to_compile_error);
    Ok(quote! {
        // A handler may name its stream's type where the trait says `impl Stream`. Calls go through
        // the trait, so that this promises nothing to anybody.
        #[allow(refining_impl_trait)]
        #item
        #conversions
        #wrong
        #(#errors)*
    })
}

/// A method that answers UNIMPLEMENTED.
fn stub(rpc: &Rpc, args: &Args, implementation: &Implementation) -> TokenStream {
    let Args { runtime, .. } = args;
    let name = &rpc.name;
    let (request, reply) = (rpc.request_type(runtime), rpc.reply_type(runtime));
    quote_spanned! {implementation.span()=>
        async fn #name(
            &self,
            cx: #runtime::codegen::Context,
            _: #request,
        ) -> ::core::result::Result<#reply, #runtime::codegen::Status> {
            ::core::result::Result::Err(#runtime::codegen::not_implemented(&cx))
        }
    }
}

/// The methods that are none of the service, where they do no harm: what they use and who uses them
/// is not reported as well.
fn apart(wrong: &[Method], implementation: &Implementation) -> Option<TokenStream> {
    let Implementation {
        generics,
        self_type,
        ..
    } = implementation;
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    (!wrong.is_empty()).then(|| {
        quote! {
            #[allow(dead_code)]
            impl #impl_generics #self_type #where_clause { #(#wrong)* }
        }
    })
}

/// Implements the runtime's `IntoService`. Its marker type is one of this implementation's own, so
/// that a type may implement several services.
fn conversions(implementation: &Implementation, args: &Args) -> TokenStream {
    let Args { runtime, .. } = args;
    let Implementation {
        generics,
        trait_path,
        self_type,
        ..
    } = implementation;
    let mut generics = generics.clone();
    // The trait asks for this too, and without it each conversion would report it once more. Where
    // nothing is generic, bounds are not assumed but checked.
    if !generics.params.is_empty() {
        let bound = parse_quote!(#self_type: ::core::marker::Send + ::core::marker::Sync + 'static);
        generics.make_where_clause().predicates.push(bound);
    }
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    quote! {
        const _: () = {
            // Public, because whoever registers the service infers it.
            #[doc(hidden)]
            #[allow(unreachable_pub)]
            pub enum __RpcServiceMarker {}

            #[automatically_derived]
            impl #impl_generics #runtime::codegen::IntoService<__RpcServiceMarker> for #self_type
            #where_clause
            {
                fn into_service(self) -> ::std::sync::Arc<dyn #runtime::codegen::Service> {
                    let service = ::std::sync::Arc::new(self);
                    <#self_type as #trait_path>::__rpc_into_service(service)
                }
            }

            #[automatically_derived]
            impl #impl_generics #runtime::codegen::IntoService<__RpcServiceMarker>
                for ::std::sync::Arc<#self_type>
            #where_clause
            {
                fn into_service(self) -> ::std::sync::Arc<dyn #runtime::codegen::Service> {
                    <#self_type as #trait_path>::__rpc_into_service(self)
                }
            }
        };
    }
}
