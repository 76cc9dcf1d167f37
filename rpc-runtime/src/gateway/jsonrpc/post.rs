//! Requests in the bodies of HTTP's.

use std::pin::pin;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use rpc_wire::{Code, Metadata, Status};
use tokio::task::{JoinError, JoinSet};

use super::endpoint::{Endpoint, SMALL, bound, elements};
use crate::grpc::metadata;
use crate::http::{
    HttpConnection, HttpRequest, ReplyBody, RequestBody, Share, not_allowed, text, unread,
};
use crate::jsonrpc::{ErrorObject, Invalid, NO_ID, Request, write_error};
use crate::server::CallParts;

/// What the content of requests is called. Others would let any web page make a browser call.
const CONTENT_TYPES: [&str; 2] = ["application/json", "application/json-rpc"];

/// Bytes that there are for each answer to a batch: enough for an error with the longest id.
const LEAST: usize = 2 * 1024;

/// Whether a request is JSON-RPC: JSON that is sent to the root, or to a path of one name. Longer ones are methods'.
pub(super) fn accepts(request: &Parts) -> bool {
    let content_type = request.headers.get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let content_type = content_type.and_then(|value| value.split(';').next());
    let is_json = content_type.is_some_and(|value| {
        let known = |name: &&str| name.eq_ignore_ascii_case(value.trim());
        CONTENT_TYPES.iter().any(known)
    });
    request.method == Method::POST && is_json && is_endpoint(request)
}

/// Whether a path is JSON-RPC's.
pub(super) fn is_endpoint(request: &Parts) -> bool {
    request.uri.path().matches('/').count() <= 1
}

/// What is said of a request to a path of JSON-RPC's that is none.
pub(super) fn explain(request: &Parts) -> Option<Response<ReplyBody>> {
    let path = request.uri.path();
    match &request.method {
        _ if !is_endpoint(request) => None,
        &Method::POST => {
            let types = CONTENT_TYPES.join(" or ");
            let reason = format!("{path} takes JSON-RPC: use content-type: {types}\n");
            Some(text(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason))
        }
        // Whoever looks around is told what there is.
        &Method::GET | &Method::HEAD => None,
        other => {
            let reason =
                format!("{path} takes JSON-RPC, which is sent with POST, not with {other}\n");
            Some(not_allowed(reason, "POST"))
        }
    }
}

/// Answers a request: what it asks for may be one call, or a batch.
pub(super) async fn answer(endpoint: Arc<Endpoint>, request: HttpRequest) -> Response<ReplyBody> {
    let HttpRequest {
        head,
        body,
        connection,
    } = request;
    let (status, answers) = match read(&head.headers, body, &connection).await {
        Ok((text, metadata)) => {
            let caller = Caller {
                endpoint,
                metadata,
                connection: &connection,
            };
            let answers = caller.answer(text).await;
            let told = |error| Answers::of_error(&error, &connection);
            (StatusCode::OK, answers.unwrap_or_else(told))
        }
        Err(status) => {
            let http = http_status(status.code());
            let error = match status.code() {
                // It is not about the method.
                Code::Unimplemented => ErrorObject::invalid_request(status.message()),
                _ => ErrorObject::not_executed(status),
            };
            (http, Answers::of_error(&error, &connection))
        }
    };
    let mut response = response(status, answers);
    if status == StatusCode::UNSUPPORTED_MEDIA_TYPE
        && let Ok(accepted) = HeaderValue::try_from(connection.accepted_encodings())
    {
        response.headers_mut().insert(ACCEPT_ENCODING, accepted);
    }
    response
}

/// Reads all of a request: its text, and the metadata of its calls.
///
/// # Errors
///
/// UNIMPLEMENTED if it is compressed in a way that the server does not support, INVALID_ARGUMENT if it cannot be
/// decompressed, RESOURCE_EXHAUSTED over a limit; as the body if that does not arrive whole, and as
/// [`metadata::read`].
async fn read(
    headers: &HeaderMap,
    body: RequestBody,
    connection: &HttpConnection,
) -> Result<(Bytes, Metadata), Status> {
    let encoding = headers.get(CONTENT_ENCODING);
    let encoding = encoding.map(|value| value.to_str().unwrap_or("?"));
    let decompression = connection.decompression(encoding, Code::InvalidArgument)?;
    let (text, _) = body.collect_plain(decompression).await?;
    Ok((text, metadata::read(headers)?))
}

