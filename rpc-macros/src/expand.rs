//! What the attribute adds to the implementation.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Result;
use syn::spanned::Spanned;

use crate::args::Args;
use crate::service::ServiceImpl;

/// The item as it was, and behind it what makes it a service or the error that says why it is none.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    match into_service(args, item.clone()) {
        // A handler may name its stream's type where the trait says `impl Stream`. Calls go through
        // the trait, so that this promises nothing to anybody.
        Ok(addition) => quote! {
            #[allow(refining_impl_trait)]
            #item
            #addition
        },
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#item #error)
        }
    }
}

/// Implements the runtime's `IntoService`. Its marker type is one of this implementation's own, so
/// that a type may implement several services.
fn into_service(args: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let Args { runtime } = syn::parse2(args)?;
    let ServiceImpl {
        generics,
        trait_path,
        self_type,
    } = ServiceImpl::parse(item)?;
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    // Where the trait is not one of a service, the compiler points at its name.
    let convert = quote_spanned! {trait_path.span()=>
        <Self as #trait_path>::__rpc_into_service(::std::sync::Arc::new(self))
    };
    Ok(quote! {
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
                    #convert
                }
            }
        };
    })
}
