//! gRPC-Web: gRPC's calls, with trailers in the body, which may be text.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{BufMut, Bytes, BytesMut};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response};
use hyper::body::{Body, Frame};
use rpc_wire::Status;

use super::answer::{call, wrong_method};
use super::form;
use crate::grpc::content_type::{self, Form};
use crate::grpc::frame::PREFIX_SIZE;
use crate::grpc::text;
use crate::http::{HttpRequest, ReplyBody};

/// The flag of the prefix behind which trailers stand in place of a message.
const TRAILERS: u8 = 0x80;

/// Answers a request.
pub(super) async fn answer(mut request: HttpRequest) -> Response<ReplyBody> {
    if let Some(refused) = wrong_method(&request.head.method) {
        return refused;
    }
    if form(&request.head) == Some(Form::WebText) {
        request.body = request.body.in_base64();
    }
    let (is_text, content_type) = reply_type(&request.head.headers);
    let response = call(request, content_type).await;
    response.map(|body| match body.is_end_stream() {
        // Trailers are among the headers.
        true => body,
        false => ReplyBody::stream(WebBody { body, is_text }),
    })
}

/// Whether the response is text, and its content type: what the client accepts, or the type of the request.
fn reply_type(headers: &HeaderMap) -> (bool, HeaderValue) {
    let values = [headers.get(ACCEPT), headers.get(CONTENT_TYPE)];
    let known = values.into_iter().flatten().find_map(|value| {
        let (form, _) = content_type::parse(value.to_str().ok()?)?;
        (form != Form::Grpc).then(|| (form == Form::WebText, value.clone()))
    });
    known.unwrap_or((false, HeaderValue::from_static("application/grpc-web")))
}

/// The body of a response whose trailers are data, too.
struct WebBody {
    body: ReplyBody,
    is_text: bool,
}

impl Body for WebBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(cx)?) else {
            return Poll::Ready(None);
        };
        let data = match frame.into_data() {
            Ok(data) => data,
            Err(frame) => trailers(&frame.into_trailers().unwrap_or_default()),
        };
        let data = match self.is_text {
            true => text::write(&data),
            false => data,
        };
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}

/// Trailers as the last message of a body.
fn trailers(trailers: &HeaderMap) -> Bytes {
    let mut lines = BytesMut::new();
    for (name, value) in trailers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            lines.put_slice(part);
        }
    }
    let mut message = BytesMut::with_capacity(PREFIX_SIZE + lines.len());
    message.put_u8(TRAILERS);
    // Metadata and details come nowhere near the limit of 4 GiB.
    message.put_u32(lines.len() as u32);
    message.put_slice(&lines);
    message.freeze()
}
