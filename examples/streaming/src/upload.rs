//! The client sends a stream: a file in parts.

use std::error::Error;
use std::io;

use rpc_runtime::bytes::Bytes;
use streaming::Checksum;
use streaming::proto::{FilesAsyncClientProxy, Part, Receipt};
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// The file that is uploaded: the one you are reading.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/upload.rs");

/// Bytes of a part. A real program takes some 64 KiB; this file is not that large.
const PART_SIZE: usize = 512;

/// Uploads a file while it is read, and compares what arrived with what was read.
pub(crate) async fn upload_a_file(address: &str) -> Result<(), Box<dyn Error>> {
    let files = FilesAsyncClientProxy::connect(address).await?;
    // Any `Stream` of messages can be sent. This one is the end of a channel.
    let (sender, parts) = mpsc::channel(1);
    let reading = tokio::spawn(send_parts(sender));
    let receipt = files.upload(ReceiverStream::new(parts)).await?;
    let sent = reading.await??;
    if receipt != sent {
        return Err(format!("{sent:?} was sent, and {receipt:?} arrived").into());
    }
    println!(
        "upload:  {} bytes arrived, checksum {:08x}",
        receipt.size, receipt.checksum
    );
    Ok(())
}

/// Reads the file into the channel. The stream of parts ends when `parts` is dropped.
async fn send_parts(parts: mpsc::Sender<Part>) -> io::Result<Receipt> {
    let mut file = File::open(FILE).await?;
    let mut size = 0;
    let mut checksum = Checksum::default();
    loop {
        let mut data = Vec::with_capacity(PART_SIZE);
        (&mut file)
            .take(PART_SIZE as u64)
            .read_to_end(&mut data)
            .await?;
        if data.is_empty() {
            let checksum = checksum.value();
            return Ok(Receipt { size, checksum });
        }
        size += data.len() as u64;
        checksum.update(&data);
        let data = Bytes::from(data);
        // This waits while the server is slower than the disk, so no file is ever in memory whole.
        if parts.send(Part { data }).await.is_err() {
            // The call has ended early, and says why.
            return Err(io::ErrorKind::BrokenPipe.into());
        }
    }
}
