//! Arguments that are borrowed, in the wrong order, or generic.

use futures_core::Stream;
use rpc_runtime::{Context, Status, rpc_service};

use kinds::store::v1::{Item, LoadReply, Store, WatchRequest};

mod kinds {
    include!("../../../../rpc-build/tests/golden/kinds/expected/rpc_protos.rs");
}

struct Shelf;

#[rpc_service(unimplemented)]
impl Store for Shelf {
    async fn get(&self, _cx: &Context, _id: String) -> Result<Item, Status> {
        Ok(Item::default())
    }

    async fn watch(
        &self,
        _cx: Context,
        _request: &WatchRequest,
    ) -> Result<impl Stream<Item = Result<Item, Status>> + Send + 'static, Status> {
        Err::<rpc_runtime::Streaming<Item>, Status>(Status::internal("none"))
    }

    async fn load(&self, _cx: Context, _items: impl Stream<Item = Item>) -> Result<LoadReply, Status> {
        Ok(LoadReply::default())
    }

    async fn clear(&self, (): (), _cx: Context) -> Result<(), Status> {
        Ok(())
    }
}

struct Desk;

#[rpc_service(unimplemented)]
impl Store for Desk {
    async fn get<T: From<String>>(&self, _cx: Context, _id: T) -> Result<Item, Status> {
        Ok(Item::default())
    }
}

fn main() {}
