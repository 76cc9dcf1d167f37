//! Streams where there is one message, one message where there is a stream, and streams of something else.

use std::pin::Pin;
use std::task::{self, Poll};

use futures_core::Stream;
use rpc_runtime::{Context, Status, Streaming, rpc_service};

use kinds::store::v1::{Item, LoadReply, Store, WatchRequest};

mod kinds {
    include!("../../../../rpc-build/tests/golden/kinds/expected/rpc_protos.rs");
}

struct Shelf;

#[rpc_service(unimplemented)]
impl Store for Shelf {
    async fn get(
        &self,
        _cx: Context,
        _id: String,
    ) -> Result<impl Stream<Item = Result<Item, Status>> + Send + 'static, Status> {
        Ok(none::<Item>())
    }

    async fn watch(&self, _cx: Context, _request: WatchRequest) -> Result<Item, Status> {
        Ok(Item::default())
    }

    async fn load(&self, _cx: Context, _item: Item) -> Result<LoadReply, Status> {
        Ok(LoadReply::default())
    }

    async fn exchange(
        &self,
        _cx: Context,
        _items: Streaming<Item>,
    ) -> Result<impl Stream<Item = Result<LoadReply, Status>> + Send + 'static, Status> {
        Ok(none::<LoadReply>())
    }

    async fn clear(&self, _cx: Context, _request: Streaming<()>) -> Result<(), Status> {
        Ok(())
    }
}

struct Replies;

impl Stream for Replies {
    type Item = Item;

    fn poll_next(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<Option<Item>> {
        Poll::Ready(None)
    }
}

struct Desk;

#[rpc_service(unimplemented)]
impl Store for Desk {
    async fn watch(&self, _cx: Context, _request: WatchRequest) -> Result<Vec<Item>, Status> {
        Ok(Vec::new())
    }

    async fn exchange(
        &self,
        _cx: Context,
        _items: Streaming<Item>,
    ) -> Result<impl Stream<Item = Result<Item, Status>> + Send, Status> {
        Ok(none::<Item>())
    }
}

struct Table;

#[rpc_service(unimplemented)]
impl Store for Table {
    async fn watch(
        &self,
        _cx: Context,
        _request: WatchRequest,
    ) -> Result<impl Stream<Item = Item> + Send + 'static, Status> {
        Ok(Replies)
    }
}

fn none<T>() -> Streaming<T> {
    todo!()
}

fn main() {}
