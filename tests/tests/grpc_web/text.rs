//! Bodies that are text.

use rpc_tests::probe::{Payload, Size};
use rpc_tests::streams::{CountRequest, Number};
use rpc_tests::{Http1Answer, Http1Client, LIMIT, within};

use crate::harness::{COUNT, ECHO, Reply, TEXT, WEB, from_text, request, start, to_text};

fn reply_of(answer: Http1Answer) -> Reply {
    assert_eq!(answer.status, 200);
    Reply::of(answer.headers, &from_text(&answer.body))
}

#[tokio::test]
async fn requests_and_replies_are_text() {
    let server = start().await;
    let mut client = Http1Client::connect(&server).await;
    for content_type in [TEXT, "application/grpc-web-text+proto"] {
        for length in 0..5 {
            let sent = Payload {
                data: vec![7; length].into(),
            };
            let body = to_text(&request(&sent));
            let reply = reply_of(client.post(ECHO, content_type, &body).await);
            assert_eq!(reply.header("content-type"), content_type);
            assert_eq!(reply.messages::<Payload>(), [sent]);
            assert_eq!(reply.status(), "0");
        }
    }
}

#[tokio::test]
async fn a_request_may_be_several_padded_pieces_however_they_arrive() {
    let server = start().await;
    let message = request(&Payload {
        data: b"seventeen bytes..".as_slice().into(),
    });
    for cut in 1..message.len() {
        let (start, end) = message.split_at(cut);
        let text = [to_text(start), to_text(end)].concat();
        let mut client = Http1Client::connect(&server).await;
        let headers = [
            &format!("content-type: {TEXT}")[..],
            "transfer-encoding: chunked",
        ];
        let mut sent = rpc_tests::request_head(&format!("POST {ECHO}"), &headers);
        for piece in text.chunks(cut) {
            sent.extend(format!("{:x}\r\n", piece.len()).bytes());
            sent.extend([piece, b"\r\n"].concat());
        }
        sent.extend(b"0\r\n\r\n");
        client.send_raw(&sent).await;
        let reply = reply_of(within(LIMIT, client.answer()).await);
        assert_eq!(request(&reply.messages::<Payload>()[0]), message, "{cut}");
    }
}

#[tokio::test]
async fn each_piece_of_a_stream_can_be_read_when_it_is_there() {
    let server = start().await;
    let mut client = Http1Client::connect(&server).await;
    let hangs = CountRequest {
        up_to: 3,
        hangs: true,
        ..Default::default()
    };
    let content_type = format!("content-type: {TEXT}");
    let body = to_text(&request(&hangs));
    client
        .send(&format!("POST {COUNT}"), &[&content_type], &body)
        .await;
    within(LIMIT, async {
        client.head().await;
        let expected = [1, 2, 3].map(|value| request(&Number { value })).concat();
        let mut read = Vec::new();
        while read.len() < expected.len() {
            read.extend(from_text(&client.chunk().await.unwrap()));
        }
        assert_eq!(read, expected);
    })
    .await;
}

#[tokio::test]
async fn large_replies_are_text_too() {
    let server = start().await;
    let mut client = Http1Client::connect(&server).await;
    let bytes = 1_000_000;
    let body = to_text(&request(&Size { bytes }));
    let reply = reply_of(client.post("/probe.Probe/Produce", TEXT, &body).await);
    assert_eq!(reply.messages::<Payload>()[0].data.len() as u64, bytes);
}

#[tokio::test]
async fn a_client_says_by_accept_whether_replies_are_to_be_text() {
    let server = start().await;
    let mut client = Http1Client::connect(&server).await;
    let plain = request(&Payload::default());
    for (sends, body, accepts, gets) in [
        (WEB, plain.clone(), TEXT, TEXT),
        (TEXT, to_text(&plain), WEB, WEB),
        (TEXT, to_text(&plain), "*/*", TEXT),
        (WEB, plain.clone(), "application/grpc", WEB),
    ] {
        let headers = [
            format!("content-type: {sends}"),
            format!("accept: {accepts}"),
        ];
        let headers = [&*headers[0], &*headers[1]];
        let answer = client.call(&format!("POST {ECHO}"), &headers, &body).await;
        assert_eq!(answer.header("content-type"), Some(gets));
        let body = match gets == TEXT {
            true => from_text(&answer.body),
            false => answer.body,
        };
        assert_eq!(Reply::of(answer.headers, &body).status(), "0");
    }
}

#[tokio::test]
async fn a_body_that_is_not_base64_is_an_error() {
    let server = start().await;
    for body in ["AAAAAAA", "AAAAA", "A===", "AAAA AAA", "AAAAAAA_"] {
        let mut client = Http1Client::connect(&server).await;
        let answer = client.post(ECHO, TEXT, body.as_bytes()).await;
        let reply = reply_of(answer);
        assert_eq!(reply.status(), "13", "{body}: {reply:?}");
        assert!(
            reply.trailer("grpc-message").contains("base64"),
            "{reply:?}"
        );
    }
}
