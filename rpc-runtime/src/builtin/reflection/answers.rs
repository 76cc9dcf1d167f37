//! The answers to one client.

use std::collections::BTreeSet;
use std::sync::Arc;

use rpc_wire::{Code, Status};

use super::Served;
use super::generated::grpc::reflection::v1::server_reflection_request::MessageRequest;
use super::generated::grpc::reflection::v1::server_reflection_response::MessageResponse;
use super::generated::grpc::reflection::v1::{
    ErrorResponse, ExtensionNumberResponse, FileDescriptorResponse, ListServiceResponse,
    ServerReflectionRequest, ServerReflectionResponse, ServiceResponse,
};
use super::index::{FileId, Index};

/// Answers the requests of one stream.
pub(super) struct Answers {
    served: Arc<Served>,
    sent: BTreeSet<FileId>,
}

impl Answers {
    pub(super) fn new(served: Arc<Served>) -> Self {
        Answers {
            served,
            sent: BTreeSet::new(),
        }
    }

    pub(super) fn answer(&mut self, request: ServerReflectionRequest) -> ServerReflectionResponse {
        let answer = self.find(request.message_request.as_ref());
        let answer = answer.unwrap_or_else(|status| {
            MessageResponse::ErrorResponse(ErrorResponse {
                error_code: status.code() as i32,
                error_message: status.message().to_owned(),
            })
        });
        ServerReflectionResponse {
            valid_host: request.host.clone(),
            original_request: Some(request),
            message_response: Some(answer),
        }
    }

    fn find(&mut self, request: Option<&MessageRequest>) -> Result<MessageResponse, Status> {
        let index = self.served.index();
        let file = match request {
            Some(MessageRequest::ListServices(_)) => return Ok(self.list()),
            Some(MessageRequest::AllExtensionNumbersOfType(message)) => {
                return extension_numbers(index, message);
            }
            Some(MessageRequest::FileByFilename(name)) => index
                .with_name(name)
                .ok_or_else(|| not_found(format_args!("file {name:?}"))),
            Some(MessageRequest::FileContainingSymbol(name)) => index
                .with_symbol(name)
                .ok_or_else(|| not_found(format_args!("symbol {name:?}"))),
            Some(MessageRequest::FileContainingExtension(extension)) => {
                let (message, number) = (&extension.containing_type, extension.extension_number);
                index.with_extension(message, number).ok_or_else(|| {
                    not_found(format_args!(
                        "extension {number} of the message {message:?}"
                    ))
                })
            }
            None => Err(Status::new(
                Code::InvalidArgument,
                "the request asks for nothing that this version of reflection knows",
            )),
        }?;
        Ok(MessageResponse::FileDescriptorResponse(
            FileDescriptorResponse {
                file_descriptor_proto: index.with_imports(file, &mut self.sent),
            },
        ))
    }

    fn list(&self) -> MessageResponse {
        let services = self.served.services().iter();
        MessageResponse::ListServicesResponse(ListServiceResponse {
            service: services
                .map(|service| ServiceResponse {
                    name: service.name.clone(),
                })
                .collect(),
        })
    }
}

fn extension_numbers(index: &Index, message: &str) -> Result<MessageResponse, Status> {
    let numbers = index.extension_numbers(message);
    let extension_number = numbers.ok_or_else(|| not_found(format_args!("message {message:?}")))?;
    Ok(MessageResponse::AllExtensionNumbersResponse(
        ExtensionNumberResponse {
            base_type_name: message.to_owned(),
            extension_number,
        },
    ))
}

fn not_found(what: std::fmt::Arguments<'_>) -> Status {
    Status::not_found(format!("the services of this server have no {what}"))
}
