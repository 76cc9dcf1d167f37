//! What of a method's signature is wrong, whatever the types in it turn out to be.

use quote::ToTokens;
use syn::{
    Error, FnArg, GenericArgument, GenericParam, Path, PathArguments, Receiver, ReturnType,
    Signature, Type, TypeImplTrait, TypeParamBound,
};

use crate::interface::{Interface, Rpc};

/// The mistake that shows in `signature`, reported where it is.
pub(crate) fn mistake(signature: &Signature, rpc: &Rpc, interface: &Interface) -> Option<Error> {
    let wrong = |place: &dyn ToTokens, what: &str| {
        Error::new_spanned(place, format!("`{}` {what}:\n\n    {rpc}", rpc.name))
    };
    let mut generics = signature.generics.params.iter();
    if let Some(generic) = generics.find(|param| !matches!(param, GenericParam::Lifetime(_))) {
        return Some(wrong(generic, "has no generic parameters"));
    }
    arguments(signature, rpc)
        .map(|(place, what)| wrong(place, &what))
        .or_else(|| reply(signature, rpc, interface).map(|(place, what)| wrong(place, &what)))
}

/// Where a mistake is, and the right way.
type Mistake<'a> = (&'a dyn ToTokens, String);

fn arguments<'a>(signature: &'a Signature, rpc: &Rpc) -> Option<Mistake<'a>> {
    let inputs: Vec<&FnArg> = signature.inputs.iter().collect();
    let number = match &inputs[..] {
        [
            FnArg::Receiver(receiver),
            FnArg::Typed(context),
            FnArg::Typed(request),
        ] => {
            return receiver_mistake(receiver).or_else(|| types(&context.ty, &request.ty, rpc));
        }
        [FnArg::Receiver(_)] => "takes a context and a request",
        [FnArg::Receiver(_), FnArg::Typed(only)] if is_named(&only.ty, "Context") => {
            "takes a request"
        }
        [FnArg::Receiver(_), _] => "takes a context",
        [FnArg::Receiver(_), ..] => "takes no more than a context and a request",
        _ => "takes `&self`, a context and a request",
    };
    let place: &dyn ToTokens = match inputs.is_empty() {
        true => &signature.ident,
        false => &signature.inputs,
    };
    Some((place, number.to_owned()))
}

fn receiver_mistake(receiver: &Receiver) -> Option<Mistake<'_>> {
    let is_shared = matches!(&*receiver.ty, Type::Reference(ty) if ty.mutability.is_none());
    let what = "takes `&self`, because calls run at the same time";
    (!is_shared).then(|| (receiver as &dyn ToTokens, what.to_owned()))
}

fn types<'a>(context: &'a Type, request: &'a Type, rpc: &Rpc) -> Option<Mistake<'a>> {
    if is_named(request, "Context") && rpc.request.name() != "Context" {
        return Some((request, "takes the context before the request".to_owned()));
    }
    argument(context, false).or_else(|| argument(request, rpc.request.is_stream))
}

fn argument(ty: &Type, is_stream: bool) -> Option<Mistake<'_>> {
    let what = match ty {
        Type::Reference(_) => "owns its arguments",
        Type::ImplTrait(_) if is_stream => "takes a `Streaming`",
        Type::ImplTrait(_) => "has no generic arguments",
        _ => return None,
    };
    Some((ty, what.to_owned()))
}

fn reply<'a>(signature: &'a Signature, rpc: &Rpc, interface: &Interface) -> Option<Mistake<'a>> {
    let output = match &signature.output {
        ReturnType::Default => return Some((&signature.ident, "returns a `Result`".to_owned())),
        ReturnType::Type(_, output) => &**output,
    };
    if signature.asyncness.is_none() {
        // `impl Future`, `Pin<Box<dyn Future>>` and aliases of such are for the compiler to judge.
        let is_plain = is_named(output, "Result");
        return is_plain.then(|| {
            (
                &signature.fn_token as &dyn ToTokens,
                "is an `async fn`".to_owned(),
            )
        });
    }
    match (output, first_argument(output, "Result")) {
        (Type::ImplTrait(_), _) => Some((output, "returns a `Result`".to_owned())),
        (_, Some(stream @ Type::ImplTrait(_))) if !rpc.reply.is_stream => Some((
            stream,
            "answers with one message instead of a stream".to_owned(),
        )),
        (_, Some(Type::ImplTrait(stream))) => stream_mistake(stream, rpc, interface),
        (_, Some(reply)) if rpc.reply.is_stream && is_one_value(reply, rpc) => {
            Some((reply, "answers with a stream".to_owned()))
        }
        _ => None,
    }
}

/// Whether `reply` is what is written for a stream by mistake.
fn is_one_value(reply: &Type, rpc: &Rpc) -> bool {
    tail(reply) == rpc.reply.name() || is_named(reply, "Vec") || is_named(reply, "Option")
}

fn stream_mistake<'a>(
    stream: &'a TypeImplTrait,
    rpc: &Rpc,
    interface: &Interface,
) -> Option<Mistake<'a>> {
    let may_borrow = !stream.bounds.iter().any(|bound| {
        matches!(bound, TypeParamBound::Lifetime(lifetime) if lifetime.ident == "static")
            || matches!(bound, TypeParamBound::PreciseCapture(_))
    });
    if may_borrow {
        let what = "returns a stream that borrows nothing, which is `+ 'static`".to_owned();
        return Some((stream, what));
    }
    let item = stream.bounds.iter().find_map(item_type)?;
    let Some(message) = first_argument(item, "Result") else {
        let what = format!("returns a stream of `Result<{}, Status>`", rpc.reply.name());
        return (tail(item) == rpc.reply.name()).then_some((item, what));
    };
    // A name that is none of the service's may be an alias of the right one.
    let written = tail(message);
    let is_other = written != rpc.reply.name() && interface.has_message(&written);
    let what = format!("returns a stream of `{}`", rpc.reply.name());
    is_other.then_some((message, what))
}

/// `T` of the bound `Stream<Item = T>`.
fn item_type(bound: &TypeParamBound) -> Option<&Type> {
    let TypeParamBound::Trait(bound) = bound else {
        return None;
    };
    generic_arguments(&bound.path).find_map(|argument| match argument {
        GenericArgument::AssocType(item) if item.ident == "Item" => Some(&item.ty),
        _ => None,
    })
}

/// `T` of `ty`, if that is `name<T, ..>`.
pub(crate) fn first_argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    is_named(ty, name)
        .then(|| arguments_of(ty))?
        .first()
        .copied()
}

/// The types between the angle brackets at the end of `ty`.
pub(crate) fn arguments_of(ty: &Type) -> Vec<&Type> {
    let Type::Path(ty) = ty else {
        return Vec::new();
    };
    let arguments = generic_arguments(&ty.path);
    let types = arguments.filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}

fn generic_arguments(path: &Path) -> impl Iterator<Item = &GenericArgument> {
    let arguments = match path.segments.last().map(|last| &last.arguments) {
        Some(PathArguments::AngleBracketed(arguments)) => Some(&arguments.args),
        _ => None,
    };
    arguments.into_iter().flatten()
}

/// Whether `ty` is a path that ends in `name`.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Path(ty) if ty.path.segments.last().is_some_and(|last| last.ident == name))
}

/// How `ty` is written, without the modules before it.
pub(crate) fn tail(ty: &Type) -> String {
    let tokens = match ty {
        Type::Path(ty) => ty.path.segments.last().to_token_stream(),
        _ => ty.to_token_stream(),
    };
    tokens.to_string().replace(' ', "")
}
