//! Messages within messages without end, in every encoding.

use rpc_runtime::{Context, Server, Status, rpc_service};
use rpc_tests::kinds::{All, Kinds};

use crate::harness::{body, http2, post, survives};

/// Far more than any stack has room for.
const LEVELS: usize = 100_000;

/// Takes messages that may contain each other.
struct Deep;

#[rpc_service(unimplemented)]
impl Kinds for Deep {
    async fn all(&self, _: Context, _: All) -> Result<All, Status> {
        Ok(All::default())
    }
}

/// An `All` within an `Inner` within an `All` and so on, as protobuf.
fn protobuf() -> Vec<u8> {
    /// The keys of `All::inner` and `Inner::all`.
    const KEYS: [&[u8]; 2] = [&[0x8a, 0x01], &[0x12]];
    let mut reversed = Vec::new();
    for level in 0..LEVELS {
        let mut length = Vec::new();
        prost::encoding::encode_varint(reversed.len() as u64, &mut length);
        reversed.extend(length.iter().rev());
        reversed.extend(KEYS[(level + 1) % 2].iter().rev());
    }
    reversed.reverse();
    reversed
}

#[tokio::test]
async fn messages_within_messages_without_end_are_refused_in_every_encoding() {
    survives(
        |server: Server| server.service(Deep),
        async |server| {
            let client = http2(server.socket_addr()).await;
            let message = protobuf();
            let length = u32::try_from(message.len()).unwrap().to_be_bytes();
            let framed = [&[0][..], &length, &message].concat();
            let response = post(&client, "/kinds.Kinds/All", "application/grpc", framed).await;
            assert_eq!(response.headers()["grpc-status"], "3");
            let response = post(&client, "/kinds.Kinds/All", "application/proto", message).await;
            assert_eq!(response.status(), 400);

            let inner = r#"{"inner":{"all":"#;
            let json = [&inner.repeat(LEVELS), "{}", &"}}".repeat(LEVELS)].concat();
            let object = "application/json";
            let response = post(&client, "/kinds.Kinds/All", object, json.clone()).await;
            assert!(response.status().is_client_error());
            let request =
                format!(r#"{{"jsonrpc":"2.0","method":"Kinds.All","params":{json},"id":1}}"#);
            let response = post(&client, "/", object, request).await;
            let answer = String::from_utf8(body(response).await).unwrap();
            assert!(answer.contains(r#""error""#), "{answer}");
            // What nobody has to look into nests as deep as it will.
            let lists = ["[".repeat(LEVELS), "]".repeat(LEVELS)].concat();
            let request =
                format!(r#"{{"jsonrpc":"2.0","method":"Kinds.All","id":1,"more":{lists}}}"#);
            let response = post(&client, "/", object, request).await;
            assert_eq!(response.status(), 200);
        },
    )
    .await;
}
