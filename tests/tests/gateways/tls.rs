//! Gateways behind TLS.

use std::sync::Arc;

use rpc_tests::{Authority, LIMIT, TestServer, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::harness::Lines;

#[tokio::test]
async fn a_client_may_ask_for_the_protocol_by_its_name_in_alpn() {
    within(LIMIT, async {
        let authority = Authority::new();
        let configure = |server: rpc_runtime::Server| server.tls(authority.server()).gateway(Lines);
        let server = TestServer::start_with(configure).await;
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(authority.root().as_bytes()).unwrap();
        roots.add(root).unwrap();
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"lines".to_vec()];
        let stream = TcpStream::connect(server.socket_addr()).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
        let mut stream = connecting.await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"lines"[..]));
        stream
            .write_all(b"call probe.Probe/Echo 0a0178\n")
            .await
            .unwrap();
        let expected = b"from lines\nreply 0a0178\nok\n";
        let mut answer = vec![0; expected.len()];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, expected);
    })
    .await;
}
