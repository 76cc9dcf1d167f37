//! The first that was registered is the outermost.

use std::sync::{Arc, Mutex};

use rpc_runtime::Status;
use rpc_runtime::middleware::{Interceptor, Next, Request, Response};
use rpc_tests::{LIMIT, within};
use tower::util::MapRequestLayer;

use crate::harness::{clients, payload, plain, serve};

#[derive(Clone, Default)]
struct Steps(Arc<Mutex<Vec<String>>>);

impl Steps {
    fn note(&self, step: impl Into<String>) {
        self.0.lock().unwrap().push(step.into());
    }

    /// An interceptor that notes when a call passes.
    fn interceptor(&self, name: &'static str) -> impl Interceptor + use<> {
        let steps = self.clone();
        Noting { steps, name }
    }

    /// A tower layer that notes when a call passes.
    fn layer(
        &self,
        name: &'static str,
    ) -> MapRequestLayer<impl Fn(Request) -> Request + Clone + Send + Sync + use<>> {
        let steps = self.clone();
        MapRequestLayer::new(move |request| {
            steps.note(format!("{name} layer"));
            request
        })
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

struct Noting {
    steps: Steps,
    name: &'static str,
}

impl Interceptor for Noting {
    async fn intercept(&self, request: Request, next: Next) -> Result<Response, Status> {
        self.steps.note(format!("{} in", self.name));
        let response = next.run(request).await;
        self.steps.note(format!("{} out", self.name));
        response
    }
}

const EXPECTED: [&str; 5] = [
    "first in",
    "second layer",
    "third in",
    "third out",
    "first out",
];

#[tokio::test]
async fn the_first_registered_is_the_outermost_at_a_server() {
    within(LIMIT, async {
        let steps = Steps::default();
        let server = serve(|server| {
            server
                .intercept(steps.interceptor("first"))
                .layer(steps.layer("second"))
                .intercept(steps.interceptor("third"))
        })
        .await;
        let (probe, _) = plain(&server).await;
        probe.echo(payload("")).await.unwrap();
        assert_eq!(steps.take(), EXPECTED);
    })
    .await;
}

#[tokio::test]
async fn the_first_registered_is_the_outermost_at_a_client() {
    within(LIMIT, async {
        let steps = Steps::default();
        let server = serve(|server| server).await;
        let (probe, _) = clients(&server, |builder| {
            builder
                .intercept(steps.interceptor("first"))
                .layer(steps.layer("second"))
                .intercept(steps.interceptor("third"))
        })
        .await;
        probe.echo(payload("")).await.unwrap();
        assert_eq!(steps.take(), EXPECTED);
    })
    .await;
}
