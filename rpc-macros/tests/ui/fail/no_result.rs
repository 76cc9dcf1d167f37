//! Methods that do not return a `Result`.

use futures_core::Stream;
use rpc_runtime::{Context, Status, Streaming, rpc_service};

use kinds::store::v1::{Item, Store, WatchRequest};

mod kinds {
    include!("../../../../rpc-build/tests/golden/kinds/expected/rpc_protos.rs");
}

struct Shelf;

#[rpc_service(unimplemented)]
impl Store for Shelf {
    async fn get(&self, _cx: Context, _id: String) -> Item {
        Item::default()
    }

    async fn watch(&self, _cx: Context, _request: WatchRequest) -> impl Stream<Item = Result<Item, Status>> {
        none()
    }

    async fn clear(&self, _cx: Context, (): ()) {}
}

fn none<T>() -> Streaming<T> {
    todo!()
}

fn main() {}
