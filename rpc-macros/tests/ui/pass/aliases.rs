//! Types under other names than the interface's.
#![deny(warnings)]

use std::pin::Pin;

use futures_core::Stream;
use rpc_runtime::{Context, Server, Status, Streaming, rpc_service};

use kinds::store::v1::{self, Item, LoadReply, Store, WatchRequest as Request};

mod kinds {
    include!("../../../../rpc-build/tests/golden/kinds/expected/rpc_protos.rs");
}

type Answer<T> = Result<T, Status>;
type Cx = Context;
type Id = String;
type Items = Streaming<Item>;
type Replies = Pin<Box<dyn Stream<Item = Answer<Item>> + Send>>;

pub struct Shelf;

#[rpc_service]
impl Store for Shelf {
    async fn get(&self, _: Cx, id: Id) -> Answer<v1::Item> {
        if id.is_empty() {
            return Err(Status::not_found("no id"));
        }
        let _: u32 = id.parse().map_err(|_| Status::not_found("no number"))?;
        Ok(Item { id, ..Item::default() })
    }

    async fn watch(&self, cx: Cx, Request {}: Request) -> Answer<Replies> {
        Err(Status::internal(format!("{:?}", cx.peer())))
    }

    async fn load(self: &Self, _cx: Context, mut items: Items) -> Result<LoadReply, rpc_runtime::Status> {
        let mut count = 0;
        while let Some(_item) = items.message().await? {
            count += 1;
        }
        Ok(LoadReply { count })
    }

    async fn exchange(
        &self,
        _cx: Context,
        items: Items,
    ) -> Answer<impl Stream<Item = Answer<Item>> + Send + 'static> {
        Ok(items)
    }

    async fn clear(&self, _cx: Context, _: ()) -> Answer<()> {
        Ok(())
    }
}

/// Bodies of one line, whose braces are needed.
pub struct Desk;

#[rpc_service(unimplemented)]
impl Store for Desk {
    async fn get(&self, _cx: Context, id: Id) -> Result<Item, Status> { Ok(Item { id, ..Item::default() }) }

    async fn load(&self, _cx: Cx, _items: Streaming<Item>) -> Result<LoadReply, Status> { Err(Status::internal("no")) }

    async fn clear(&self, _cx: Context, (): ()) -> Answer<Nothing> { Ok(()) }
}

type Nothing = ();

fn main() {
    let _ = Server::new().service(Shelf).service_as("desk", Desk);
}
