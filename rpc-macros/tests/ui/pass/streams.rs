//! All kinds of methods, in a generic type, with well-known types.
#![deny(warnings)]

use std::pin::Pin;
use std::task::{self, Poll};

use futures_core::Stream;
use rpc_runtime::{Context, Server, Status, Streaming, rpc_service};

use kinds::store::v1::{Item, LoadReply, Store, StoreAsyncClientProxy, StoreClientProxy, WatchRequest};

mod kinds {
    include!("../../../../rpc-build/tests/golden/kinds/expected/rpc_protos.rs");
}

struct Shelf<S> {
    keeper: S,
}

pub struct Nothing;

impl Stream for Nothing {
    type Item = Result<Item, Status>;

    fn poll_next(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(None)
    }
}

#[rpc_service]
impl<S> Store for Shelf<S>
where
    S: Fn(String) -> Item + Send + Sync + 'static,
{
    async fn get(&self, _cx: Context, id: String) -> Result<Item, Status> {
        Ok((self.keeper)(id))
    }

    async fn watch(
        &self,
        _cx: Context,
        _request: WatchRequest,
    ) -> Result<impl Stream<Item = Result<Item, Status>> + Send + 'static, Status> {
        Ok(Nothing)
    }

    async fn load(&self, _cx: Context, mut items: Streaming<Item>) -> Result<LoadReply, Status> {
        let mut count = 0;
        while let Some(_item) = items.message().await? {
            count += 1;
        }
        Ok(LoadReply { count })
    }

    // The stream's own type, where the trait says `impl Stream`.
    async fn exchange(&self, _cx: Context, _items: Streaming<Item>) -> Result<Nothing, Status> {
        Ok(Nothing)
    }

    async fn clear(&self, _cx: Context, (): ()) -> Result<(), Status> {
        Ok(())
    }
}

fn shelf() -> Shelf<impl Fn(String) -> Item + Send + Sync + 'static> {
    Shelf { keeper: |id| Item { id, ..Item::default() } }
}

/// Compiled, not run: it would wait for replies.
#[allow(dead_code)]
async fn call() -> Result<(), Status> {
    let store = StoreAsyncClientProxy::local(shelf());
    let _: Item = store.get("a".to_owned()).await?;
    let _: Option<Item> = store.watch(WatchRequest {}).await?.message().await?;

    let store = StoreClientProxy::local(shelf());
    let reply = store.load(vec![Item::default()])?;
    let items: Result<Vec<Item>, Status> = store.exchange([Item::default()])?.collect();
    let _ = (reply.count, items?);
    Ok(())
}

fn main() {
    let _ = Server::new().service(shelf());
}
