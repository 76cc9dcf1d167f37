//! Connections are asked whether their server is there.

use std::sync::atomic::Ordering;
use std::time::Duration;

use rpc_wire::Code;

use super::*;
use crate::pool::HealthCheck;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn no_call_meets_a_dead_connection_that_is_checked_on_borrow() {
    let network = Network::new(2);
    let pool = pool(&network, |config| {
        config.health_check = HealthCheck::default().on_borrow().timeout(SECOND);
    });
    let dead = Arc::clone(call(&pool).await.connection());
    assert!(pool.current().is_none(), "no call goes by the check");
    network.mute.store(true, Ordering::SeqCst);
    let lease = pool.enter(None).unwrap();
    let caller = tokio::spawn(Arc::clone(&pool).granted(lease, None));
    settle().await;
    network.mute.store(false, Ordering::SeqCst);
    let lease = outcome(caller).await.unwrap();
    assert!(!Arc::ptr_eq(lease.connection(), &dead));
    let reason = dead.cut_because().unwrap();
    let says = "did not answer a PING within 1s (health_check)";
    assert!(reason.message().contains(says), "{reason}");
    assert_eq!((pool.stats().errors, pool.stats().closed), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_connection_checked_on_return_takes_no_call_until_it_has_passed() {
    let network = Network::new(1);
    let pool = pool(&network, |config| {
        config.max_connections = 1;
        config.health_check = HealthCheck::default().on_return();
    });
    let running = call(&pool).await;
    let connection = Arc::clone(running.connection());
    drop(running);
    assert_eq!(connection.checks(), 1);
    assert!(pool.current().is_none());
    let lease = outcome(waiting(&pool)).await.unwrap();
    assert!(Arc::ptr_eq(lease.connection(), &connection));
    assert!(pool.current().is_some());
}

#[tokio::test(start_paused = true)]
async fn idle_connections_are_checked_in_the_background_and_dead_ones_replaced() {
    let network = Network::new(1);
    let pool = pool(&network, |config| {
        config.min_idle = 1;
        config.health_check = HealthCheck::default().every(10 * SECOND).timeout(SECOND);
    });
    tokio::time::sleep(25 * SECOND).await;
    let first = Arc::clone(&network.alive()[0]);
    assert_eq!(first.checks(), 2);
    let running = call(&pool).await;
    tokio::time::sleep(20 * SECOND).await;
    assert_eq!(first.checks(), 2, "keepalive sees to those with calls");
    drop(running);

    network.mute.store(true, Ordering::SeqCst);
    tokio::time::sleep(12 * SECOND).await;
    network.mute.store(false, Ordering::SeqCst);
    assert!(first.cut_because().is_some());
    settle().await;
    assert_eq!(pool.stats().idle, 1);
    assert_eq!(network.made().len(), 2);
}

/// What a caller is told that waits for the check of a dead connection.
async fn told_while_checking(
    deadline: Option<Instant>,
    acquire_timeout: Option<Duration>,
) -> Status {
    let network = Network::new(1);
    let pool = pool(&network, |config| {
        config.health_check = HealthCheck::default().on_borrow().timeout(60 * SECOND);
        config.acquire_timeout = acquire_timeout;
    });
    drop(call(&pool).await);
    network.mute.store(true, Ordering::SeqCst);
    let entered = pool.enter(None).unwrap();
    let caller = tokio::spawn(Arc::clone(&pool).granted(entered, deadline));
    let waited = tokio::time::timeout(2 * SECOND, caller).await;
    let status = waited.expect("it waits on").unwrap().unwrap_err();
    let dead = Arc::clone(&network.alive()[0]);
    assert_eq!((dead.used(), pool.stats().timeouts), (0, 1));
    tokio::time::sleep(60 * SECOND).await;
    assert!(dead.cut_because().is_some(), "the check went on");
    status
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_wait_for_a_check() {
    let status = told_while_checking(Some(Instant::now() + SECOND), None).await;
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    assert!(status.message().ends_with("(health_check.on_borrow)"));
    assert!(!status.may_have_run());
}

#[tokio::test(start_paused = true)]
async fn acquire_timeout_ends_the_wait_for_a_check_and_is_named() {
    let status = told_while_checking(None, Some(SECOND)).await;
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    let says = "no connection after 1s (acquire_timeout): the server";
    assert!(status.message().starts_with(says), "{status}");
}
