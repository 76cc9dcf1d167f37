//! What stands in the parentheses of the attribute.

use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, LitStr, Path, Result, Token, parse_quote};

/// The arguments of `#[rpc_service(..)]`.
pub(crate) struct Args {
    /// The path of the runtime crate.
    pub(crate) runtime: Path,
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut args = Self {
            runtime: parse_quote!(::rpc_runtime),
        };
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            if name != "runtime" {
                let message =
                    format!("unknown argument `{name}`; there is one, `runtime = \"::path\"`");
                return Err(Error::new(name.span(), message));
            }
            input.parse::<Token![=]>()?;
            args.runtime = input.parse::<LitStr>()?.parse()?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(args)
    }
}
