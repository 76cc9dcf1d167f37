//! Servers that cannot start say why.

use rpc_runtime::{ServeError, Server};
use rpc_tests::probe::ProbeServer;
use rpc_tests::{TestProbe, TestServer};

#[tokio::test]
async fn two_services_under_one_name_are_an_error_that_names_both_types() {
    let server = Server::new()
        .service(TestProbe::new())
        .service(ProbeServer::new(TestProbe::new()));
    let error = server.bind("127.0.0.1:0").await.unwrap_err();
    let ServeError::DuplicateService {
        name,
        first,
        second,
    } = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!(name, "probe.Probe");
    assert_eq!(*first, std::any::type_name::<TestProbe>());
    assert_eq!(*second, std::any::type_name::<ProbeServer<TestProbe>>());
    let text = error.to_string();
    for part in [name, *first, *second, "service_as"] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn an_alias_that_is_taken_is_an_error_too() {
    let server = Server::new()
        .service(TestProbe::new())
        .service_as("probe.Probe", TestProbe::new());
    let error = server.bind("127.0.0.1:0").await.unwrap_err();
    assert!(
        matches!(error, ServeError::DuplicateService { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let running = TestServer::start().await;
    let error = Server::new().bind(running.address()).await.unwrap_err();
    assert!(matches!(error, ServeError::Bind { .. }), "{error:?}");
    let text = error.to_string();
    let expected = format!("cannot listen on {}: ", running.address());
    assert!(text.starts_with(&expected), "{text}");
    assert!(
        text.contains("in use") && text.contains("choose port 0"),
        "{text}"
    );
    assert!(std::error::Error::source(&error).is_some(), "{error:?}");
}

#[tokio::test]
async fn a_server_that_would_block_an_async_runtime_is_told_what_to_use() {
    let error = Server::new().serve_blocking("127.0.0.1:0").unwrap_err();
    assert!(matches!(error, ServeError::InsideRuntime), "{error:?}");
    assert!(error.to_string().contains("use serve(..).await"), "{error}");
}
