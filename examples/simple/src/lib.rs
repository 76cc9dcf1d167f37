//! The service `simple.ArithService`: what `proto/arith.proto` describes, and an implementation of it.

use rpc_runtime::{Context, Status, rpc_service};

use arith::{ArithService, Operands, Outcome};

/// The generated code: messages, the trait `ArithService` and the client proxies.
pub mod arith {
    rpc_runtime::include_proto!("simple");
}

/// Adds and multiplies.
#[derive(Debug)]
pub struct Arith;

#[rpc_service]
impl ArithService for Arith {
    async fn add(&self, _cx: Context, Operands { a, b }: Operands) -> Result<Outcome, Status> {
        outcome(a.checked_add(b))
    }

    async fn multiply(&self, _cx: Context, Operands { a, b }: Operands) -> Result<Outcome, Status> {
        outcome(a.checked_mul(b))
    }
}

fn outcome(value: Option<i32>) -> Result<Outcome, Status> {
    let too_large = || Status::out_of_range("the outcome does not fit into 32 bits");
    Ok(Outcome {
        value: value.ok_or_else(too_large)?,
    })
}
