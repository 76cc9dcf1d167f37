//! Unix sockets: files that come and go with their servers.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rpc_runtime::{
    Code, Context, PeerIdentity, ServeError, Server, Stage, Status, Streaming, rpc_service,
};
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy, ProbeClientProxy};
use rpc_tests::relay::{Mirror, MirrorAsyncClientProxy};
use rpc_tests::{Expected, LIMIT, TestProbe, TestServer, within};
use tokio::net::UnixListener;

/// A folder that is removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("{test}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    fn socket(&self) -> PathBuf {
        self.0.join("socket")
    }

    fn target(&self) -> String {
        format!("unix:{}", self.socket().display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn payload() -> Payload {
    Payload {
        data: "bytes".into(),
    }
}

async fn works(target: &str) {
    let probe = ProbeAsyncClientProxy::connect(target).await.unwrap();
    assert_eq!(probe.echo(payload()).await.unwrap(), payload());
}

async fn bind_error(target: &str) -> String {
    let error = Server::new().bind(target).await.unwrap_err();
    assert!(matches!(error, ServeError::Bind { .. }), "{error:?}");
    error.to_string()
}

/// What a server leaves behind that was killed.
fn leave_socket(path: &Path) {
    drop(std::os::unix::net::UnixListener::bind(path).unwrap());
    assert!(path.exists());
}

#[tokio::test]
async fn both_kinds_of_proxies_reach_a_socket_by_its_path() {
    within(LIMIT, async {
        let folder = Folder::new("rpc-unix-path");
        let server = TestServer::start_at(folder.target(), |server| server).await;
        assert_eq!(server.address(), folder.target());
        works(&folder.target()).await;
        works(&folder.target().replace("unix:", "unix://")).await;
        let target = folder.target();
        tokio::task::spawn_blocking(move || {
            let probe = ProbeClientProxy::connect(target).unwrap();
            assert_eq!(probe.echo(payload()).unwrap(), payload());
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_file_is_removed_when_the_server_ends() {
    within(LIMIT, async {
        let folder = Folder::new("rpc-unix-end");
        let server = TestServer::start_at(folder.target(), |server| server).await;
        assert!(folder.socket().exists());
        server.shut_down().await;
        assert!(!folder.socket().exists());
    })
    .await;
}

#[tokio::test]
async fn a_file_that_another_server_has_put_there_is_left_alone() {
    within(LIMIT, async {
        let folder = Folder::new("rpc-unix-other");
        let first = TestServer::start_at(folder.target(), |server| server).await;
        fs::remove_file(folder.socket()).unwrap();
        let _second = TestServer::start_at(folder.target(), |server| server).await;
        first.shut_down().await;
        works(&folder.target()).await;
    })
    .await;
}

#[tokio::test]
async fn a_socket_that_a_killed_server_left_is_replaced() {
    within(LIMIT, async {
        let folder = Folder::new("rpc-unix-stale");
        leave_socket(&folder.socket());
        let _server = TestServer::start_at(folder.target(), |server| server).await;
        works(&folder.target()).await;
    })
    .await;
}

#[tokio::test]
async fn a_socket_where_somebody_listens_is_not_replaced_and_the_error_says_who() {
    within(LIMIT, async {
        let folder = Folder::new("rpc-unix-used");
        let _server = TestServer::start_at(folder.target(), |server| server).await;
        let error = bind_error(&folder.target()).await;
        assert!(error.contains("listens there"), "{error}");
        if cfg!(target_os = "linux") {
            let pid = format!("process {}", std::process::id());
            assert!(error.contains(&pid), "{error}");
        }
        works(&folder.target()).await;
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_no_socket_is_not_replaced() {
    let folder = Folder::new("rpc-unix-file");
    fs::write(folder.socket(), "precious").unwrap();
    let error = bind_error(&folder.target()).await;
    assert!(error.contains("is no socket"), "{error}");
    assert_eq!(fs::read_to_string(folder.socket()).unwrap(), "precious");
}

#[tokio::test]
async fn a_socket_that_is_not_there_or_where_nobody_listens_says_so() {
    let folder = Folder::new("rpc-unix-nobody");
    let target = folder.target();
    let expected = Expected {
        code: Code::Unavailable,
        stage: Some(Stage::Connect),
        may_have_run: false,
        address: Some(&target),
        method: None,
        says: &["cannot connect", "is the server running"],
    };
    expected.check_err(within(LIMIT, ProbeAsyncClientProxy::connect(&target)).await);
    leave_socket(&folder.socket());
    let refused = Expected {
        // Another address, because attempts on one are paced.
        address: Some(&target.replace("/socket", "//socket")),
        ..expected
    };
    let other = refused.address.unwrap();
    refused.check_err(within(LIMIT, ProbeAsyncClientProxy::connect(other)).await);
}

#[tokio::test]
async fn a_given_unix_listener_is_served_and_its_file_left_alone() {
    within(LIMIT, async {
        let folder = Folder::new("rpc-unix-given");
        let listener = UnixListener::bind(folder.socket()).unwrap();
        let server = Server::new().service(TestProbe::new());
        let serving = tokio::spawn(server.serve_with_listener(listener));
        works(&folder.target()).await;
        serving.abort();
        let _ = serving.await;
        assert!(folder.socket().exists());
    })
    .await;
}

/// Notes who called.
#[derive(Clone, Default)]
struct Doorkeeper {
    seen: Arc<Mutex<Option<PeerIdentity>>>,
}

#[rpc_service]
impl Mirror for Doorkeeper {
    async fn reflect(&self, cx: Context, request: Payload) -> Result<Payload, Status> {
        assert_eq!(cx.peer(), None);
        *self.seen.lock().unwrap() = cx.peer_identity().cloned();
        Ok(request)
    }

    async fn collect(&self, _: Context, _: Streaming<Payload>) -> Result<Payload, Status> {
        Err(Status::unimplemented("nobody asks"))
    }
}

#[tokio::test]
async fn handlers_know_the_process_at_the_other_end() {
    within(LIMIT, async {
        let folder = Folder::new("rpc-unix-peer");
        let keeper = Doorkeeper::default();
        let _server =
            TestServer::start_at(folder.target(), |server| server.service(keeper.clone())).await;
        let mirror = MirrorAsyncClientProxy::connect(folder.target())
            .await
            .unwrap();
        mirror.reflect(payload()).await.unwrap();
        let seen = keeper.seen.lock().unwrap().take();
        let Some(PeerIdentity::Process(process)) = seen else {
            panic!("{seen:?}");
        };
        let owner = fs::metadata(folder.socket()).unwrap();
        assert_eq!((process.uid(), process.gid()), (owner.uid(), owner.gid()));
        if cfg!(target_os = "linux") {
            assert_eq!(process.pid(), Some(std::process::id() as i32));
        }
    })
    .await;
}
