//! What a service's companion macro knows: the methods that the `.proto` file declares.

use std::fmt;

use proc_macro2::TokenStream;
use quote::format_ident;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitStr, Path, Result, Token, Type, braced, parenthesized, parse_quote};

/// The interface of a service, written as
///
/// ```text
/// "helloworld.Hello" {
///     rpc hello(HelloRequest) returns (stream HelloReply);
/// }
/// ```
pub(crate) struct Interface {
    /// The name of the service with its package.
    pub(crate) name: String,
    pub(crate) methods: Vec<Rpc>,
}

/// One method of a service.
pub(crate) struct Rpc {
    /// The method's name in Rust.
    pub(crate) name: Ident,
    pub(crate) request: Message,
    pub(crate) reply: Message,
}

/// What goes one way.
pub(crate) struct Message {
    pub(crate) is_stream: bool,
    /// The type, as it is called next to the service's trait. It is only for showing.
    shown: String,
}

impl Interface {
    /// Whether one of the methods takes or returns a message called `name`.
    pub(crate) fn has_message(&self, name: &str) -> bool {
        let mut methods = self.methods.iter();
        methods.any(|rpc| rpc.request.name() == name || rpc.reply.name() == name)
    }
}

impl Parse for Interface {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = input.parse::<LitStr>()?.value();
        let content;
        braced!(content in input);
        let mut methods = Vec::new();
        while !content.is_empty() {
            methods.push(content.parse()?);
        }
        Ok(Self { name, methods })
    }
}

impl Parse for Rpc {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        input.parse::<Ident>()?; // rpc
        let name = input.parse()?;
        let request;
        parenthesized!(request in input);
        input.parse::<Ident>()?; // returns
        let reply;
        parenthesized!(reply in input);
        input.parse::<Token![;]>()?;
        Ok(Self {
            name,
            request: request.parse()?,
            reply: reply.parse()?,
        })
    }
}

impl Parse for Message {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        // A message may be called `stream` itself, but then nothing follows.
        let is_stream = input.peek(Ident) && input.fork().parse::<Ident>()? == "stream" && {
            let ahead = input.fork();
            ahead.parse::<Ident>()?;
            !ahead.is_empty() && !ahead.peek(Token![::])
        };
        if is_stream {
            input.parse::<Ident>()?;
        }
        let path = input.parse::<TokenStream>()?.to_string().replace(' ', "");
        let shown = match path.split_once("::prost::alloc::") {
            // A type of the prelude.
            Some((_, path)) => path.rsplit("::").next().unwrap_or(path),
            None => path
                .trim_start_matches("::")
                .trim_start_matches("self::")
                .trim_start_matches("super::"),
        };
        let shown = shown.to_owned();
        Ok(Self { is_stream, shown })
    }
}

impl Message {
    /// The message's name without its modules.
    pub(crate) fn name(&self) -> &str {
        self.shown.rsplit("::").next().unwrap_or(&self.shown)
    }

    /// What is sent, where one message has the type `message`.
    fn type_of(&self, message: &Ident, runtime: &Path) -> Type {
        match self.is_stream {
            true => parse_quote!(#runtime::codegen::Streaming<Self::#message>),
            false => parse_quote!(Self::#message),
        }
    }
}

impl Rpc {
    /// The type of the request, for use within an implementation.
    pub(crate) fn request_type(&self, runtime: &Path) -> Type {
        let message = format_ident!("{}_request", self.name.unraw());
        self.request.type_of(&message, runtime)
    }

    /// The type of the reply, for use within an implementation. Of the streams that a handler may
    /// return, it is the runtime's.
    pub(crate) fn reply_type(&self, runtime: &Path) -> Type {
        let message = format_ident!("{}_reply", self.name.unraw());
        self.reply.type_of(&message, runtime)
    }
}

/// The signature, to be pasted into an implementation.
impl fmt::Display for Rpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            request,
            reply,
        } = self;
        let request = match request.is_stream {
            true => format!("requests: Streaming<{}>", request.shown),
            false => format!("request: {}", request.shown),
        };
        let reply = match reply.is_stream {
            true => format!(
                "impl Stream<Item = Result<{}, Status>> + Send + 'static",
                reply.shown
            ),
            false => reply.shown.clone(),
        };
        write!(
            f,
            "async fn {name}(&self, cx: Context, {request}) -> Result<{reply}, Status>"
        )
    }
}
