//! Traits of the standard library, which are known by name. No other trait can be told from that of a
//! service before the companion macro is looked up.

use syn::{Error, Result};

use crate::implementation::Implementation;

/// Traits with the method that makes sure: a service may have the trait's name, and an rpc the
/// method's, but then the method is async.
const KNOWN: [(&str, &str); 22] = [
    ("AsRef", "as_ref"),
    ("Borrow", "borrow"),
    ("Clone", "clone"),
    ("Debug", "fmt"),
    ("Default", "default"),
    ("Deref", "deref"),
    ("DerefMut", "deref_mut"),
    ("Display", "fmt"),
    ("Drop", "drop"),
    ("Error", "source"),
    ("From", "from"),
    ("FromStr", "from_str"),
    ("Future", "poll"),
    ("Hash", "hash"),
    ("Into", "into"),
    ("IntoIterator", "into_iter"),
    ("Iterator", "next"),
    ("Ord", "cmp"),
    ("PartialEq", "eq"),
    ("PartialOrd", "partial_cmp"),
    ("TryFrom", "try_from"),
    ("Write", "write"),
];

/// Rejects the implementation of a trait of the standard library.
///
/// # Errors
///
/// It is one.
pub(crate) fn reject(implementation: &Implementation) -> Result<()> {
    let segments = &implementation.trait_path.segments;
    let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
        return Ok(());
    };
    let is_of_std = segments.len() > 1
        && ["std", "core", "alloc"]
            .iter()
            .any(|name| first.ident == name);
    let is_known = KNOWN.iter().any(|(name, method)| {
        last.ident == name
            && implementation.methods.iter().any(|written| {
                written.signature.ident == method && written.signature.asyncness.is_none()
            })
    });
    if !is_of_std && !is_known {
        return Ok(());
    }
    let message = format!(
        "`{}` is no service: #[rpc_service] stands on the implementation of a trait that rpc-build \
         generated",
        last.ident
    );
    Err(Error::new_spanned(&implementation.trait_path, message))
}
