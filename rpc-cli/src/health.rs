//! gRPC's health check, which nearly every server answers, if only to say that it has none.

use rpc_runtime::{MethodKind, Status};

use crate::definitions::Method;

static DESCRIPTORS: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/grpc.health.v1.descriptor.bin"));

/// The method that is asked for a server's health: `{}` asks for that of the server as a whole.
///
/// # Errors
///
/// None that a server or user could cause.
pub(crate) fn check_method() -> Result<Method, Status> {
    Method::new(
        "grpc.health.v1.Health/Check",
        MethodKind::Unary,
        DESCRIPTORS,
        false,
    )
}
