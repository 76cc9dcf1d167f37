//! The services without a network, called by sync proxies: their streams are iterators.

use rpc_runtime::Code;
use streaming::proto::{FilesClientProxy, Line, Part, RoomClientProxy};
use streaming::{Checksum, FileStore, OpenRoom};

#[test]
fn a_receipt_says_what_arrived() {
    let files = FilesClientProxy::local(FileStore);
    let parts = ["Wiki", "", "pedia"].map(|part| Part { data: part.into() });
    let receipt = files.upload(parts).unwrap();
    let mut checksum = Checksum::default();
    checksum.update(b"Wikipedia");
    assert_eq!((receipt.size, receipt.checksum), (9, checksum.value()));
}

#[test]
fn a_file_that_is_too_large_is_refused_while_it_is_sent() {
    let files = FilesClientProxy::local(FileStore);
    let part = Part {
        data: vec![0; 1024 * 1024].into(),
    };
    let status = files.upload(std::iter::repeat(part)).unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
}

#[test]
fn whoever_speaks_hears_it_too() {
    let room = RoomClientProxy::local(OpenRoom::default());
    let line = Line {
        from: "Ann".to_owned(),
        text: "hello".to_owned(),
    };
    let mut heard = room.chat(std::iter::repeat(line.clone())).unwrap();
    assert_eq!(heard.next().unwrap().unwrap(), line);
}
