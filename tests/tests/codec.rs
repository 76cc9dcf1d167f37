//! Services that speak something else than protobuf, and peers that do not.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_core::Stream;
use prost::Message;
use rpc_runtime::bytes::{BufMut, BytesMut};
use rpc_runtime::codec::{Codec, CodecError};
use rpc_runtime::{Code, Context, Metadata, Server, Status, Streaming, rpc_service};
use rpc_tests::notes as protobuf;
use rpc_tests::{LIMIT, within, within_blocking};
use tokio_stream::StreamExt;

mod json {
    rpc_runtime::include_proto!("json/notes");
}
mod hex {
    rpc_runtime::include_proto!("hex/marks");
}

use hex::{Mark, Marks, MarksAsyncClientProxy};
use json::{Note, Notes, NotesAsyncClientProxy, NotesClientProxy, note};

/// Texts that [`Hex`] refuses to write and to read.
const UNSPEAKABLE: &str = "unspeakable";

/// Protobuf in hexadecimal digits.
struct Hex;

impl Codec<Mark> for Hex {
    const NAME: &'static str = "hex";

    fn encode(mark: &Mark, buffer: &mut BytesMut) -> Result<(), CodecError> {
        buffer.put_slice(b"//");
        if mark.text == UNSPEAKABLE {
            return Err("not in this house".into());
        }
        for byte in mark.encode_to_vec() {
            buffer.put_slice(format!("{byte:02x}").as_bytes());
        }
        Ok(())
    }

    fn decode(bytes: &[u8]) -> Result<Mark, CodecError> {
        let digits = bytes.strip_prefix(b"//").ok_or("no slashes")?;
        let bytes = digits.chunks(2).map(|pair| {
            let pair = std::str::from_utf8(pair)?;
            Ok(u8::from_str_radix(pair, 16)?)
        });
        let bytes: Vec<u8> = bytes.collect::<Result<_, CodecError>>()?;
        let mark = Mark::decode(&bytes[..])?;
        match mark.text.as_str() {
            "illegible" => Err("a blot".into()),
            _ => Ok(mark),
        }
    }
}

#[derive(Clone, Default)]
struct Desk {
    calls: Arc<AtomicUsize>,
}

#[rpc_service]
impl Notes for Desk {
    async fn keep(&self, cx: Context, request: Note) -> Result<Note, Status> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        cx.set_reply_metadata(cx.metadata().clone());
        Ok(request)
    }

    async fn repeat(
        &self,
        _cx: Context,
        request: Note,
    ) -> Result<impl Stream<Item = Result<Note, Status>> + Send + 'static, Status> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let times = 0..request.times;
        Ok(tokio_stream::iter(times).map(move |_| Ok(request.clone())))
    }

    async fn count(&self, _cx: Context, mut requests: Streaming<Note>) -> Result<Note, Status> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let mut times = 0;
        while let Some(note) = requests.message().await? {
            times += note.times;
        }
        Ok(Note {
            times,
            ..Note::default()
        })
    }

    async fn copy(
        &self,
        _cx: Context,
        requests: Streaming<Note>,
    ) -> Result<impl Stream<Item = Result<Note, Status>> + Send + 'static, Status> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        Ok(requests)
    }
}

/// The same service in protobuf. What it does not implement would say so, and not speak of codecs.
#[derive(Default)]
struct ProtobufDesk;

#[rpc_service(unimplemented)]
impl protobuf::Notes for ProtobufDesk {
    async fn keep(&self, _cx: Context, request: protobuf::Note) -> Result<protobuf::Note, Status> {
        Ok(request)
    }
}

struct Wall;

#[rpc_service]
impl Marks for Wall {
    async fn set(&self, _cx: Context, request: Mark) -> Result<Mark, Status> {
        Ok(answer(request))
    }

    async fn trace(
        &self,
        _cx: Context,
        requests: Streaming<Mark>,
    ) -> Result<impl Stream<Item = Result<Mark, Status>> + Send + 'static, Status> {
        Ok(requests.map(|request| request.map(answer)))
    }
}

/// The address of a server in the test's runtime.
async fn serve(server: Server) -> String {
    let bound = server.bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr().to_string();
    tokio::spawn(bound.serve());
    address
}

fn note(times: u64) -> Note {
    Note {
        text: "\"quoted\" \u{1F980}\n".to_owned(),
        times,
        mood: note::Mood::Wild.into(),
        seal: vec![0, 255].into(),
        replies: vec![Note::default()],
        marks: HashMap::from([("clarity".to_owned(), 0.1)]),
        read: Some(false),
        r#type: Some(note::Type::Number(i64::MIN)),
    }
}

