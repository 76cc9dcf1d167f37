//! Receivers other than `&self`.

use std::sync::Arc;

use rpc_runtime::{Context, Status, rpc_service};

use kinds::store::v1::{Item, Store};

mod kinds {
    include!("../../../../rpc-build/tests/golden/kinds/expected/rpc_protos.rs");
}

struct Shelf;

#[rpc_service(unimplemented)]
impl Store for Shelf {
    async fn get(&mut self, _cx: Context, _id: String) -> Result<Item, Status> {
        Ok(Item::default())
    }

    async fn clear(self: Arc<Self>, _cx: Context, (): ()) -> Result<(), Status> {
        Ok(())
    }
}

struct Desk;

#[rpc_service(unimplemented)]
impl Store for Desk {
    async fn get(self, _cx: Context, _id: String) -> Result<Item, Status> {
        Ok(Item::default())
    }

    async fn clear(_cx: Context, (): ()) -> Result<(), Status> {
        Ok(())
    }
}

fn main() {}
