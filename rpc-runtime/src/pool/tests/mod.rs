//! The rules of a pool, tried with connections that carry nothing.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

mod closing;
mod connecting;
mod fake;
mod health;
mod idle;
mod random;
mod waiting;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rpc_wire::Status;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

pub(super) use self::fake::{Fake, Network, Running};
use super::{Connection, Entered, Lease, Pool, PoolConfig};

/// Goes on when every task waits for something: time is paused, and stands still until then.
async fn settle() {
    tokio::time::sleep(Duration::from_micros(1)).await;
}

/// Waits until something has come about.
async fn until(done: impl Fn() -> bool) {
    let waiting = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(3_600), waiting).await;
    waited.expect("it never comes about");
}

fn pool(network: &Arc<Network>, set: impl FnOnce(&mut PoolConfig)) -> Arc<Pool<Fake>> {
    let mut config = PoolConfig::default();
    set(&mut config);
    config.validate().unwrap();
    Pool::new(Box::new(Arc::clone(network)), config, Handle::current())
}

/// A place, as soon as there is one.
async fn acquire(pool: &Arc<Pool<Fake>>) -> Result<Lease<Fake>, Status> {
    let entered = pool.enter(None)?;
    outcome(tokio::spawn(Arc::clone(pool).granted(entered, None))).await
}

/// A call that has begun.
async fn call(pool: &Arc<Pool<Fake>>) -> Running {
    Running::on(acquire(pool).await.unwrap())
}

/// A caller in a task of its own.
type Caller = JoinHandle<Result<Lease<Fake>, Status>>;

/// As [`acquire`], in a task, with its place in the queue taken already.
fn waiting(pool: &Arc<Pool<Fake>>) -> Caller {
    waiting_until(pool, None)
}

/// What became of a caller.
async fn outcome(caller: Caller) -> Result<Lease<Fake>, Status> {
    let outcome = tokio::time::timeout(Duration::from_secs(3_600), caller).await;
    outcome.expect("somebody waits for ever").unwrap()
}

fn waiting_until(pool: &Arc<Pool<Fake>>, deadline: Option<Instant>) -> Caller {
    let entered = pool.enter(None).unwrap();
    assert!(
        matches!(entered, Entered::Waits(_)),
        "there is a free place"
    );
    tokio::spawn(Arc::clone(pool).granted(entered, deadline))
}
