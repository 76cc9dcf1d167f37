//! Asks a server what it serves: gRPC's server reflection.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use prost::Message;
use prost_types::FileDescriptorProto;
use rpc_runtime::dynamic;
use rpc_runtime::{Code, MethodDescriptor, MethodKind, Stage, Status};

use self::v1::server_reflection_request::MessageRequest;
use self::v1::server_reflection_response::MessageResponse;
use self::v1::{ServerReflectionRequest, ServerReflectionResponse};
use super::file_set::FileSet;
use crate::client::{Client, Format, Outgoing, Protocol, Requests, Target, call_failed};
use crate::error::{Error, Result};
use crate::exit::Exit;

mod v1 {
    rpc_runtime::include_proto!("grpc.reflection.v1");
}

/// The versions, the newest first; their messages are the same.
const VERSIONS: [&str; 2] = [
    "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// How long a server may take for what it is asked at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// What to do without reflection.
const USE_FILES: &str = "give the schema with --proto FILE or --descriptor-set FILE";

/// A server that tells what it serves.
pub(super) struct Reflection<'a> {
    client: &'a Client,
    method: &'static MethodDescriptor,
    /// The full names of its services.
    pub(super) services: Vec<String>,
}

impl<'a> Reflection<'a> {
    /// Finds out which version the server knows, and its services.
    ///
    /// # Errors
    ///
    /// The server tells nothing, or cannot be reached.
    pub(super) async fn of(client: &'a Client) -> Result<Self> {
        let target = client.target();
        if matches!(target.protocol, Protocol::JsonRpc | Protocol::JsonRpcHttp) {
            let message = format!("{target}: JSON-RPC has no reflection");
            return Err(Error::new(Exit::NotFound, message).with_help(USE_FILES));
        }
        let mut reasons = Vec::new();
        for path in VERSIONS {
            let method = dynamic::method(path, MethodKind::BidiStreaming, &[]);
            let method = method.map_err(|status| call_failed(target, &status))?;
            let mut reflection = Reflection {
                client,
                method,
                services: Vec::new(),
            };
            match reflection.list().await {
                Ok(services) => {
                    reflection.services = services;
                    return Ok(reflection);
                }
                Err(status) if is_absent(&status) => reasons.push(status),
                Err(status) => return Err(failed(target, &status)),
            }
        }
        let reason = reasons.first().map_or("", Status::message);
        let message = format!("{target} has no reflection: {reason}");
        Err(Error::new(Exit::NotFound, message).with_help(USE_FILES))
    }

    async fn list(&self) -> Result<Vec<String>, Status> {
        let answers = self
            .ask(vec![MessageRequest::ListServices(String::new())])
            .await?;
        let mut services = Vec::new();
        for answer in answers {
            if let MessageResponse::ListServicesResponse(list) = answer? {
                services.extend(list.service.into_iter().map(|service| service.name));
            }
        }
        services.sort();
        services.dedup();
        Ok(services)
    }

    /// The files that define these symbols, with all that they import.
    ///
    /// # Errors
    ///
    /// A symbol is unknown to the server, or it does not answer.
    pub(super) async fn files_of(&self, symbols: &[String]) -> Result<FileSet> {
        let files = self.collect_files(symbols).await;
        files.map_err(|status| match status.code() {
            Code::NotFound => {
                let message = format!("the server knows no {}", symbols.join(", "));
                Error::new(Exit::NotFound, message)
            }
            _ => failed(self.client.target(), &status),
        })
    }

    async fn collect_files(&self, symbols: &[String]) -> Result<FileSet, Status> {
        let mut files = BTreeMap::new();
        let questions = symbols.iter().cloned();
        let mut questions: Vec<_> = questions
            .map(MessageRequest::FileContainingSymbol)
            .collect();
        while !questions.is_empty() {
            let known = files.len();
            for answer in self.ask(questions).await? {
                if let MessageResponse::FileDescriptorResponse(answer) = answer? {
                    for bytes in answer.file_descriptor_proto {
                        let file = FileDescriptorProto::decode(&*bytes);
                        let file = file.map_err(|error| {
                            Status::internal(format!(
                                "reflection gives a file that is none: {error}"
                            ))
                        })?;
                        files.insert(file.name().to_owned(), (file.dependency, bytes));
                    }
                }
            }
            if files.len() == known {
                return Err(Status::internal(
                    "reflection gives other files than were asked for",
                ));
            }
            questions = missing(&files)
                .map(MessageRequest::FileByFilename)
                .collect();
        }
        Ok(FileSet::new(files))
    }

    /// Asks in one call; gives the answers in the order of the questions.
    async fn ask(
        &self,
        questions: Vec<MessageRequest>,
    ) -> Result<impl Iterator<Item = Result<MessageResponse, Status>>, Status> {
        let count = questions.len();
        let questions = questions.into_iter().map(|question| {
            let request = ServerReflectionRequest {
                host: String::new(),
                message_request: Some(question),
            };
            Bytes::from(request.encode_to_vec())
        });
        let questions: Vec<_> = questions.collect();
        let call = Outgoing {
            method: self.method,
            requests: Requests::Many(Box::pin(stream::iter(questions))),
            format: Format::Protobuf,
            metadata: self.client.metadata().clone(),
            timeout: Some(PATIENCE),
        };
        let mut replies = self.client.call(call).await?;
        let mut answers = Vec::with_capacity(count);
        while let Some(reply) = replies.message().await? {
            answers.push(parse(&reply)?);
        }
        if answers.len() < count {
            return Err(Status::internal("reflection leaves questions unanswered"));
        }
        Ok(answers.into_iter())
    }
}

/// The error of a server that does not answer, or not well.
fn failed(target: &Target, status: &Status) -> Error {
    let error = call_failed(target, status);
    match status.code() {
        Code::DeadlineExceeded => error
            .about(&format!("{target}: no reflection within {PATIENCE:?}"))
            .with_help(USE_FILES),
        _ => error,
    }
}

/// Whether a server that answers so has no reflection. Over HTTP there may be a server that knows no such calls.
fn is_absent(status: &Status) -> bool {
    let code = status.code();
    matches!(code, Code::Unimplemented | Code::NotFound)
        || (matches!(code, Code::Unknown | Code::Internal) && status.stage() == Some(Stage::Wait))
}

/// What one answer says: an error is that of its question.
fn parse(reply: &[u8]) -> Result<Result<MessageResponse, Status>, Status> {
    let reply = ServerReflectionResponse::decode(reply).map_err(|error| {
        Status::internal(format!("reflection answers what is no answer: {error}"))
    })?;
    Ok(match reply.message_response {
        Some(MessageResponse::ErrorResponse(error)) => {
            let code = Code::from_value(error.error_code.cast_unsigned());
            Err(Status::new(code, error.error_message))
        }
        Some(answer) => Ok(answer),
        None => Err(Status::internal("reflection gives an empty answer")),
    })
}

/// The imports that are not there.
fn missing(files: &BTreeMap<String, (Vec<String>, Bytes)>) -> impl Iterator<Item = String> {
    let imports = files.values().flat_map(|(imports, _)| imports);
    let missing: BTreeSet<_> = imports
        .filter(|name| !files.contains_key(*name))
        .cloned()
        .collect();
    missing.into_iter()
}
