//! Failures of connections and calls, as errors of a command.

use rpc_runtime::{Code, Stage, Status};

use super::{Protocol, ServerArgs, Target};
use crate::error::Error;
use crate::exit::Exit;
use crate::probe;

/// The error of a connection that did not come about. Other protocols are tried, to say which the server speaks, unless
/// it is known: whose certificate is not trusted speaks the right one.
pub(crate) async fn cannot_connect(target: &Target, args: &ServerArgs, status: &Status) -> Error {
    let error = unreachable(target, status);
    if status.code() == Code::Unauthenticated {
        return error;
    }
    let spoken = probe::spoken(target, args).await;
    let others = spoken.iter().map(ToString::to_string);
    let others: Vec<_> = others
        .filter(|other| *other != target.to_string())
        .collect();
    match others.is_empty() {
        true => error,
        false => error.with_help(format!("the server answers: try {}", others.join(" or "))),
    }
}

fn unreachable(target: &Target, status: &Status) -> Error {
    let message = format!("{target}: {}", status.message());
    Error::new(Exit::Unreachable, message).with_detail("target", target.to_string())
}

/// The error of a call that failed.
pub(crate) fn call_failed(target: &Target, status: &Status) -> Error {
    let connecting = matches!(status.stage(), Some(Stage::Resolve | Stage::Connect));
    if connecting && !status.may_have_run() {
        return unreachable(target, status);
    }
    let code = status.code().name();
    let message = match status.message() {
        "" => code.to_owned(),
        message => format!("{code}: {message}"),
    };
    let error = Error::new(Exit::CallFailed, message)
        .with_detail("code", code)
        .with_detail("status_message", status.message());
    match advice(target, status) {
        Some(advice) => error.with_help(advice),
        None => error,
    }
}

fn advice(target: &Target, status: &Status) -> Option<&'static str> {
    match status.code() {
        Code::DeadlineExceeded => Some("give it more time with --timeout"),
        Code::Unauthenticated => Some("send credentials with -H 'authorization: Bearer TOKEN'"),
        Code::Unimplemented if target.protocol == Protocol::Http => {
            Some("the URL is followed by /package.Service/Method; does the server have a prefix?")
        }
        Code::Unavailable if target.protocol == Protocol::Http => Some(
            "`rpc ping` with the same target, but without its scheme, finds out what the server speaks",
        ),
        _ => None,
    }
}
