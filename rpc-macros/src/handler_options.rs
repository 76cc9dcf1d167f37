//! The attribute `#[rpc(..)]` of methods.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Ident, Index, Path, Result, Token, parse_quote};

use crate::implementation::{Implementation, Method};
use crate::interface::Interface;
use crate::nearest::nearest;

const OPTIONS: &str = "there are `timeout = ..`, `limit = ..` and `blocking`";

/// One option of a method's handler, and what the runtime is given for it.
struct HandlerOption {
    name: Ident,
    value: Expr,
}

impl Parse for HandlerOption {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name: Ident = input.parse().map_err(|error: Error| {
            Error::new(error.span(), format!("this is no option; {OPTIONS}"))
        })?;
        let wrong = |what: &str| Err(Error::new(name.span(), what));
        let value = match name.to_string().as_str() {
            "blocking" if input.is_empty() || input.peek(Token![,]) => parse_quote!(true),
            "blocking" => return wrong("`blocking` has no value: `#[rpc(blocking)]`"),
            "timeout" | "limit" if input.peek(Token![=]) => {
                input.parse::<Token![=]>()?;
                input.parse()?
            }
            "timeout" => {
                return wrong("`timeout` needs a `Duration`: `#[rpc(timeout = ..)]`");
            }
            "limit" => return wrong("`limit` needs a number of calls: `#[rpc(limit = ..)]`"),
            _ => return Err(unknown(&name)),
        };
        Ok(Self { name, value })
    }
}

fn unknown(name: &Ident) -> Error {
    let meant = nearest(&name.to_string(), ["timeout", "limit", "blocking"])
        .map(|near| format!(" (did you mean `{near}`?)"))
        .unwrap_or_default();
    let message = format!("unknown option `{name}`{meant}; {OPTIONS}");
    Error::new(name.span(), message)
}

/// Takes the attributes `#[rpc(..)]` out of `implementation` and makes of them the method of the trait
/// that tells the server about them; of none, nothing. What is no option is returned as an error.
pub(crate) fn take(
    implementation: &mut Implementation,
    interface: &Interface,
    runtime: &Path,
) -> (TokenStream, Vec<Error>) {
    // `self` in the user's expressions is the one that the user's tokens see.
    let span = implementation.span();
    let mut arms = Vec::new();
    let mut errors = Vec::new();
    for method in &mut implementation.methods {
        let options = take_from(method, &mut errors);
        let name = &method.signature.ident;
        let index = interface.methods.iter().position(|rpc| rpc.name == *name);
        if let (Some(index), false) = (index, options.is_empty()) {
            let index = Index::from(index);
            let options = options.iter().map(|option| option.setter(span));
            arms.push(quote_spanned!(span=> #index => options #(#options)*,));
        }
    }
    if arms.is_empty() {
        return (TokenStream::new(), errors);
    }
    let method = quote_spanned! {span=>
        fn __rpc_handler_options(&self, method: usize) -> #runtime::codegen::HandlerOptions {
            let options = #runtime::codegen::HandlerOptions::new();
            match method {
                #(#arms)*
                _ => options,
            }
        }
    };
    (method, errors)
}

fn take_from(method: &mut Method, errors: &mut Vec<Error>) -> Vec<HandlerOption> {
    let mut options: Vec<HandlerOption> = Vec::new();
    method.attributes.retain(|attribute| {
        let is_ours = attribute.path().is_ident("rpc");
        if is_ours {
            let parsed =
                attribute.parse_args_with(Punctuated::<HandlerOption, Token![,]>::parse_terminated);
            match parsed {
                Ok(parsed) => options.extend(parsed),
                Err(error) => errors.push(error),
            }
        }
        !is_ours
    });
    for (index, HandlerOption { name, .. }) in options.iter().enumerate() {
        if options[..index].iter().any(|earlier| earlier.name == *name) {
            let message = format!("`{name}` is given twice");
            errors.push(Error::new(name.span(), message));
        }
    }
    options
}

impl HandlerOption {
    fn setter(&self, span: Span) -> TokenStream {
        let Self { name, value } = self;
        let setter = format_ident!("with_{name}", span = span);
        quote_spanned!(span=> .#setter(#value))
    }
}
