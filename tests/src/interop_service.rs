//! The service of gRPC's interop cases.

use std::time::Duration;

use futures_core::Stream;
use rpc_runtime::{Code, Context, Metadata, MetadataValue, Status, Streaming, rpc_service};

use crate::grpc::testing::{
    BoolValue, EchoStatus, Empty, Payload, SimpleRequest, SimpleResponse,
    StreamingInputCallRequest, StreamingInputCallResponse, StreamingOutputCallRequest,
    StreamingOutputCallResponse, TestService,
};

/// Metadata that come back ahead of the replies.
const ECHO_INITIAL: &str = "x-grpc-test-echo-initial";

/// Metadata that come back behind them.
const ECHO_TRAILING: &str = "x-grpc-test-echo-trailing-bin";

/// Serves gRPC's interop cases.
#[derive(Clone, Copy, Debug, Default)]
pub struct InteropService;

/// Sends the metadata of a call back, as the cases want them.
fn echo_metadata(cx: &Context) -> Result<(), Status> {
    let invalid = |error: rpc_runtime::MetadataError| Status::internal(error.to_string());
    if let Some(value) = cx.metadata().get(ECHO_INITIAL) {
        let mut leading = Metadata::new();
        leading.insert(ECHO_INITIAL, value).map_err(invalid)?;
        cx.set_reply_metadata(leading);
    }
    let mut trailing = Metadata::new();
    for value in cx.metadata().get_all(ECHO_TRAILING) {
        if let MetadataValue::Binary(value) = value {
            let value = value.to_vec();
            trailing.append_bin(ECHO_TRAILING, value).map_err(invalid)?;
        }
    }
    cx.set_reply_trailers(trailing);
    Ok(())
}

/// The status that a request asks for, if it is none of success.
fn echo_status(status: Option<EchoStatus>) -> Result<(), Status> {
    match status {
        Some(EchoStatus { code, message }) if code != 0 => {
            let code = Code::from_value(code.unsigned_abs());
            Err(Status::new(code, message))
        }
        _ => Ok(()),
    }
}

fn payload(size: i32) -> Result<Option<Payload>, Status> {
    let size = usize::try_from(size);
    let size = size.map_err(|_| Status::invalid_argument("a size is negative"))?;
    Ok(Some(Payload {
        body: vec![0; size].into(),
        ..Payload::default()
    }))
}

/// Has what is answered from now on compressed as it is asked for; the server decides if nothing is.
fn compress(cx: &Context, wanted: Option<BoolValue>) {
    cx.set_reply_compression(wanted.is_none_or(|wanted| wanted.value));
}

/// Whether a request arrived as it says that it was to.
fn check_compression(was_compressed: bool, expected: Option<BoolValue>) -> Result<(), Status> {
    match expected {
        Some(BoolValue { value: true }) if !was_compressed => Err(Status::invalid_argument(
            "the request says that it is compressed, and is not",
        )),
        _ => Ok(()),
    }
}

/// What the parameters of a request ask for, one after the other.
fn replies(
    cx: Context,
    request: StreamingOutputCallRequest,
) -> impl Stream<Item = Result<StreamingOutputCallResponse, Status>> + Send {
    let parameters = tokio_stream::iter(request.response_parameters);
    let replies = tokio_stream::StreamExt::then(parameters, move |parameter| {
        let cx = cx.clone();
        async move {
            let pause = u64::try_from(parameter.interval_us).unwrap_or_default();
            if pause > 0 {
                tokio::time::sleep(Duration::from_micros(pause)).await;
            }
            compress(&cx, parameter.compressed);
            let payload = payload(parameter.size)?;
            Ok(StreamingOutputCallResponse { payload })
        }
    });
    let end = echo_status(request.response_status).err().map(Err);
    tokio_stream::StreamExt::chain(replies, tokio_stream::iter(end))
}

/// The replies to a stream of requests, each answered before the next is read.
fn duplex(
    cx: Context,
    requests: Streaming<StreamingOutputCallRequest>,
) -> impl Stream<Item = Result<StreamingOutputCallResponse, Status>> + Send {
    futures_util::StreamExt::flat_map(requests, move |request| match request {
        Ok(request) => futures_util::future::Either::Left(replies(cx.clone(), request)),
        Err(status) => futures_util::future::Either::Right(tokio_stream::iter([Err(status)])),
    })
}

#[rpc_service(unimplemented)]
impl TestService for InteropService {
    async fn empty_call(&self, _: Context, request: Empty) -> Result<Empty, Status> {
        Ok(request)
    }

    async fn unary_call(
        &self,
        cx: Context,
        request: SimpleRequest,
    ) -> Result<SimpleResponse, Status> {
        check_compression(cx.request_was_compressed(), request.expect_compressed)?;
        echo_metadata(&cx)?;
        echo_status(request.response_status)?;
        compress(&cx, request.response_compressed);
        let payload = payload(request.response_size)?;
        Ok(SimpleResponse { payload })
    }

    async fn streaming_output_call(
        &self,
        cx: Context,
        request: StreamingOutputCallRequest,
    ) -> Result<
        impl Stream<Item = Result<StreamingOutputCallResponse, Status>> + Send + 'static,
        Status,
    > {
        Ok(replies(cx, request))
    }

    async fn streaming_input_call(
        &self,
        _: Context,
        mut requests: Streaming<StreamingInputCallRequest>,
    ) -> Result<StreamingInputCallResponse, Status> {
        let mut size = 0;
        while let Some(request) = requests.message().await? {
            check_compression(requests.was_compressed(), request.expect_compressed)?;
            let body = request.payload.map(|payload| payload.body.len());
            size += body
                .and_then(|size| i32::try_from(size).ok())
                .unwrap_or_default();
        }
        Ok(StreamingInputCallResponse {
            aggregated_payload_size: size,
        })
    }

    async fn full_duplex_call(
        &self,
        cx: Context,
        requests: Streaming<StreamingOutputCallRequest>,
    ) -> Result<
        impl Stream<Item = Result<StreamingOutputCallResponse, Status>> + Send + 'static,
        Status,
    > {
        echo_metadata(&cx)?;
        Ok(duplex(cx, requests))
    }

    async fn half_duplex_call(
        &self,
        cx: Context,
        mut requests: Streaming<StreamingOutputCallRequest>,
    ) -> Result<
        impl Stream<Item = Result<StreamingOutputCallResponse, Status>> + Send + 'static,
        Status,
    > {
        let mut all = Vec::new();
        while let Some(request) = requests.message().await? {
            all.push(request);
        }
        Ok(futures_util::StreamExt::flat_map(
            tokio_stream::iter(all),
            move |request| replies(cx.clone(), request),
        ))
    }
}
