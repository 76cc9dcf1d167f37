//! Methods that are missing, of all kinds.
#![deny(warnings)]

use std::sync::Arc;

use kinds::store::v1::{Store, StoreServer};
use rpc_runtime::{Context, Server, Status, rpc_service};

mod kinds {
    include!("../../../../rpc-build/tests/golden/kinds/expected/rpc_protos.rs");
}

mod names {
    include!("../../../../rpc-build/tests/golden/names/expected/rpc_protos.rs");
}

struct Shelf;

#[rpc_service(unimplemented)]
impl Store for Shelf {
    async fn clear(&self, _cx: Context, (): ()) -> Result<(), Status> {
        Ok(())
    }
}

struct Nothing;

#[rpc_service(unimplemented)]
impl names::Keywords for Nothing {}

fn main() {
    let shelf = Arc::new(Shelf);
    let _ = Server::new().service(Arc::clone(&shelf)).service(StoreServer::from_arc(shelf)).service(Nothing);
}
