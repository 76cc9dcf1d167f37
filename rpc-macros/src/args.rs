//! What stands in the parentheses of the attribute.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Error, Ident, LitStr, Path, Result, Token, parse_quote};

use crate::nearest::nearest;

const ARGUMENTS: &str = "there are `unimplemented` and `runtime = \"::path\"`";

/// The arguments of `#[rpc_service(..)]`.
pub(crate) struct Args {
    /// The path of the runtime crate.
    pub(crate) runtime: Path,
    /// Whether methods that are missing answer UNIMPLEMENTED.
    pub(crate) unimplemented: bool,
}

impl Default for Args {
    fn default() -> Self {
        Self {
            runtime: runtime_path(),
            unimplemented: false,
        }
    }
}

/// The path of the runtime, under the name that the user's `Cargo.toml` gives it.
fn runtime_path() -> Path {
    match crate_name("rpc-runtime") {
        Ok(FoundCrate::Name(name)) => {
            let name = Ident::new(&name, Span::call_site());
            parse_quote!(::#name)
        }
        Ok(FoundCrate::Itself) | Err(_) => parse_quote!(::rpc_runtime),
    }
}

impl Args {
    /// Reads what stands in the parentheses. After a mistake, missing methods are allowed: whether they
    /// should be cannot be told, and the mistake is the one thing to report.
    pub(crate) fn read(tokens: TokenStream) -> (Self, Option<Error>) {
        let mut args = Self::default();
        let mistake = Parser::parse2(|input: ParseStream<'_>| args.extend(input), tokens).err();
        args.unimplemented |= mistake.is_some();
        (args, mistake)
    }

    fn extend(&mut self, input: ParseStream<'_>) -> Result<()> {
        while !input.is_empty() {
            let name: Ident = input.parse().map_err(|error: Error| {
                Error::new(error.span(), format!("this is no argument; {ARGUMENTS}"))
            })?;
            let wrong = |what: &str| Err(Error::new(name.span(), what));
            match name.to_string().as_str() {
                "unimplemented" if input.is_empty() || input.peek(Token![,]) => {
                    self.unimplemented = true;
                }
                "unimplemented" => {
                    return wrong("`unimplemented` has no value: `#[rpc_service(unimplemented)]`");
                }
                "runtime" if input.peek(Token![=]) && input.peek2(LitStr) => {
                    input.parse::<Token![=]>()?;
                    self.runtime = input.parse::<LitStr>()?.parse()?;
                }
                "runtime" => return wrong("`runtime` needs a path: `runtime = \"::my_rpc\"`"),
                _ => return Err(unknown(&name)),
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }
}

fn unknown(name: &Ident) -> Error {
    let meant = nearest(&name.to_string(), ["unimplemented", "runtime"])
        .map(|near| format!(" (did you mean `{near}`?)"))
        .unwrap_or_default();
    let message = format!("unknown argument `{name}`{meant}; {ARGUMENTS}");
    Error::new(name.span(), message)
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut args = Self::default();
        args.extend(input)?;
        Ok(args)
    }
}

/// The arguments as they can be parsed again: they travel through the service's companion macro.
impl ToTokens for Args {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let runtime = self.runtime.to_token_stream().to_string();
        tokens.extend(quote!(runtime = #runtime));
        if self.unimplemented {
            tokens.extend(quote!(, unimplemented));
        }
    }
}
