//! A type that implements no service is registered.

use rpc_runtime::Server;

struct Greeter;

fn main() {
    let _server = Server::new().service(Greeter);
}
