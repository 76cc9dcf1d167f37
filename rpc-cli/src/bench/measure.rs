//! From what was asked for to a report: the method is looked up, connections are made, calls are measured.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::signal;

use super::connection::{Calls, Connection};
use super::draw::Canvas;
use super::plan::Plan;
use super::progress::Progress;
use super::report::{Called, Report};
use super::run::Run;
use super::template::Template;
use crate::client::{Client, ServerArgs, Target};
use crate::definitions::{DefinitionArgs, Source};
use crate::error::{Error, Result};
use crate::exit::Exit;

/// How long calls may take that are in flight at the end.
const PATIENCE: Duration = Duration::from_secs(10);

/// The time that a call with one reply may take, unless set.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// What is measured.
pub(crate) struct Subject<'a> {
    /// The server.
    pub(crate) target: &'a str,
    /// The method.
    pub(crate) method: &'a str,
    /// What is sent, in turn.
    pub(crate) requests: Vec<Template>,
    /// The time that a call may take; if it is not set, 30 seconds for a call with one reply.
    pub(crate) timeout: Option<Duration>,
    /// Where the method is defined.
    pub(crate) definitions: &'a DefinitionArgs,
    /// How the server is reached.
    pub(crate) server: &'a ServerArgs,
}

/// Makes calls as planned, and shows meanwhile how it goes if `progress` is wanted.
///
/// # Errors
///
/// The server is not reached, does not have the method, or the requests are not those that it takes.
pub(crate) fn measure(subject: Subject<'_>, plan: Plan, progress: bool) -> Result<Report> {
    let runtime = runtime(plan.threads)?;
    let report = runtime.block_on(run(subject, plan, progress));
    // Calls that were given up need not end.
    runtime.shutdown_background();
    report
}

/// One thread needs no others to be woken, which is cheaper by half.
fn runtime(threads: usize) -> Result<Runtime> {
    let mut builder = match threads {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    let runtime = builder.worker_threads(threads).enable_all().build();
    runtime.map_err(|error| {
        let message = format!("the system gives no {threads} threads: {error}");
        Error::new(Exit::Input, message).with_help("ask for fewer --threads")
    })
}

async fn run(subject: Subject<'_>, plan: Plan, progress: bool) -> Result<Report> {
    let target = Target::parse(subject.target)?;
    let (connections, called) = connect(subject, &target, plan.connections).await?;
    let patience = match called.streams {
        // A stream may have no end.
        true => Duration::ZERO,
        false => PATIENCE,
    };
    let mut line = Progress::new(Canvas::of_terminal().columns, progress);
    let run = Run {
        connections: &connections,
        plan: &plan,
        patience,
        interrupt,
        progress: |interval, since| line.show(&interval, since),
    };
    let measured = run.measure().await;
    drop(line);
    Ok(Report::new(called, plan, measured))
}

async fn connect(
    subject: Subject<'_>,
    target: &Target,
    count: usize,
) -> Result<(Vec<Connection>, Called)> {
    let mut clients = vec![Client::connect(target, subject.server).await?];
    let source = Source::of(subject.definitions, &clients[0]).await?;
    let (definition, method) = source.method(subject.method, false).await?;
    drop(source);
    let descriptor = method.descriptor();
    let called = Called {
        target: target.to_string(),
        method: descriptor.path().to_owned(),
        streams: descriptor.kind().server_streams(),
    };
    let timeout = match called.streams {
        true => subject.timeout,
        false => Some(subject.timeout.unwrap_or(DEFAULT_TIMEOUT)),
    };
    let format = clients[0].format();
    let calls = Arc::new(Calls::new(
        method,
        &definition.input(),
        format,
        subject.requests,
        timeout,
    )?);
    while clients.len() < count {
        clients.push(Client::connect(target, subject.server).await?);
    }
    let connections = clients.into_iter();
    let connections = connections.map(|client| Connection::new(client, Arc::clone(&calls)));
    Ok((connections.collect(), called))
}

/// Waits for Ctrl-C; for ever, where the system does not tell of it.
async fn interrupt() {
    if signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
