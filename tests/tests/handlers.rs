//! Options of methods, in the schema and at the handler, do what they say.

use std::sync::{Arc, Barrier};
use std::time::Duration;

use rpc_runtime::codegen::IntoService;
use rpc_runtime::{
    Call, Channel, Code, Context, MethodDescriptor, MethodKind, Server, Status, rpc_service,
};
use rpc_tests::library::{Entry, Key, Library, LibraryAsyncClientProxy, LibraryServer};
use rpc_tests::{LIMIT, within};
use tokio::sync::{Notify, mpsc};

/// More than any test waits.
const LONG: Duration = Duration::from_secs(60);

struct Books {
    name: &'static str,
    lent_at_once: usize,
    lent: mpsc::UnboundedSender<()>,
    returned: Notify,
    readers: Barrier,
}

impl Books {
    fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<()>) {
        Self::named("books", 1)
    }

    fn named(name: &'static str, lent_at_once: usize) -> (Arc<Self>, mpsc::UnboundedReceiver<()>) {
        let (lent, lending) = mpsc::unbounded_channel();
        let books = Books {
            name,
            lent_at_once,
            lent,
            returned: Notify::new(),
            readers: Barrier::new(2),
        };
        (Arc::new(books), lending)
    }
}

#[rpc_service]
impl Library for Books {
    async fn find(&self, cx: Context, _: Key) -> Result<Entry, Status> {
        let text = format!("{} {:?}", self.name, cx.remaining().unwrap_or(LONG));
        Ok(Entry { text })
    }

    async fn read(&self, cx: Context, key: Key) -> Result<Entry, Status> {
        assert!(Context::current().is_some(), "the context is current");
        assert_ne!(key.name, "panic");
        self.readers.wait();
        let text = cx.method().map_or("", MethodDescriptor::path).to_owned();
        Ok(Entry { text })
    }

    #[rpc(limit = self.lent_at_once, timeout = LONG)]
    async fn lend(&self, _: Context, _: Key) -> Result<Entry, Status> {
        let _ = self.lent.send(());
        self.returned.notified().await;
        Ok(Entry::default())
    }
}

/// What asks for a timeout, and never ends by itself.
struct Slow;

#[rpc_service(unimplemented)]
impl Library for Slow {
    #[rpc(timeout = Duration::from_millis(20))]
    async fn lend(&self, cx: Context, _: Key) -> Result<Entry, Status> {
        assert!(
            cx.remaining()
                .is_some_and(|left| left <= Duration::from_millis(20))
        );
        std::future::pending().await
    }

    #[rpc(timeout = Duration::from_millis(20), blocking)]
    async fn find(&self, _: Context, _: Key) -> Result<Entry, Status> {
        std::future::pending().await
    }
}

fn local<T: Library>(service: Arc<T>) -> LibraryAsyncClientProxy {
    let service = IntoService::into_service(LibraryServer::from_arc(service));
    LibraryAsyncClientProxy::with(Channel::local(service))
}

#[tokio::test]
async fn blocking_handlers_have_threads_of_their_own() {
    let (books, _lending) = Books::new();
    let library = local(books);
    // On the one thread of this test, each would wait for the other for ever.
    let (one, two) = within(LIMIT, async {
        tokio::join!(library.read(Key::default()), library.read(Key::default()))
    })
    .await;
    assert_eq!(one.unwrap().text, "library.Library/Read");
    assert!(two.is_ok());
}

#[tokio::test]
async fn a_panic_of_a_blocking_handler_is_internal() {
    let (books, _lending) = Books::new();
    let key = Key {
        name: "panic".to_owned(),
    };
    let status = within(LIMIT, local(books).read(key)).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
}

#[tokio::test]
async fn over_its_limit_a_method_refuses_calls_without_running_them() {
    let (books, mut lending) = Books::new();
    let library = local(books.clone());
    let first = tokio::spawn(library.lend(Key::default()));
    within(LIMIT, lending.recv()).await;
    let status = within(LIMIT, library.lend(Key::default()))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(!status.may_have_run());
    assert!(
        status
            .message()
            .contains("as many calls of library.Library/Lend are running as its limit allows, 1"),
        "{status}"
    );
    books.returned.notify_one();
    within(LIMIT, first).await.unwrap().unwrap();
    books.returned.notify_one();
    within(LIMIT, library.lend(Key::default())).await.unwrap();
}

