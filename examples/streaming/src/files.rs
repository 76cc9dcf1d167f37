//! A stream of requests and one reply.

use rpc_runtime::{Context, Status, Streaming, rpc_service};

use crate::Checksum;
use crate::proto::{Files, Part, Receipt};

/// The largest file that is taken, in bytes.
const MAX_SIZE: u64 = 64 * 1024 * 1024;

/// Takes files. This one forgets them, and keeps only the size and a checksum.
#[derive(Debug)]
pub struct FileStore;

#[rpc_service]
impl Files for FileStore {
    async fn upload(&self, _cx: Context, mut parts: Streaming<Part>) -> Result<Receipt, Status> {
        let mut size = 0;
        let mut checksum = Checksum::default();
        // `None` means that the client has sent everything. A client that goes away in the middle
        // is never mistaken for that: this handler is then dropped where it waits.
        while let Some(part) = parts.message().await? {
            size += part.data.len() as u64;
            if size > MAX_SIZE {
                // The client hears at once, and sends no further part.
                return Err(Status::resource_exhausted(format!(
                    "files have {MAX_SIZE} bytes at most"
                )));
            }
            checksum.update(&part.data);
        }
        Ok(Receipt {
            size,
            checksum: checksum.value(),
        })
    }
}
