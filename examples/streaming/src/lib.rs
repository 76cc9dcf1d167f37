//! Three services, one for each kind of stream, and how each is implemented.
//!
//! | in `proto/streaming.proto`     | what the handler is given and gives | file             |
//! |--------------------------------|-------------------------------------|------------------|
//! | `(stream Part) returns (..)`   | takes a `Streaming<Part>`           | `files.rs`       |
//! | `(..) returns (stream ..)`     | returns a `Stream` of results       | `thermometer.rs` |
//! | `(stream ..) returns (stream)` | both                                | `room.rs`        |
//!
//! How they are called stands in the program's own files, beside `main.rs`.

mod checksum;
mod files;
mod room;
mod thermometer;

/// The generated code: messages, the traits of the services and the client proxies.
pub mod proto {
    rpc_runtime::include_proto!("streaming");
}

pub use checksum::Checksum;
pub use files::FileStore;
pub use room::OpenRoom;
pub use thermometer::Sensor;
