//! Streams of messages, in one direction or in both.

mod ends;
mod flow_control;
mod kinds;
mod run;
mod schedules;
mod sizes;
mod together;
mod writable;

use super::sinks::*;
use super::*;
use crate::session::budget::BudgetState;

const MIB: usize = 1024 * 1024;

impl Pair {
    /// A pair with these limits of a message and of a window at both ends.
    fn streaming(max_message_size: u64, window: u32) -> Self {
        let settings = crate::frame::Settings {
            initial_stream_window: window,
            ..Default::default()
        };
        let client = ClientConfig {
            settings: settings.clone(),
            max_message_size,
            ..ClientConfig::default()
        };
        let server = ServerConfig {
            settings,
            max_message_size,
            ..ServerConfig::default()
        };
        let mut pair = Pair::new(client, server);
        pair.settle();
        pair
    }

    /// Starts a call that has come to its handler.
    fn start_streaming(&mut self, path: &'static str) -> usize {
        let index = self.start(&Call::new(path, ""));
        self.settle();
        index
    }

    /// Starts a call that has come to its handler, whose leading metadata have come back.
    fn start_replying(&mut self, path: &'static str) -> usize {
        let index = self.start_streaming(path);
        self.begin(index);
        self.settle();
        index
    }

    fn id(&self, index: usize) -> u32 {
        self.calls.ids[index]
    }

    /// The handler sends leading metadata.
    fn begin(&mut self, index: usize) {
        let id = self.id(index);
        self.server.send_headers(id, &Metadata::new()).unwrap();
    }

    fn client_send(&mut self, index: usize, message: impl Into<Bytes>) -> Offered {
        self.client
            .send(self.id(index), Encoded::from(message.into()))
    }

    fn server_send(&mut self, index: usize, message: impl Into<Bytes>) -> Offered {
        self.server
            .send(self.id(index), Encoded::from(message.into()))
    }

    fn half_close(&mut self, index: usize) {
        self.client.finish_sending(self.id(index));
    }

    /// The caller takes a message.
    fn client_read(&mut self, index: usize) -> Option<Bytes> {
        self.client_read_encoded(index).map(|message| message.bytes)
    }

    fn client_read_encoded(&mut self, index: usize) -> Option<Encoded> {
        let message = self.calls.arrived[index].unread.pop_front()?;
        self.client
            .consumed(self.id(index), message_cost(message.bytes.len()));
        Some(message)
    }

    /// The handler takes a message.
    fn server_read(&mut self, index: usize) -> Option<Bytes> {
        self.server_read_encoded(index).map(|message| message.bytes)
    }

    fn server_read_encoded(&mut self, index: usize) -> Option<Encoded> {
        let id = self.id(index);
        let message = self.handlers.arrived.get_mut(&id)?.unread.pop_front()?;
        self.server.consumed(id, message_cost(message.bytes.len()));
        Some(message)
    }

    fn is_half_closed(&self, index: usize) -> bool {
        self.handlers.arrived[&self.id(index)].ended
    }

    /// The handler ends its call with an error.
    fn fail(&mut self, index: usize, status: &Status) {
        let (id, responder) = self.server.responder(self.id(index)).expect("it runs");
        responder.status(status, true);
        assert!(self.handlers.running.remove(&id).is_some());
    }

    /// Settles, and lets a handler read all the while; gives what it read.
    fn server_reads_all(&mut self, index: usize) -> Vec<Bytes> {
        let mut read = Vec::new();
        loop {
            self.settle();
            match self.server_read(index) {
                Some(message) => read.push(message),
                None => return read,
            }
        }
    }

    /// Settles, and lets a caller read all the while; gives what it read.
    fn client_reads_all(&mut self, index: usize) -> Vec<Bytes> {
        let mut read = Vec::new();
        loop {
            self.settle();
            match self.client_read(index) {
                Some(message) => read.push(message),
                None => return read,
            }
        }
    }

    /// What both ends hold for streams.
    fn held(&self) -> [(usize, usize, BudgetState); 2] {
        [self.client.held(), self.server.held()]
    }
}
