//! A blocking echo: the least that a blocking call can cost.

use std::io::{Read, Write};

/// A call over `stream`: writes a text and reads as much.
///
/// # Errors
///
/// When the stream fails, or what came back is no text.
pub fn call(stream: &mut (impl Read + Write), text: String) -> anyhow::Result<String> {
    stream.write_all(text.as_bytes())?;
    let mut answer = vec![0; text.len()];
    stream.read_exact(&mut answer)?;
    Ok(String::from_utf8(answer)?)
}

/// Sends back whatever arrives, until the client has closed the stream.
///
/// # Errors
///
/// When the stream fails.
pub fn answer(mut stream: impl Read + Write) -> anyhow::Result<()> {
    let mut buffer = [0; 32 * 1024];
    loop {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..length])?;
    }
}
