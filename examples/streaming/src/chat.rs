//! Both ends send a stream: two participants talk.

use std::error::Error;

use rpc_runtime::{Status, Streaming};
use streaming::proto::{Line, RoomAsyncClientProxy};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// Somebody in the room.
struct Participant {
    name: &'static str,
    says: mpsc::Sender<Line>,
    hears: Streaming<Line>,
}

/// Ann and Bob enter, talk and leave.
pub(crate) async fn chat(address: &str) -> Result<(), Box<dyn Error>> {
    let room = RoomAsyncClientProxy::connect(address).await?;
    let mut ann = Participant::enter(&room, "Ann").await?;
    let mut bob = Participant::enter(&room, "Bob").await?;

    ann.say("is anybody here?").await?;
    ann.hear().await?;
    bob.hear().await?;
    bob.say("I am").await?;
    ann.hear().await?;
    bob.hear().await?;

    ann.leave().await?;
    bob.leave().await?;
    Ok(())
}

impl Participant {
    async fn enter(room: &RoomAsyncClientProxy, name: &'static str) -> Result<Self, Status> {
        let (says, lines) = mpsc::channel(1);
        let mut hears = room.chat(ReceiverStream::new(lines)).await?;
        // The call is on its way. What the server sends ahead of its replies says that the handler
        // has answered: from here on nothing that is said is missed.
        hears.headers().await?;
        Ok(Participant { name, says, hears })
    }

    async fn say(&self, text: &str) -> Result<(), Box<dyn Error>> {
        let line = Line {
            from: self.name.to_owned(),
            text: text.to_owned(),
        };
        Ok(self.says.send(line).await?)
    }

    async fn hear(&mut self) -> Result<(), Box<dyn Error>> {
        let Line { from, text } = self.hears.message().await?.ok_or("the room is closed")?;
        println!("chat:    {} hears {from}: {text}", self.name);
        Ok(())
    }

    /// Says nothing more, and reads to the end.
    async fn leave(mut self) -> Result<(), Status> {
        drop(self.says);
        while self.hears.message().await?.is_some() {}
        println!("chat:    {} has left", self.name);
        Ok(())
    }
}
