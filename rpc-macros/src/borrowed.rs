//! Self types that borrow. A service is `'static`, and what the compiler reports of one that is not is
//! mostly in generated code.

use quote::ToTokens;
use syn::{Error, Lifetime, parse_quote};

use crate::implementation::Implementation;

/// Reports each lifetime in the self type that may be shorter than `'static`, and makes it as long: so the
/// compiler does not report it as well.
pub(crate) fn report(implementation: &mut Implementation) -> Vec<Error> {
    let has = |place: &dyn ToTokens, lifetime: &Lifetime| {
        let shown = place.to_token_stream().to_string();
        let mut words = shown.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '\''));
        words.any(|word| word == lifetime.to_string())
    };
    let where_clause = implementation.generics.where_clause.clone();
    let self_type = &implementation.self_type;
    let mut errors = Vec::new();
    for param in implementation.generics.lifetimes_mut() {
        let lifetime = &param.lifetime;
        // Bounds may make it `'static`, which is for the compiler to judge.
        let is_free = param.bounds.is_empty() && !has(&where_clause, lifetime);
        if is_free && has(self_type, lifetime) {
            let message = format!(
                "a service borrows nothing, because calls may outlive whoever made it: have it own \
                 what `{lifetime}` is for, or share that with an `Arc`"
            );
            errors.push(Error::new_spanned(self_type, message));
            param.bounds.push(parse_quote!('static));
        }
    }
    errors
}
