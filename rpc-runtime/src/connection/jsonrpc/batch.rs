//! Calls that are sent as one message.

use std::cell::RefCell;
use std::sync::Arc;

use super::table::Table;

thread_local! {
    /// The connections that have requests of the batch which this thread begins, if it does.
    static BATCH: RefCell<Option<Vec<Arc<Table>>>> = const { RefCell::new(None) };
}

/// Has the calls that `begin` begins sent as one message on each connection.
pub(crate) fn as_one_message<R>(begin: impl FnOnce() -> R) -> R {
    let _scope = Scope {
        outer: BATCH.replace(Some(Vec::new())),
    };
    begin()
}

/// Ends the batch, also if beginning it panics.
struct Scope {
    outer: Option<Vec<Arc<Table>>>,
}

impl Drop for Scope {
    fn drop(&mut self) {
        let ended = BATCH.replace(self.outer.take());
        for table in ended.into_iter().flatten() {
            table.end_batch();
        }
    }
}

/// Whether a request on this connection belongs to a batch.
pub(super) fn joins(table: &Arc<Table>) -> bool {
    BATCH.with_borrow_mut(|batch| {
        let Some(tables) = batch else {
            return false;
        };
        if !tables.iter().any(|known| Arc::ptr_eq(known, table)) {
            tables.push(Arc::clone(table));
        }
        true
    })
}
