//! Client certificates: servers that ask for them know who calls.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use rpc_runtime::{
    Channel, ClientTls, Code, Context, PeerIdentity, Server, Stage, Status, Streaming, rpc_service,
};
use rpc_testkit::FaultProxy;
use rpc_tests::probe::{Payload, ProbeAsyncClientProxy};
use rpc_tests::relay::{Mirror, MirrorAsyncClientProxy};
use rpc_tests::{Authority, Expected, LIMIT, TestServer, ends, within};

async fn connect(server: &TestServer, tls: ClientTls) -> Result<Channel, Status> {
    Channel::builder(server.address()).tls(tls).connect().await
}

/// Notes who called.
#[derive(Clone, Default)]
struct Doorkeeper {
    seen: Arc<Mutex<Option<PeerIdentity>>>,
}

#[rpc_service]
impl Mirror for Doorkeeper {
    async fn reflect(&self, cx: Context, request: Payload) -> Result<Payload, Status> {
        *self.seen.lock().unwrap() = cx.peer_identity().cloned();
        Ok(request)
    }

    async fn collect(&self, _: Context, _: Streaming<Payload>) -> Result<Payload, Status> {
        Err(Status::unimplemented("nobody asks"))
    }
}

impl Doorkeeper {
    /// The certificate of whoever calls by `tls`.
    async fn certificate_of(&self, server: &TestServer, tls: ClientTls) -> Option<Bytes> {
        let mirror = MirrorAsyncClientProxy::with(connect(server, tls).await.unwrap());
        mirror.reflect(Payload::default()).await.unwrap();
        match self.seen.lock().unwrap().take()? {
            PeerIdentity::Certificates(certificates) => {
                assert_eq!(certificates.chain().count(), 1);
                certificates.end_entity().map(Bytes::copy_from_slice)
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn handlers_know_the_certificate_of_the_client() {
    within(LIMIT, async {
        let authority = Authority::new();
        let clients = Authority::new();
        let client = clients.issue(&["client"]);
        let required = authority
            .server()
            .require_client_certificates(clients.root());
        let allowed = authority.server().allow_client_certificates(clients.root());
        let keeper = Doorkeeper::default();
        for tls in [required.unwrap(), allowed.unwrap()] {
            let configure = |server: Server| server.service(keeper.clone()).tls(tls);
            let server = TestServer::start_with(configure).await;
            let seen = keeper
                .certificate_of(&server, client.of_client(authority.client()))
                .await;
            assert_eq!(seen.unwrap(), client.der);
        }
    })
    .await;
}

#[tokio::test]
async fn the_roots_of_clients_are_replaced_without_a_restart() {
    within(LIMIT, async {
        let authority = Authority::new();
        let (old, new) = (Authority::new(), Authority::new());
        let tls = authority.server().require_client_certificates(old.root());
        let tls = tls.unwrap();
        let server = TestServer::start_with(|server| server.tls(tls.clone())).await;
        let [of_old, of_new] = [&old, &new].map(|issuer| {
            let identity = issuer.issue(&["client"]);
            identity.of_client(authority.client())
        });
        let before = connect(&server, of_old.clone()).await.unwrap();
        connect(&server, of_new.clone()).await.unwrap_err();

        tls.replace_client_roots_pem(new.root()).unwrap();
        connect(&server, of_new.clone()).await.unwrap();
        connect(&server, of_old).await.unwrap_err();
        let before = ProbeAsyncClientProxy::with(before);
        before.echo(Payload::default()).await.unwrap();

        // What cannot be used changes nothing.
        tls.replace_client_roots_pem("no roots").unwrap_err();
        connect(&server, of_new).await.unwrap();
        let anonymous = authority.server();
        let error = anonymous.replace_client_roots_pem(new.root()).unwrap_err();
        assert!(
            error.to_string().contains("require_client_certificates"),
            "{error}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_session_that_began_with_the_roots_before_is_not_resumed() {
    within(LIMIT, async {
        let (authority, old) = (Authority::new(), Authority::new());
        let tls = authority.server().require_client_certificates(old.root());
        let tls = tls.unwrap();
        let server = TestServer::start_with(|server| server.tls(tls.clone())).await;
        let proxy = FaultProxy::start(server.socket_addr()).await.unwrap();
        let target = format!("rpcs://{}", proxy.local_addr());
        let client = old.issue(&["client"]).of_client(authority.client());
        let (observe, mut ends) = ends();
        let builder = Channel::builder(&target).tls(client).on_connection(observe);
        let probe = ProbeAsyncClientProxy::with(builder.connect().await.unwrap());
        probe.echo(Payload::default()).await.unwrap();

        tls.replace_client_roots_pem(Authority::new().root())
            .unwrap();
        proxy.cut_all();
        ends.recv().await.unwrap();
        let status = probe.echo(Payload::default()).await.unwrap_err();
        let text = status.message();
        assert!(
            text.contains("does not accept the client's certificate"),
            "{text}"
        );
        assert_eq!(server.probe.counts().started, 1);
    })
    .await;
}

#[tokio::test]
async fn where_client_certificates_are_allowed_clients_without_one_are_nobody() {
    within(LIMIT, async {
        let authority = Authority::new();
        let tls = authority
            .server()
            .allow_client_certificates(authority.root());
        let keeper = Doorkeeper::default();
        let configure = |server: Server| server.service(keeper.clone()).tls(tls.unwrap());
        let server = TestServer::start_with(configure).await;
        let seen = keeper.certificate_of(&server, authority.client()).await;
        assert_eq!(seen, None);
    })
    .await;
}

#[tokio::test]
async fn where_client_certificates_are_required_nobody_comes_in_without_a_good_one() {
    within(LIMIT, async {
        let authority = Authority::new();
        let stranger = Authority::new().issue(&["stranger"]);
        let late = authority.issue_expired(&["late"]);
        let tls = authority
            .server()
            .require_client_certificates(authority.root());
        let server = TestServer::start_with(|server| server.tls(tls.unwrap())).await;
        for (tls, says) in [
            (
                authority.client(),
                &["CertificateRequired", "ClientTls::identity_pem"][..],
            ),
            (
                stranger.of_client(authority.client()),
                &["does not accept the client's certificate"],
            ),
            (
                late.of_client(authority.client()),
                &["CertificateExpired", "does not accept"],
            ),
        ] {
            let expected = Expected {
                code: Code::Unavailable,
                stage: Some(Stage::Connect),
                may_have_run: false,
                address: Some(&server.address()),
                method: None,
                says,
            };
            expected.check_err(connect(&server, tls).await);
        }
        assert_eq!(server.probe.counts().started, 0);
    })
    .await;
}