/// Answers a request of a connection that is not served.
pub(super) fn refuse(status: Status) -> Response<ReplyBody> {
    let mut answer = BytesMut::new();
    write_error(NO_ID, &ErrorObject::not_executed(status), &mut answer);
    let body = ReplyBody::whole(answer.freeze());
    with_json(StatusCode::SERVICE_UNAVAILABLE, body)
}

/// Who makes the calls of a request.
struct Caller<'a> {
    endpoint: Arc<Endpoint>,
    metadata: Metadata,
    connection: &'a HttpConnection,
}

impl Caller<'_> {
    async fn answer(&self, text: Bytes) -> Result<Answers, ErrorObject> {
        let text = std::str::from_utf8(&text);
        let text = text.map_err(|error| ErrorObject::parse_error(error.to_string()))?;
        let text = text.trim_start();
        if text.starts_with('[') {
            return self.answer_batch(text).await;
        }
        let (mut answers, mut answer) = (Answers::one(self.connection), BytesMut::new());
        let id = match Request::parse(text) {
            Ok(request) => {
                if let Some(call) = self.endpoint.begin(&request, self.parts(), &mut answer) {
                    (_, answer) = call.finish().await;
                }
                request.id
            }
            Err(Invalid { id, error }) => {
                write_error(id, &error, &mut answer);
                Some(id)
            }
        };
        answers.add(id, answer);
        Ok(answers)
    }

    /// Runs the calls of a batch at a time, as many as the connection has places for, and gives the answers in the
    /// order in which they end.
    async fn answer_batch(&self, text: &str) -> Result<Answers, ErrorObject> {
        let places = elements(text, self.connection.config.max_batch_length)?;
        let mut answers = Answers::of_batch(places.len(), self.connection)?;
        let mut running = JoinSet::new();
        for place in places {
            let place_for_call = Arc::clone(&self.connection.batched).acquire_owned();
            let mut place_for_call = pin!(place_for_call);
            // An answer is counted before its call's place is another's.
            let permit = loop {
                tokio::select! {
                    biased;
                    Some(ended) = running.join_next() => answers.add_ended(ended)?,
                    // It fails only once it is closed, which nobody does.
                    permit = &mut place_for_call => break permit,
                }
            };
            let mut answer = BytesMut::new();
            match Request::parse(&text[place]) {
                Ok(request) => match self.endpoint.begin(&request, self.parts(), &mut answer) {
                    Some(call) => {
                        running.spawn(async move { (call.finish().await, permit) });
                    }
                    None => answers.add(request.id, answer),
                },
                Err(Invalid { id, error }) => {
                    write_error(id, &error, &mut answer);
                    answers.add(Some(id), answer);
                }
            }
        }
        while let Some(ended) = running.join_next().await {
            answers.add_ended(ended)?;
        }
        Ok(answers)
    }

    fn parts(&self) -> CallParts {
        CallParts {
            without_deadline: true,
            ..self.connection.call_parts(self.metadata.clone())
        }
    }
}

/// The id and the answer of a call that had a task, and what kept its place.
type Ended<P> = ((Option<Box<str>>, BytesMut), P);

/// The answer to a request, or those to a batch as an array that grows.
struct Answers {
    out: BytesMut,
    /// What they hold of what may wait for the client.
    share: Share,
    is_batch: bool,
    /// Answers to come, for each of which there is room for [`LEAST`].
    left: usize,
    /// What they may have together before large ones become errors, in bytes.
    max_size: usize,
}

impl Answers {
    fn one(connection: &HttpConnection) -> Self {
        Answers {
            out: BytesMut::new(),
            share: connection.reply_share(),
            is_batch: false,
            left: 1,
            max_size: connection.config.session.max_queued_replies,
        }
    }

    /// Those to a batch of this length.
    ///
    /// # Errors
    ///
    /// RESOURCE_EXHAUSTED if there is not even room to say so of each.
    fn of_batch(length: usize, connection: &HttpConnection) -> Result<Self, ErrorObject> {
        let mut share = connection.reply_share();
        let held = share.hold(length * LEAST);
        held.map_err(|exhausted| ErrorObject::not_executed(unread(exhausted)))?;
        Ok(Answers {
            share,
            is_batch: true,
            left: length,
            ..Self::one(connection)
        })
    }

    /// The answer to who knows what.
    fn of_error(error: &ErrorObject, connection: &HttpConnection) -> Self {
        let mut answers = Self::one(connection);
        write_error(NO_ID, error, &mut answers.out);
        answers
    }