#[tokio::test]
async fn a_cancelled_call_counts_no_more() {
    let (books, mut lending) = Books::new();
    let library = local(books);
    let first = tokio::spawn(library.lend(Key::default()));
    within(LIMIT, lending.recv()).await;
    first.abort();
    // The server learns of it some time later, and refuses calls until then.
    within(LIMIT, async {
        loop {
            tokio::select! {
                _ = lending.recv() => break,
                refused = library.lend(Key::default()) => {
                    assert_eq!(refused.unwrap_err().code(), Code::ResourceExhausted);
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_handler_ends_at_its_timeout() {
    let library = local(Arc::new(Slow));
    for call in [library.lend(Key::default()), library.find(Key::default())] {
        let status = within(LIMIT, call.timeout(LONG)).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
        let message = "the handler ran for longer than its timeout, 20ms";
        assert!(status.message().contains(message), "{status}");
    }
}

#[tokio::test]
async fn a_missing_method_is_unimplemented_where_that_was_asked_for() {
    let status = within(LIMIT, local(Arc::new(Slow)).read(Key::default()))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert_eq!(
        status.message(),
        "the server does not implement library.Library/Read"
    );
}

#[tokio::test]
async fn a_methods_timeout_is_the_default_of_its_calls() {
    let (books, _lending) = Books::new();
    let library = local(books);
    let left = |entry: Entry| {
        let text = entry.text.strip_prefix("books ").unwrap().to_owned();
        text.ends_with("ms") || text.starts_with("1.") || text == "2s"
    };
    assert!(left(
        within(LIMIT, library.find(Key::default())).await.unwrap()
    ));
    let call = library.find(Key::default()).timeout(LONG);
    assert!(
        !left(within(LIMIT, call).await.unwrap()),
        "the call's own timeout wins"
    );
}

#[tokio::test]
async fn a_method_answers_to_its_alias_and_tells_its_options() {
    static GET: MethodDescriptor = MethodDescriptor::new(
        "library.Library",
        "Get",
        "library.Library/Get",
        MethodKind::Unary,
    );
    let (books, _lending) = Books::new();
    let entry: Entry = within(
        LIMIT,
        local(books.clone()).channel().unary(&GET, &Key::default()),
    )
    .await
    .unwrap();
    assert!(entry.text.starts_with("books"));

    let service = IntoService::into_service(books);
    let (_, find) = service.descriptor().method("Get").unwrap();
    assert_eq!(
        (find.name(), find.timeout()),
        ("Find", Some(Duration::from_secs(2)))
    );
    let retry = find.retry().unwrap();
    assert_eq!((retry.max_attempts(), retry.backoff_multiplier()), (4, 2.0));
    assert_eq!(retry.initial_backoff(), Duration::from_millis(5));
}

#[tokio::test]
async fn instances_under_different_names_count_for_themselves() {
    let (one, mut lending_one) = Books::named("one", 1);
    let (two, mut lending_two) = Books::named("two", 1);
    let server = Server::new()
        .service_as("library.One", one)
        .service_as("library.Two", two);
    let bound = server.bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr().to_string();
    tokio::spawn(bound.serve());
    let channel = Channel::connect(address).await.unwrap();
    static ONE: MethodDescriptor =
        MethodDescriptor::new("library.One", "Lend", "library.One/Lend", MethodKind::Unary);
    static TWO: MethodDescriptor =
        MethodDescriptor::new("library.Two", "Lend", "library.Two/Lend", MethodKind::Unary);
    let calls = [&ONE, &TWO].map(|method| {
        let call: Call<Entry> = channel.unary(method, &Key::default());
        tokio::spawn(call)
    });
    // Both run, although each may run once only.
    within(LIMIT, async {
        tokio::join!(lending_one.recv(), lending_two.recv())
    })
    .await;
    calls.iter().for_each(tokio::task::JoinHandle::abort);
}
