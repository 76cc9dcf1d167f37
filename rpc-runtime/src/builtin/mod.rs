//! Services that every server has: ordinary ones, generated and implemented as those of users are.
//! Neither knows the other.

#[cfg(feature = "health")]
pub mod health;
#[cfg(feature = "reflection")]
mod reflection;

use crate::server::Builtin;

/// One of each whose feature is on.
pub(crate) fn compiled_in() -> Vec<Box<dyn Builtin>> {
    vec![
        #[cfg(feature = "health")]
        Box::new(health::ServerHealth::default()),
        #[cfg(feature = "reflection")]
        Box::new(reflection::Reflection::default()),
    ]
}
