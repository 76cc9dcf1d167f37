//! Connections on which requests follow each other as bytes, with no layer between, for the gateways whose
//! protocols are made so.
//!
//! An [`Exchange`] knows the protocol: where a request ends, what it calls, how it is answered. A
//! [`Connection`] does the I/O, and keeps what the server's configuration promises of a connection.

mod connection;
mod progress;

use std::task::{Context, Poll};

use bytes::BytesMut;

pub(crate) use connection::Connection;

/// The requests of one client and their answers. Dropped, it cancels the calls that run.
pub(crate) trait Exchange: Send {
    /// What the protocol is called in logs.
    const NAME: &'static str;

    /// Whether a client that sends no more may still want to be answered.
    const ANSWERS_AFTER_END: bool;

    /// How many calls run.
    fn running(&self) -> usize;

    /// Whether another call may begin, as far as answers are concerned that wait for others.
    fn has_room(&self) -> bool;

    /// Begins the next call of those in `input`, and takes its bytes from there; false if there is
    /// none that is whole. What can be answered at once is appended to `output`.
    ///
    /// # Errors
    ///
    /// Why the connection cannot go on.
    fn begin_next(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Result<bool, Failure>;

    /// Appends the answer of a call that has ended to `output`; ready with the reason if the
    /// connection cannot go on.
    fn poll_reply(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut BytesMut,
    ) -> Poll<Result<(), Failure>>;

    /// Bytes of what has begun and is not whole, with those in `input`.
    fn unfinished(&self, input: &BytesMut) -> usize {
        input.len()
    }

    /// Appends a question that shows whether the client is there; false if there is none.
    fn ask(&mut self, _output: &mut BytesMut) -> bool {
        false
    }

    /// Says that the connection ends, and why, if there is a way to.
    fn take_leave(&mut self, _why: &str, _output: &mut BytesMut) {}

    /// Tells the client why what it has begun to send is not read to its end.
    fn cut_off(&mut self, why: &str, output: &mut BytesMut);

    /// Cancels the calls that run.
    fn cancel(&mut self);
}

/// Why a connection cannot go on.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The client was told: nothing more is read, and the calls that run end as they do.
    #[cfg_attr(
        not(feature = "jsonrpc"),
        expect(dead_code, reason = "version 1 cannot tell")
    )]
    Told(String),
    /// There is no way to tell the client.
    Untold(String),
}
