//! Traits of the standard library, which are known by name. No other trait can be told from that of a
//! service before the companion macro is looked up.

use syn::{Error, Result};

use crate::implementation::Implementation;

/// Traits with the method that makes sure: a service may have the trait's name, and an rpc the
/// method's, but then the method is async.
const KNOWN: &[(&str, &str)] = &[
    ("Add", "add"),
    ("AsMut", "as_mut"),
    ("AsRef", "as_ref"),
    ("Borrow", "borrow"),
    ("BorrowMut", "borrow_mut"),
    ("BufRead", "fill_buf"),
    ("Clone", "clone"),
    ("Debug", "fmt"),
    ("Default", "default"),
    ("Deref", "deref"),
    ("DerefMut", "deref_mut"),
    ("Display", "fmt"),
    ("DoubleEndedIterator", "next_back"),
    ("Drop", "drop"),
    ("Error", "source"),
    ("Extend", "extend"),
    ("Fn", "call"),
    ("FnMut", "call_mut"),
    ("FnOnce", "call_once"),
    ("From", "from"),
    ("FromIterator", "from_iter"),
    ("FromStr", "from_str"),
    ("Future", "poll"),
    ("Hash", "hash"),
    ("Index", "index"),
    ("Into", "into"),
    ("IntoIterator", "into_iter"),
    ("Iterator", "next"),
    ("Ord", "cmp"),
    ("PartialEq", "eq"),
    ("PartialOrd", "partial_cmp"),
    ("Read", "read"),
    ("Seek", "seek"),
    ("Sub", "sub"),
    ("ToString", "to_string"),
    ("TryFrom", "try_from"),
    ("TryInto", "try_into"),
    ("Write", "write"),
    ("Write", "write_str"),
];

/// Traits without methods of their own. A service of such a name is written with its module.
const MARKERS: [&str; 6] = ["Copy", "Eq", "Send", "Sized", "Sync", "Unpin"];

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
    let is_marker = segments.len() == 1
        && MARKERS.iter().any(|name| last.ident == name)
        && implementation.methods.is_empty()
        && implementation.others.is_empty();
    if !is_of_std && !is_known && !is_marker {
        return Ok(());
    }
    let message = format!(
        "`{}` is no service: #[rpc_service] stands on the implementation of a trait that rpc-build \
         generated",
        last.ident
    );
    Err(Error::new_spanned(&implementation.trait_path, message))
}
