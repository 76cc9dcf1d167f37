//! The end of a pool.

use std::sync::atomic::Ordering;
use std::time::Duration;

use rpc_wire::{Code, Stage};

use super::*;
use crate::pool::close::closed;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn closing_ends_those_who_wait_and_run_and_later_ones_fail_at_once() {
    let network = Network::new(1);
    let pool = pool(&network, |config| config.max_connections = 1);
    let running = call(&pool).await;
    let caller = waiting(&pool);
    for _ in 0..2 {
        pool.close(closed());
        assert_eq!(
            running.connection().cut_because().unwrap().code(),
            Code::Cancelled
        );
        let status = acquire(&pool).await.unwrap_err();
        assert_eq!(
            (status.code(), status.stage()),
            (Code::Cancelled, Some(Stage::Queue))
        );
        assert!(!status.may_have_run());
        assert!(
            status.message().contains("the channel was closed"),
            "{status}"
        );
        assert!(pool.current().is_none());
    }
    let status = outcome(caller).await.unwrap_err();
    assert_eq!(
        (status.code(), status.may_have_run()),
        (Code::Cancelled, false)
    );
    assert!(network.alive().is_empty());
}

#[tokio::test(start_paused = true)]
async fn closing_in_order_waits_for_calls_that_run_and_takes_no_others() {
    let network = Network::new(2);
    let pool = pool(&network, |_| {});
    let running = [call(&pool).await, call(&pool).await, call(&pool).await];
    let closing = tokio::spawn(Arc::clone(&pool).close_within(60 * SECOND));
    settle().await;
    assert_eq!(acquire(&pool).await.unwrap_err().code(), Code::Cancelled);
    assert!(!closing.is_finished());
    drop(running);
    let report = closing.await.unwrap();
    assert_eq!((report.finished, report.cut), (3, 0));
    assert!(network.alive().is_empty());
    let again = Arc::clone(&pool).close_within(SECOND).await;
    assert_eq!((again.finished, again.cut), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_still_active_at_the_limit_is_cut_and_reported() {
    let network = Network::new(2);
    let pool = pool(&network, |_| {});
    let [first, second] = [call(&pool).await, call(&pool).await];
    let closing = tokio::spawn(Arc::clone(&pool).close_within(SECOND));
    settle().await;
    drop(first);
    let report = closing.await.unwrap();
    assert_eq!((report.finished, report.cut), (1, 1));
    assert_eq!(report.to_string(), "1 calls finished, 1 were cut");
    let reason = second.connection().cut_because().unwrap();
    assert!(reason.message().contains("1s"), "{reason}");
    assert!(network.alive().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_comes_too_late_for_a_closed_pool_ends() {
    let network = Network::closed(1);
    let pool = pool(&network, |_| {});
    let caller = waiting(&pool);
    settle().await;
    pool.close(closed());
    assert_eq!(outcome(caller).await.unwrap_err().code(), Code::Cancelled);
    network.permits.add_permits(1);
    settle().await;
    assert_eq!((network.made().len(), network.alive().len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_closed_pool_makes_no_attempt_for_which_it_had_paused() {
    let network = Network::new(1);
    network.refuses.store(true, Ordering::SeqCst);
    let pool = pool(&network, |config| config.min_idle = 1);
    until(|| network.dials() == 1).await;
    settle().await;
    assert_eq!(pool.stats().connecting, 1, "the next one pauses");
    pool.close(closed());
    tokio::time::sleep(60 * SECOND).await;
    assert_eq!((network.dials(), pool.stats().connecting), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_pool_is_over_when_interceptors_hold_no_call_any_more_and_counts_each_once() {
    let network = Network::new(1);
    let pool = pool(&network, |_| {});
    let held = pool.hold().unwrap();
    let lent = pool.hold().unwrap();
    let running = call(&pool).await;
    pool.lend();
    let closing = tokio::spawn(Arc::clone(&pool).close_within(60 * SECOND));
    settle().await;
    assert_eq!(pool.hold().err().unwrap().code(), Code::Cancelled);
    drop((held, running));
    settle().await;
    assert!(network.alive().is_empty() && !closing.is_finished() && !pool.is_over());
    pool.take_back();
    drop(lent);
    let report = closing.await.unwrap();
    assert_eq!((report.finished, report.cut), (2, 0));
    assert!(pool.is_over());
}