    /// Takes in the answer of a call that had a task, and with it what kept the call's place.
    fn add_ended<P>(&mut self, ended: Result<Ended<P>, JoinError>) -> Result<(), ErrorObject> {
        let ((id, answer), _place) = ended.map_err(|error| {
            let why = format!("a call of the batch did not come to its end: {error}");
            ErrorObject::from(Status::internal(why))
        })?;
        self.add(id.as_deref(), answer);
        Ok(())
    }

    /// Takes in an answer, which is empty if nobody waits for it, or says in its place that there is no room.
    fn add(&mut self, id: Option<&str>, mut answer: BytesMut) {
        self.left = self.left.saturating_sub(1);
        if answer.is_empty() {
            return;
        }
        let (before, least) = (self.out.len(), if self.is_batch { LEAST } else { SMALL });
        let all = before + answer.len() + self.left * LEAST;
        let room = match answer.len() <= least || self.share.hold(all).is_ok() {
            true => self.max_size.saturating_sub(before),
            false => 0,
        };
        bound(id, 0, room.max(least), &mut answer);
        match (self.is_batch, before) {
            (false, _) => {}
            (true, 0) => self.out.put_u8(b'['),
            (true, _) => self.out.put_u8(b','),
        }
        self.out.unsplit(answer);
    }

    fn into_body(mut self) -> Option<ReplyBody> {
        if self.out.is_empty() {
            return None;
        }
        if self.is_batch {
            self.out.put_u8(b']');
        }
        Some(ReplyBody::whole(self.out.freeze()).holding(self.share))
    }
}

/// What HTTP says of a body that did not come whole or is compressed otherwise, or of headers that are wrong.
fn http_status(code: Code) -> StatusCode {
    match code {
        Code::ResourceExhausted => StatusCode::PAYLOAD_TOO_LARGE,
        Code::DeadlineExceeded => StatusCode::REQUEST_TIMEOUT,
        Code::Unimplemented => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn response(status: StatusCode, answers: Answers) -> Response<ReplyBody> {
    let Some(body) = answers.into_body() else {
        let mut response = Response::new(ReplyBody::whole(Bytes::new()));
        *response.status_mut() = StatusCode::NO_CONTENT;
        return response;
    };
    with_json(status, body)
}

fn with_json(status: StatusCode, body: ReplyBody) -> Response<ReplyBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static(CONTENT_TYPES[0]);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Budget;

    fn answers(budget: &Arc<Budget>) -> Answers {
        Answers {
            out: BytesMut::new(),
            share: budget.share(),
            is_batch: true,
            left: 2,
            max_size: usize::MAX,
        }
    }

    /// The place of a call, which finds out how much may still be held when it is another's.
    struct Place<'a> {
        budget: &'a Arc<Budget>,
        is_left: &'a mut bool,
    }

    impl Drop for Place<'_> {
        fn drop(&mut self) {
            *self.is_left = self.budget.share().hold(1).is_ok();
        }
    }

    #[test]
    fn an_answer_is_counted_before_the_place_of_its_call_is_anothers() {
        let answer = BytesMut::from(&*"1".repeat(3 * LEAST));
        let with_rest = answer.len() + LEAST;
        let budget = Budget::new(with_rest as u64);
        let mut answers = answers(&budget);
        let mut is_left = true;
        let place = Place {
            budget: &budget,
            is_left: &mut is_left,
        };
        let ended = ((Some("7".into()), answer.clone()), place);
        assert!(answers.add_ended(Ok(ended)).is_ok());
        assert!(
            !is_left,
            "it is counted with what the other answer may have"
        );
        assert_eq!(answers.out[1..], answer);
        assert_eq!(answers.left, 1);
        // Nobody waits for the other one, whose room is given back with the batch.
        assert!(answers.add_ended(Ok(((None, BytesMut::new()), ()))).is_ok());
        assert_eq!(answers.left, 0);
        drop(answers);
        assert!(budget.share().hold(with_rest).is_ok());
    }

    #[tokio::test]
    async fn a_call_that_does_not_come_to_its_end_fails_its_batch() {
        let budget = Budget::new(1);
        let mut lost = JoinSet::new();
        lost.spawn(std::future::pending::<Ended<()>>());
        lost.abort_all();
        let ended = lost.join_next().await.unwrap();
        let error = answers(&budget).add_ended(ended).unwrap_err().to_string();
        let says = "a call of the batch did not come to its end: ";
        assert!(error.starts_with(says), "{error}");
    }
}
