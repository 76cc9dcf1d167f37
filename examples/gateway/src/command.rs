//! Commands as they arrive.

use std::error::Error;

use rpc_runtime::gateway::Connection;
use tokio::io::{AsyncBufReadExt, AsyncReadExt};

/// Words that a command may have: more than any has.
const MAX_WORDS: usize = 16;

/// Reads a command: an array of words, or a line, whose third word is the rest of it.
///
/// # Errors
///
/// What is wrong with it, and if the connection breaks or ends within it.
pub(crate) async fn read(
    connection: &mut Connection,
) -> Result<Vec<Vec<u8>>, Box<dyn Error + Send + Sync>> {
    let mut room = connection.max_message_size();
    let line = read_line(connection, room).await?;
    let Some(count) = line.strip_prefix('*') else {
        let words = line.splitn(3, ' ');
        return Ok(words.map(|word| word.as_bytes().to_vec()).collect());
    };
    let count: usize = count.parse()?;
    if count > MAX_WORDS {
        return Err(format!("a command has at most {MAX_WORDS} words").into());
    }
    let mut words = Vec::new();
    for _ in 0..count {
        let line = read_line(connection, room).await?;
        let length = line
            .strip_prefix('$')
            .ok_or("a word begins with its length, $n")?;
        let length: usize = length.parse()?;
        room = room
            .checked_sub(length)
            .ok_or("the command is over max_message_size")?;
        let mut word = Vec::new();
        // Behind it is the end of the line.
        let whole = length as u64 + 2;
        let read = connection.take(whole).read_to_end(&mut word).await?;
        if read as u64 != whole {
            return Err("the connection ended within a command".into());
        }
        word.truncate(length);
        words.push(word);
    }
    Ok(words)
}

/// Reads a line, without its end.
async fn read_line(
    connection: &mut Connection,
    room: usize,
) -> Result<String, Box<dyn Error + Send + Sync>> {
    let mut line = String::new();
    connection.take(room as u64).read_line(&mut line).await?;
    match line.strip_suffix('\n') {
        Some(line) => Ok(line.trim_end_matches('\r').to_owned()),
        None => Err("a line ends within max_message_size, and before the connection does".into()),
    }
}
