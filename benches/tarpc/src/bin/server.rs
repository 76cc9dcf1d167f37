//! tarpc's server as its examples build it: a task for each call, bincode over length-delimited frames.

use bench_tarpc::{Echo, QUEUE_LENGTH};
use futures_util::StreamExt;
use tarpc::context::Context;
use tarpc::serde_transport::Transport;
use tarpc::server::{Channel, Config};
use tarpc::tokio_serde::formats::Bincode;
use tokio::net::{TcpListener, TcpStream};

fn main() -> anyhow::Result<()> {
    bench_common::serve(accept)
}

async fn accept(listener: TcpListener) -> anyhow::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(answer(stream));
    }
}

async fn answer(stream: TcpStream) {
    let transport = Transport::from((stream, Bincode::default()));
    let config = Config {
        pending_response_buffer: QUEUE_LENGTH,
    };
    config
        .channel(transport)
        .execute(Mirror.serve())
        .for_each(async |call| {
            tokio::spawn(call);
        })
        .await;
}

#[derive(Clone)]
struct Mirror;

impl Echo for Mirror {
    async fn echo(self, _: Context, text: String) -> String {
        text
    }
}
