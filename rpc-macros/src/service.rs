//! The implementation that the attribute stands on.

use proc_macro2::TokenStream;
use syn::{Error, Generics, Item, ItemImpl, Path, Result, Type};

/// `impl<generics> trait_path for self_type`.
pub(crate) struct ServiceImpl {
    pub(crate) generics: Generics,
    pub(crate) trait_path: Path,
    pub(crate) self_type: Type,
}

impl ServiceImpl {
    /// Reads the head of the implementation `item`; its methods are the compiler's business.
    pub(crate) fn parse(item: TokenStream) -> Result<Self> {
        const EXPECTED: &str = "expected `impl SomeService for SomeType`";
        let item: Item = syn::parse2(item)?;
        let Item::Impl(ItemImpl {
            generics,
            trait_,
            self_ty,
            ..
        }) = item
        else {
            return Err(Error::new_spanned(
                item,
                format!("{EXPECTED} below #[rpc_service]"),
            ));
        };
        let Some((None, trait_path, _)) = trait_ else {
            let message = format!("{EXPECTED}: #[rpc_service] needs the trait of a service");
            return Err(Error::new_spanned(self_ty, message));
        };
        Ok(Self {
            generics,
            trait_path,
            self_type: *self_ty,
        })
    }
}
