//! The implementation that the attribute stands on.

use proc_macro2::{Group, Span, TokenStream};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, Generics, ImplItem, Path, Result, Signature, Token, Type, Visibility, braced,
};

const EXPECTED: &str = "expected `impl SomeService for SomeType`";

/// `impl<generics> trait_path for self_type { .. }`. What is inside methods stays unread: mistakes there
/// are for the compiler to report.
pub(crate) struct Implementation {
    attributes: Vec<Attribute>,
    unsafety: Option<Token![unsafe]>,
    impl_token: Token![impl],
    pub(crate) generics: Generics,
    pub(crate) trait_path: Path,
    for_token: Token![for],
    pub(crate) self_type: Type,
    pub(crate) methods: Vec<Method>,
    /// Constants, types and macros.
    pub(crate) others: Vec<ImplItem>,
}

/// One method, with its body as it was written.
pub(crate) struct Method {
    pub(crate) attributes: Vec<Attribute>,
    visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: Group,
}

impl Implementation {
    /// Reads `item`, which the attribute stands on.
    ///
    /// # Errors
    ///
    /// It is something else.
    pub(crate) fn of_item(item: TokenStream) -> Result<Self> {
        let is_impl = |input: ParseStream<'_>| {
            input.call(Attribute::parse_outer)?;
            let is_impl = input.peek(Token![impl]) || input.peek(Token![unsafe]);
            input.parse::<TokenStream>()?;
            Ok(is_impl)
        };
        if !syn::parse::Parser::parse2(is_impl, item.clone())? {
            let message = format!("{EXPECTED} below #[rpc_service]");
            return Err(Error::new_spanned(item, message));
        }
        syn::parse2(item)
    }

    /// Where a mistake is reported that is not in one of the methods.
    pub(crate) fn span(&self) -> Span {
        self.trait_path.span()
    }

    /// Whether a macro may add methods that cannot be seen.
    pub(crate) fn has_macros(&self) -> bool {
        let mut others = self.others.iter();
        others.any(|item| matches!(item, ImplItem::Macro(_)))
    }
}

impl Parse for Implementation {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let unsafety = input.parse()?;
        let impl_token = input.parse()?;
        let mut generics: Generics = if input.peek(Token![<]) {
            input.parse()?
        } else {
            Generics::default()
        };
        let trait_type: Type = input.parse()?;
        let (Type::Path(trait_type), true) = (&trait_type, input.peek(Token![for])) else {
            let message = format!("{EXPECTED}: #[rpc_service] needs the trait of a service");
            return Err(Error::new_spanned(trait_type, message));
        };
        let for_token = input.parse()?;
        let self_type = input.parse()?;
        generics.where_clause = input.parse()?;
        let content;
        braced!(content in input);
        let mut implementation = Self {
            attributes,
            unsafety,
            impl_token,
            generics,
            trait_path: trait_type.path.clone(),
            for_token,
            self_type,
            methods: Vec::new(),
            others: Vec::new(),
        };
        while !content.is_empty() {
            // What is no method, or no right one, is reported by the parser of all items.
            match content.fork().parse::<Method>() {
                Ok(_) => implementation.methods.push(content.parse()?),
                Err(_) => implementation.others.push(content.parse()?),
            }
        }
        Ok(implementation)
    }
}

impl Parse for Method {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        Ok(Self {
            attributes: input.call(Attribute::parse_outer)?,
            visibility: input.parse()?,
            signature: input.parse()?,
            body: input.parse()?,
        })
    }
}

impl ToTokens for Method {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for attribute in &self.attributes {
            attribute.to_tokens(tokens);
        }
        self.visibility.to_tokens(tokens);
        self.signature.to_tokens(tokens);
        self.body.to_tokens(tokens);
    }
}

impl Implementation {
    /// The implementation with `additions` behind its own methods.
    pub(crate) fn with(&self, additions: &TokenStream) -> TokenStream {
        let Self {
            attributes,
            unsafety,
            impl_token,
            generics,
            trait_path,
            for_token,
            self_type,
            methods,
            others,
        } = self;
        let (impl_generics, _, where_clause) = generics.split_for_impl();
        quote::quote! {
            #(#attributes)*
            #unsafety #impl_token #impl_generics #trait_path #for_token #self_type #where_clause {
                #(#others)*
                #(#methods)*
                #additions
            }
        }
    }
}