/// What the wall answers.
fn answer(request: Mark) -> Mark {
    match request.reply.as_str() {
        "" => mark(&request.text),
        reply => mark(reply),
    }
}

fn mark(text: &str) -> Mark {
    Mark {
        text: text.to_owned(),
        ..Mark::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_in_json_has_methods_of_all_kinds() {
    within(LIMIT, async {
        let address = serve(Server::new().service(Desk::default())).await;
        let notes = NotesAsyncClientProxy::connect(&address).await.unwrap();

        assert_eq!(notes.keep(note(1)).await.unwrap(), note(1));
        assert_eq!(notes.keep(Note::default()).await.unwrap(), Note::default());

        let repeated = notes.repeat(note(100)).await.unwrap();
        let repeated: Vec<Note> = repeated.map(Result::unwrap).collect().await;
        assert_eq!(repeated, vec![note(100); 100]);

        let requests = tokio_stream::iter((1..=100).map(note));
        assert_eq!(notes.count(requests).await.unwrap().times, 5050);

        let requests = tokio_stream::iter((1..=100).map(note));
        let copies = notes.copy(requests).await.unwrap();
        let copies: Vec<Note> = copies.map(Result::unwrap).collect().await;
        assert_eq!(copies, (1..=100).map(note).collect::<Vec<_>>());
    })
    .await;
}

#[test]
fn a_sync_proxy_speaks_json_too() {
    within_blocking(LIMIT, || {
        let notes = NotesClientProxy::local(Desk::default());
        assert_eq!(notes.keep(note(1)).unwrap(), note(1));
        assert_eq!(notes.count((1..=3).map(note)).unwrap().times, 6);
        let copies = notes.copy((1..=3).map(note)).unwrap();
        assert_eq!(copies.map(|copy| copy.unwrap().times).sum::<u64>(), 6);
        assert_eq!(notes.repeat(note(2)).unwrap().count(), 2);
    });
}

#[tokio::test]
async fn a_large_message_in_json_arrives_whole() {
    within(LIMIT, async {
        let notes = NotesAsyncClientProxy::local(Desk::default());
        let large = Note {
            text: "x".repeat(3 * 1024 * 1024),
            ..Note::default()
        };
        assert_eq!(notes.keep(large.clone()).await.unwrap(), large);
        let requests = tokio_stream::iter([large.clone(), note(1), large.clone()]);
        let copies = notes.copy(requests).await.unwrap();
        let copies: Vec<Note> = copies.map(Result::unwrap).collect().await;
        assert_eq!(copies, [large.clone(), note(1), large]);
    })
    .await;
}

#[tokio::test]
async fn the_codec_is_named_in_the_metadata_whatever_else_they_hold() {
    within(LIMIT, async {
        let notes = NotesAsyncClientProxy::local(Desk::default());
        let mut metadata = Metadata::new();
        metadata.insert("tenant", "blue").unwrap();
        metadata.insert("rpc-codec", "morse").unwrap();
        let call = notes.keep(note(1)).metadata(metadata.clone());
        let reply = call.with_metadata().await.unwrap();
        assert_eq!(reply.get_ref(), &note(1));
        assert_eq!(reply.metadata().get("tenant"), Some("blue"));
        assert_eq!(reply.metadata().get("rpc-codec"), Some("json"));
        assert_eq!(reply.metadata().len(), 2);

        // Where the codec goes without saying, the key says nothing either.
        let notes = protobuf::NotesAsyncClientProxy::local(ProtobufDesk);
        let call = notes.keep(protobuf::Note::default()).metadata(metadata);
        assert!(call.await.is_ok());
    })
    .await;
}

/// Checks how a call ends whose ends speak different codecs.
#[track_caller]
fn assert_mismatch<T>(outcome: Result<T, Status>, client: &str, server: &str) {
    let Err(status) = outcome else {
        panic!("two codecs understood each other");
    };
    assert_eq!(status.code(), Code::Unimplemented, "{status}");
    assert!(!status.may_have_run(), "{status}");
    let expected = format!("encoded as {client:?}, and the service speaks {server:?}");
    assert!(status.message().contains(&expected), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protobuf_client_of_a_json_server_is_told_of_both() {
    within(LIMIT, async {
        let desk = Desk::default();
        let address = serve(Server::new().service(desk.clone())).await;
        let notes = protobuf::NotesAsyncClientProxy::connect(&address)
            .await
            .unwrap();
        let request = protobuf::Note::default;
        let requests = || tokio_stream::iter(vec![request(); 100]);
        let both = ("protobuf", "json");
        assert_mismatch(notes.keep(request()).await, both.0, both.1);
        assert_mismatch(notes.count(requests()).await, both.0, both.1);
        let mut replies = notes.repeat(request()).await.unwrap();
        assert_mismatch(replies.message().await, both.0, both.1);
        let mut replies = notes.copy(requests()).await.unwrap();
        assert_mismatch(replies.message().await, both.0, both.1);
        assert_eq!(desk.calls.load(Ordering::SeqCst), 0);

        // The connection is none the worse for it.
        let notes = NotesAsyncClientProxy::with(notes.channel().clone());
        assert_eq!(notes.keep(note(1)).await.unwrap(), note(1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_json_client_of_a_protobuf_server_is_told_of_both() {
    within(LIMIT, async {
        let address = serve(Server::new().service(ProtobufDesk)).await;
        let notes = NotesAsyncClientProxy::connect(&address).await.unwrap();
        let requests = || tokio_stream::iter((1..=100).map(note));
        let both = ("json", "protobuf");
        assert_mismatch(notes.keep(note(1)).await, both.0, both.1);
        assert_mismatch(notes.count(requests()).await, both.0, both.1);
        let mut replies = notes.repeat(note(1)).await.unwrap();
        assert_mismatch(replies.message().await, both.0, both.1);
        let mut replies = notes.copy(requests()).await.unwrap();
        assert_mismatch(replies.message().await, both.0, both.1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn services_of_different_codecs_share_a_server_and_a_connection() {
    within(LIMIT, async {
        let server = Server::new().service(Desk::default()).service(Wall);
        let address = serve(server).await;
        let notes = NotesAsyncClientProxy::connect(&address).await.unwrap();
        let marks = MarksAsyncClientProxy::with(notes.channel().clone());
        let (note_reply, mark_reply) = tokio::join!(notes.keep(note(1)), marks.set(mark("x")));
        assert_eq!(note_reply.unwrap(), note(1));
        assert_eq!(mark_reply.unwrap(), mark("x"));
    })
    .await;
}

#[tokio::test]
async fn a_codec_of_ones_own_carries_calls_and_streams() {
    within(LIMIT, async {
        let marks = MarksAsyncClientProxy::local(Wall);
        assert_eq!(marks.set(mark("x")).await.unwrap(), mark("x"));
        let sent = ["a", "b", "c"].map(mark);
        let traced = marks.trace(tokio_stream::iter(sent.clone())).await.unwrap();
        let traced: Vec<Mark> = traced.map(Result::unwrap).collect().await;
        assert_eq!(traced, sent);
    })
    .await;
}

#[tokio::test]
async fn a_request_without_encoding_is_not_sent() {
    within(LIMIT, async {
        let marks = MarksAsyncClientProxy::local(Wall);
        let status = marks.set(mark(UNSPEAKABLE)).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        assert!(!status.may_have_run());
        let expected = "the request cannot be encoded: not in this house";
        assert_eq!(status.message(), expected);

        let requests = tokio_stream::iter([mark("a"), mark(UNSPEAKABLE)]);
        let mut replies = marks.trace(requests).await.unwrap();
        let status = loop {
            match replies.message().await {
                Ok(reply) => assert_eq!(reply, Some(mark("a"))),
                Err(status) => break status,
            }
        };
        assert_eq!(status.code(), Code::Internal);
        assert_eq!(status.message(), expected);
    })
    .await;
}

#[tokio::test]
async fn a_reply_without_encoding_is_an_error_of_the_server() {
    within(LIMIT, async {
        let marks = MarksAsyncClientProxy::local(Wall);
        let request = Mark {
            reply: UNSPEAKABLE.to_owned(),
            ..Mark::default()
        };
        let expected = "the reply cannot be encoded: not in this house";
        let status = marks.set(request.clone()).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        assert_eq!(status.message(), expected);
        // What was begun of the failed reply is not in the next one.
        assert_eq!(marks.set(mark("x")).await.unwrap(), mark("x"));

        let requests = tokio_stream::iter([mark("a"), request]);
        let mut replies = marks.trace(requests).await.unwrap();
        assert_eq!(replies.message().await.unwrap(), Some(mark("a")));
        let status = replies.message().await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        assert_eq!(status.message(), expected);
    })
    .await;
}

#[tokio::test]
async fn bytes_that_are_no_message_are_the_fault_of_their_sender() {
    within(LIMIT, async {
        let marks = MarksAsyncClientProxy::local(Wall);
        let status = marks.set(mark("illegible")).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        let expected = "the request is not a valid Mark: a blot";
        assert_eq!(status.message(), expected);

        let request = Mark {
            reply: "illegible".to_owned(),
            ..Mark::default()
        };
        let status = marks.set(request).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        let expected = "the reply is not the expected message: a blot";
        assert_eq!(status.message(), expected);
    })
    .await;
}
