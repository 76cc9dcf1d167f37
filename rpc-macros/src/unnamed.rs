//! Types that are not written as the interface names them. They may be aliases, which only the compiler
//! can tell; but what it reports of a signature that differs from its trait is long, and proposes paths
//! into generated code. So the signature is made right here, and the method's body converts between the
//! right type and the written one. Only equal types convert: others are one error with our words.

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{FnArg, PatType, Path, ReturnType, Type, parse_quote};

use crate::implementation::Method;
use crate::interface::Rpc;
use crate::signature::{arguments_of, first_argument, is_named, tail};

/// Has the compiler compare what `method` takes and returns with what `rpc` says, where the names
/// differ.
pub(crate) fn compare(method: &mut Method, rpc: &Rpc, runtime: &Path) {
    // Without `async` the body is not that of the future: it stays as it is.
    if method.signature.asyncness.is_none() {
        return;
    }
    let mut arguments = method.signature.inputs.iter_mut().skip(1);
    let (context, request) = (arguments.next(), arguments.next());
    let context = context.and_then(|context| compare_context(context, rpc, runtime));
    let request = request.and_then(|request| compare_request(request, rpc, runtime));
    let body = compare_reply(&mut method.signature.output, &method.body, rpc, runtime);
    if context.is_none() && request.is_none() && body.is_none() {
        return;
    }
    let body = body.unwrap_or_else(|| method.body.to_token_stream());
    let mut body = Group::new(method.body.delimiter(), quote!(#context #request #body));
    body.set_span(method.body.span());
    method.body = body;
    // The old body stays a block, so that what it declares is not seen by the types above it.
    let attribute = parse_quote!(#[allow(unused_braces)]);
    method.attributes.push(attribute);
}

fn compare_context(argument: &mut FnArg, rpc: &Rpc, runtime: &Path) -> Option<TokenStream> {
    let argument = typed(argument)?;
    let is_right = is_named(&argument.ty, "Context");
    let message = format!("`{}` takes a `Context`:\n\n    {rpc}", rpc.name);
    let right = parse_quote!(#runtime::codegen::Context);
    (!is_right).then(|| replace(argument, "context", right, &message))
}

fn compare_request(argument: &mut FnArg, rpc: &Rpc, runtime: &Path) -> Option<TokenStream> {
    let argument = typed(argument)?;
    let name = rpc.request.name();
    let (is_right, shown) = match rpc.request.is_stream {
        true => (
            first_argument(&argument.ty, "Streaming").is_some_and(|ty| tail(ty) == name),
            format!("Streaming<{name}>"),
        ),
        false => (tail(&argument.ty) == name, name.to_owned()),
    };
    let message = format!("`{}` takes a `{shown}`:\n\n    {rpc}", rpc.name);
    (!is_right).then(|| replace(argument, "request", rpc.request_type(runtime), &message))
}

fn typed(argument: &mut FnArg) -> Option<&mut PatType> {
    match argument {
        FnArg::Typed(argument) => Some(argument),
        FnArg::Receiver(_) => None,
    }
}

/// Gives `argument` the type `right` and returns the statement that makes of it what was written.
fn replace(argument: &mut PatType, name: &str, right: Type, message: &str) -> TokenStream {
    let PatType { pat, ty, .. } = argument;
    // A variable that the user's code does not see.
    let given = Ident::new(name, Span::mixed_site());
    let converted = convert(&given, ty, &right, &quote!((value: T) -> Self), message);
    let statement = quote!(let #pat: #ty = #converted;);
    **pat = parse_quote!(#given);
    **ty = right;
    statement
}

/// Gives `output` the right type and returns the body that makes such a value of the one that `body`
/// returns.
fn compare_reply(
    output: &mut ReturnType,
    body: &Group,
    rpc: &Rpc,
    runtime: &Path,
) -> Option<TokenStream> {
    let ReturnType::Type(_, output) = output else {
        return None;
    };
    let name = rpc.reply.name();
    // One argument is not enough to know the error: there are `io::Result` and `anyhow::Result`.
    let is_right = match arguments_of(output)[..] {
        [reply, status] => {
            is_named(output, "Result") && tail(reply) == name && is_named(status, "Status")
        }
        _ => false,
    };
    // What stream is returned is free.
    if is_right || rpc.reply.is_stream {
        return None;
    }
    let reply = rpc.reply_type(runtime);
    let right = parse_quote!(::core::result::Result<#reply, #runtime::codegen::Status>);
    let message = format!(
        "`{}` returns `Result<{name}, Status>`:\n\n    {rpc}",
        rpc.name
    );
    let returned = Ident::new("returned", Span::mixed_site());
    let converted = convert(
        &returned,
        output,
        &right,
        &quote!((value: Self) -> T),
        &message,
    );
    let body = quote! {
        let #returned = async move {
            // Tells the compiler what is returned, so that it finds mistakes in the body where they are.
            if false {
                fn returned<T>() -> T {
                    ::core::unreachable!()
                }
                return returned::<#output>();
            }
            #body
        }
        .await;
        #converted
    };
    **output = right;
    Some(body)
}

/// The expression that converts `value` between the type that was `written` and the `right` one, which
/// is the same: by a function with `signature`, where the one is `Self` and the other one `T`. If they
/// are not the same, `message` is shown where the first one was written.
fn convert(
    value: &Ident,
    written: &Type,
    right: &Type,
    signature: &TokenStream,
    message: &str,
) -> TokenStream {
    // The attribute's strings are formats.
    let message = message.replace('{', "{{").replace('}', "}}");
    let mut spans = written
        .to_token_stream()
        .into_iter()
        .map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    let last = spans.last().unwrap_or(first);
    // The compiler underlines the path from its first token to its last.
    let open = quote_spanned!(first=> <);
    let convert = quote_spanned!(last=> convert);
    quote! {{
        #[diagnostic::on_unimplemented(message = #message, label = "another type")]
        trait Same<T>: ::core::marker::Sized {
            fn convert #signature;
        }

        #[diagnostic::do_not_recommend]
        impl<T> Same<T> for T {
            fn convert #signature {
                value
            }
        }

        #open #written as Same<#right>>::#convert(#value)
    }}
}
