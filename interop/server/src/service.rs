//! The service that clients of other projects call.

use std::future::pending;

use rpc_runtime::prost::Message;
use rpc_runtime::prost_types::Any;
use rpc_runtime::{Code, Context, Metadata, Status, Streaming, rpc_service};
use tokio::sync::watch;
use tokio_stream::{Stream, StreamExt};

use crate::google;
use crate::interop::{Interop, Number, Text};

/// The metadata that Echo sends back.
const TEXT: &str = "x-text";
const BYTES: &str = "x-bytes-bin";

/// Does what clients try.
#[derive(Default)]
pub(crate) struct Service {
    /// How many calls are held.
    holding: watch::Sender<i64>,
}

/// A call that is held, until it is dropped.
struct Held<'a>(&'a watch::Sender<i64>);

impl<'a> Held<'a> {
    fn new(holding: &'a watch::Sender<i64>) -> Self {
        holding.send_modify(|holding| *holding += 1);
        Held(holding)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|holding| *holding -= 1);
    }
}

#[rpc_service]
impl Interop for Service {
    async fn echo(&self, cx: Context, request: Text) -> Result<Text, Status> {
        let sent = cx.metadata();
        let mut metadata = Metadata::new();
        let invalid = |error: rpc_runtime::MetadataError| Status::internal(error.to_string());
        if let Some(text) = sent.get(TEXT) {
            metadata.insert(TEXT, text).map_err(invalid)?;
        }
        if let Some(bytes) = sent.get_bin(BYTES) {
            metadata
                .insert_bin(BYTES, bytes.to_vec())
                .map_err(invalid)?;
        }
        cx.set_reply_metadata(metadata);
        Ok(request)
    }

    async fn count(
        &self,
        _cx: Context,
        request: Number,
    ) -> Result<impl Stream<Item = Result<Number, Status>> + Send + 'static, Status> {
        let numbers = (1..=request.value).map(|value| Ok(Number { value }));
        Ok(tokio_stream::iter(numbers))
    }

    async fn sum(&self, _cx: Context, mut requests: Streaming<Number>) -> Result<Number, Status> {
        let mut value = 0;
        while let Some(number) = requests.message().await? {
            value += number.value;
        }
        Ok(Number { value })
    }

    async fn lengths(
        &self,
        _cx: Context,
        requests: Streaming<Text>,
    ) -> Result<impl Stream<Item = Result<Number, Status>> + Send + 'static, Status> {
        Ok(requests.map(|request| {
            request.map(|Text { text }| Number {
                value: text.len() as i64,
            })
        }))
    }

    async fn reject(&self, _cx: Context, request: Text) -> Result<Text, Status> {
        let details = google::rpc::Status {
            code: Code::InvalidArgument as i32,
            message: request.text.clone(),
            details: vec![Any {
                type_url: "type.googleapis.com/interop.Text".to_owned(),
                value: request.encode_to_vec(),
            }],
        };
        Err(Status::invalid_argument(request.text).with_details(details.encode_to_vec()))
    }

    async fn hold(&self, _cx: Context, _request: ()) -> Result<Text, Status> {
        let _held = Held::new(&self.holding);
        pending().await
    }

    async fn holding(&self, _cx: Context, _request: ()) -> Result<Number, Status> {
        let value = *self.holding.borrow();
        Ok(Number { value })
    }
}
