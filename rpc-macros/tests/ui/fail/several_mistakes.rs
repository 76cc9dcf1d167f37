//! Every mistake is reported at once, each where it is.

use rpc_runtime::{Context, Status, Streaming, rpc_service};

use kinds::store::v1::{Item, Store};

mod kinds {
    include!("../../../../rpc-build/tests/golden/kinds/expected/rpc_protos.rs");
}

struct Shelf;

#[rpc_service]
impl Store for Shelf {
    fn load(&self, _cx: Context, _items: Streaming<Item>) -> Result<(), Status> {
        Ok(())
    }

    async fn touched(&self) {}
}

fn main() {}
