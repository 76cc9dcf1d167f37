//! How the replies of a stream are told apart, and how its end is said.

use std::collections::BTreeMap;

use bytes::{BufMut, BytesMut};
use rpc_wire::{Metadata, Status};
use serde::Serialize;

use super::codec::Codec;
use super::error::ErrorJson;
use super::metadata;
use super::packing::Packing;
use crate::call::Context;
use crate::grpc::frame::{self, PREFIX_SIZE};
use crate::server::RoutedMethod;

/// The flag of the envelope that says how the stream ended.
const END_STREAM: u8 = 2;

/// How the replies of a stream are told apart.
pub(super) enum Form {
    /// Behind prefixes with their lengths, with an end of its own.
    Envelopes(Packing),
    /// As lines; an error is the last of them.
    Lines,
    /// As server-sent events; the last one has a name.
    Events,
}

/// How a stream of envelopes ended.
#[derive(Serialize)]
struct End<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorJson<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<&'a str, Vec<String>>,
}

/// An error that is a line.
#[derive(Serialize)]
struct ErrorLine<'a> {
    error: ErrorJson<'a>,
}

impl Form {
    /// Appends a reply.
    ///
    /// # Errors
    ///
    /// As [`Codec::append_reply`]; RESOURCE_EXHAUSTED if it is too long for an envelope.
    pub(super) fn append(
        &self,
        message: &[u8],
        codec: &Codec,
        context: &Context,
        body: &mut BytesMut,
    ) -> Result<(), Status> {
        let start = body.len();
        match self {
            Form::Envelopes(packing) => {
                body.put_bytes(0, PREFIX_SIZE);
                let appended = codec.append_reply(message, body);
                let enveloped = appended.and_then(|()| envelope(start, *packing, context, body));
                return enveloped.inspect_err(|_| body.truncate(start));
            }
            Form::Lines => codec.append_reply(message, body)?,
            Form::Events => {
                body.put_slice(b"data: ");
                let appended = codec.append_reply(message, body);
                appended.inspect_err(|_| body.truncate(start))?;
                body.put_u8(b'\n');
            }
        }
        body.put_u8(b'\n');
        Ok(())
    }

    /// Appends how a stream of this method ended.
    pub(super) fn end(
        &self,
        outcome: Result<&Metadata, &Status>,
        method: &RoutedMethod,
        body: &mut BytesMut,
    ) {
        let error = || {
            let status = outcome.err()?;
            Some(ErrorJson::new(status, Some(method)))
        };
        match self {
            Form::Envelopes(_) => {
                let trailing = outcome.unwrap_or_else(Status::metadata);
                let metadata = metadata::in_json(trailing);
                end_envelope(
                    &End {
                        error: error(),
                        metadata,
                    },
                    body,
                );
            }
            Form::Lines => {
                if let Some(error) = error() {
                    body.put_slice(&json(&ErrorLine { error }));
                    body.put_u8(b'\n');
                }
            }
            Form::Events => match error() {
                Some(error) => {
                    body.put_slice(b"event: error\ndata: ");
                    body.put_slice(&json(&error));
                    body.put_slice(b"\n\n");
                }
                None => body.put_slice(b"event: end\ndata: {}\n\n"),
            },
        }
    }
}

/// The end of a stream of envelopes that never began, because the call failed.
pub(super) fn failed(status: &Status, method: Option<&RoutedMethod>) -> BytesMut {
    let mut body = BytesMut::new();
    let end = End {
        error: Some(ErrorJson::new(status, method)),
        metadata: metadata::in_json(status.metadata()),
    };
    end_envelope(&end, &mut body);
    body
}

/// Completes the envelope that begins at `start`, whose prefix has its room already.
fn envelope(
    start: usize,
    packing: Packing,
    context: &Context,
    body: &mut BytesMut,
) -> Result<(), Status> {
    let plain = body.len() - start - PREFIX_SIZE;
    let prefix = match packing.algorithm(plain, context) {
        None => frame::prefix_of(plain, false)?,
        Some(_) => {
            let plain = body.split_off(start + PREFIX_SIZE).freeze();
            let packed = packing.pack(plain, context);
            body.put_slice(&packed.bytes);
            frame::prefix(&packed)?
        }
    };
    body[start..start + PREFIX_SIZE].copy_from_slice(&prefix);
    Ok(())
}

fn end_envelope(end: &End<'_>, body: &mut BytesMut) {
    let json = json(end);
    body.put_u8(END_STREAM);
    // Metadata and details come nowhere near the limit of 4 GiB.
    body.put_u32(json.len() as u32);
    body.put_slice(&json);
}

/// What cannot fail: there are only strings in it.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
