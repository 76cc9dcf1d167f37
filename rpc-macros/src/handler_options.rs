//! The attribute `#[rpc(..)]` of methods.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Ident, Index, Path, Result, Token};

use crate::implementation::{Implementation, Method};
use crate::interface::Interface;

/// One option of a method's handler.
enum HandlerOption {
    Timeout(Expr),
    Limit(Expr),
    Blocking,
}

impl Parse for HandlerOption {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name: Ident = input.parse()?;
        if name == "blocking" {
            return Ok(Self::Blocking);
        }
        let make = match name.to_string().as_str() {
            "timeout" => Self::Timeout,
            "limit" => Self::Limit,
            _ => {
                let message = format!(
                    "unknown option `{name}`; there are `timeout = ..`, `limit = ..` and `blocking`"
                );
                return Err(Error::new(name.span(), message));
            }
        };
        input.parse::<Token![=]>()?;
        Ok(make(input.parse()?))
    }
}

/// Takes the attributes `#[rpc(..)]` out of `implementation` and makes of them the method of the trait
/// that tells the server about them; of none, nothing.
///
/// # Errors
///
/// An option is not one.
pub(crate) fn take(
    implementation: &mut Implementation,
    interface: &Interface,
    runtime: &Path,
) -> Result<TokenStream> {
    // `self` in the user's expressions is the one that the user's tokens see.
    let span = implementation.span();
    let mut arms = Vec::new();
    for method in &mut implementation.methods {
        let options = take_from(method)?;
        let name = &method.signature.ident;
        let index = interface.methods.iter().position(|rpc| rpc.name == *name);
        if let (Some(index), false) = (index, options.is_empty()) {
            let index = Index::from(index);
            let options = options.iter().map(|option| option.setter(span));
            arms.push(quote_spanned!(span=> #index => options #(#options)*,));
        }
    }
    if arms.is_empty() {
        return Ok(TokenStream::new());
    }
    Ok(quote_spanned! {span=>
        fn __rpc_handler_options(&self, method: usize) -> #runtime::codegen::HandlerOptions {
            let options = #runtime::codegen::HandlerOptions::new();
            match method {
                #(#arms)*
                _ => options,
            }
        }
    })
}

fn take_from(method: &mut Method) -> Result<Vec<HandlerOption>> {
    let mut options = Vec::new();
    let mut failed = None;
    method.attributes.retain(|attribute| {
        let is_ours = attribute.path().is_ident("rpc");
        if is_ours {
            let parsed =
                attribute.parse_args_with(Punctuated::<HandlerOption, Token![,]>::parse_terminated);
            match parsed {
                Ok(parsed) => options.extend(parsed),
                Err(error) => failed = Some(error),
            }
        }
        !is_ours
    });
    failed.map_or(Ok(options), Err)
}

impl HandlerOption {
    fn setter(&self, span: Span) -> TokenStream {
        match self {
            Self::Timeout(timeout) => quote_spanned!(span=> .with_timeout(#timeout)),
            Self::Limit(limit) => quote_spanned!(span=> .with_limit(#limit)),
            Self::Blocking => quote_spanned!(span=> .with_blocking(true)),
        }
    }
}
