//! Types that the attribute cannot judge by their names.

use rpc_runtime::{Context, Status, Streaming, rpc_service};

use kinds::store::v1::{Item, LoadReply, Store};

mod kinds {
    include!("../../../../rpc-build/tests/golden/kinds/expected/rpc_protos.rs");
}

struct Shelf;

struct Request<T>(T);

type Cx = std::sync::Arc<Context>;

#[rpc_service(unimplemented)]
impl Store for Shelf {
    async fn get(&self, _cx: Context, id: Request<String>) -> Result<Item, Status> {
        Ok(Item { id: id.0, ..Item::default() })
    }

    async fn load(&self, _cx: Context, mut items: Streaming<LoadReply>) -> Result<u64, Status> {
        let mut count = 0;
        while let Some(item) = items.message().await? {
            count += item.count;
        }
        Ok(count)
    }

    async fn clear(&self, cx: Cx, (): ()) -> Result<(), String> {
        let _ = cx.peer();
        Err("no".to_owned())
    }
}

struct Desk;

/// What is wrong inside a method is reported there, also where the method's type has another name.
#[rpc_service(unimplemented)]
impl Store for Desk {
    async fn load(&self, _cx: Context, _items: Streaming<Item>) -> Result<Loaded, Status> {
        Ok(LoadReply { count: "many" })
    }
}

type Loaded = LoadReply;

fn main() {}
