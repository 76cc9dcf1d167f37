//! Code of users that may panic where nobody else must notice.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `step`; false if it panicked. What it panicked with is never dropped, because that may panic, too.
pub(crate) fn contained(step: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(step))
        .map_err(std::mem::forget)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_whose_drop_panics_is_contained() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("dropped");
            }
        }
        assert!(contained(|| {}));
        assert!(!contained(|| std::panic::panic_any(Bomb)));
    }
}
