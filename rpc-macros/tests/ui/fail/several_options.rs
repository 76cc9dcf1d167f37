//! Wrong options of several methods: each is one error, and right ones next to them are none.

use std::time::Duration;

use rpc_runtime::{Context, Status, Streaming, rpc_service};

use kinds::store::v1::{Item, LoadReply, Store};

mod kinds {
    include!("../../../../rpc-build/tests/golden/kinds/expected/rpc_protos.rs");
}

struct Shelf;

#[rpc_service(unimplemented)]
impl Store for Shelf {
    #[rpc(timout = Duration::from_secs(1))]
    async fn get(&self, _cx: Context, _id: String) -> Result<Item, Status> {
        Ok(Item::default())
    }

    #[rpc(limit = 2)]
    async fn load(&self, _cx: Context, _items: Streaming<Item>) -> Result<LoadReply, Status> {
        Ok(LoadReply::default())
    }

    #[rpc(timeout(5))]
    #[rpc(limit)]
    #[rpc(blocking = true)]
    #[rpc("blocking")]
    async fn clear(&self, _cx: Context, (): ()) -> Result<(), Status> {
        Ok(())
    }

    #[rpc(timeout = Duration::from_secs(1))]
    async fn touched(&self) {}
}

struct Desk;

#[rpc_service(unimplemented)]
impl Store for Desk {
    #[rpc(blocking, limit = 1, blocking)]
    async fn clear(&self, _cx: Context, (): ()) -> Result<(), Status> {
        Ok(())
    }
}

fn main() {}
