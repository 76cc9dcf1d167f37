//! Callers that wait.

use std::time::Duration;

use rpc_wire::{Code, Stage};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn callers_are_served_in_the_order_in_which_they_came() {
    let pool = pool(&Network::new(1), |config| config.max_connections = 1);
    let mut running = call(&pool).await;
    let callers: Vec<_> = (0..10).map(|_| waiting(&pool)).collect();
    for caller in callers {
        settle().await;
        assert!(!caller.is_finished(), "somebody overtook");
        drop(running);
        running = Running::on(outcome(caller).await.unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_does_not_overtake_those_who_wait_or_are_on_their_way() {
    let pool = pool(&Network::new(1), |config| config.max_connections = 1);
    let running = call(&pool).await;
    assert!(pool.current().is_some());
    let first = waiting(&pool);
    assert!(pool.current().is_none(), "nothing is at hand for newcomers");
    drop(running);
    // The place is kept for the first, which has not come for it.
    let newcomer = waiting(&pool);
    drop(Running::on(outcome(first).await.unwrap()));
    outcome(newcomer).await.unwrap();
    assert!(pool.current().is_some(), "nobody waits");
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_takes_no_place_that_became_free_before_those_who_wait_were_told() {
    let pool = pool(&Network::new(2), |config| config.max_connections = 1);
    let running = [call(&pool).await, call(&pool).await];
    let first = waiting(&pool);
    let connection = Arc::clone(running[0].connection());
    connection.free_unnoticed();
    let newcomer = waiting(&pool);
    connection.tell_freed();
    let _first = outcome(first).await.unwrap();
    settle().await;
    assert!(!newcomer.is_finished());
    drop(running);
    outcome(newcomer).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_holds_up_nobody_and_keeps_nothing() {
    let pool = pool(&Network::new(1), |config| config.max_connections = 1);
    let running = call(&pool).await;
    let [first, second, third] = std::array::from_fn(|_| waiting(&pool));
    settle().await;
    first.abort();
    settle().await;
    assert_eq!(pool.stats().waiting, 2);
    drop(running);
    settle().await;
    // It was served, and goes without having looked.
    drop(second);
    settle().await;
    drop(outcome(third).await.unwrap());
    let stats = pool.stats();
    assert_eq!((stats.waiting, stats.idle, stats.active), (0, 1, 0));
    assert!(pool.current().is_some());
}

#[tokio::test(start_paused = true)]
async fn newcomers_find_a_connection_at_hand_again_when_the_last_who_waited_gives_up() {
    let pool = pool(&Network::new(1), |config| config.max_connections = 1);
    let _running = call(&pool).await;
    let caller = waiting(&pool);
    assert!(pool.current().is_none());
    caller.abort();
    settle().await;
    assert!(pool.current().is_some());
}

#[tokio::test(start_paused = true)]
async fn who_has_to_wait_again_keeps_its_turn() {
    let pool = pool(&Network::new(1), |config| config.max_connections = 1);
    let lease = acquire(&pool).await.unwrap();
    let ticket = lease.ticket();
    let later = waiting(&pool);
    let again = pool.enter(Some(ticket)).unwrap();
    let again = tokio::spawn(Arc::clone(&pool).granted(again, None));
    drop(lease);
    let again = outcome(again).await.unwrap();
    settle().await;
    assert!(!later.is_finished());
    drop(again);
    outcome(later).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_deadline_in_the_queue_says_which_settings_were_in_the_way() {
    let network = Network::new(1);
    let exclusive = pool(&network, |config| {
        config.max_connections = 1;
        config.max_streams_per_connection = Some(1);
    });
    let _running = call(&exclusive).await;
    let deadline = Instant::now() + SECOND;
    let status = outcome(waiting_until(&exclusive, Some(deadline))).await;
    let status = status.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(status.stage(), Some(Stage::Queue));
    assert!(!status.may_have_run());
    for says in [
        "1 of at most 1 connections (max_connections)",
        "max_streams_per_connection is 1",
    ] {
        assert!(status.message().contains(says), "{status}");
    }
    assert_eq!(exclusive.stats().timeouts, 1);
}

#[tokio::test(start_paused = true)]
async fn acquire_timeout_ends_the_wait_before_the_deadline_and_is_named() {
    let pool = pool(&Network::new(1), |config| {
        config.max_connections = 1;
        config.acquire_timeout = Some(SECOND);
    });
    let _running = call(&pool).await;
    let deadline = Instant::now() + 60 * SECOND;
    let status = outcome(waiting_until(&pool, Some(deadline))).await;
    let status = status.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(status.stage(), Some(Stage::Queue));
    let says = "no free stream after 1s (acquire_timeout)";
    assert!(status.message().contains(says), "{status}");
    assert!(pool.stats().wait_time >= SECOND);
}

#[tokio::test(start_paused = true)]
async fn acquire_timeout_without_any_connection_is_unavailable() {
    let pool = pool(&Network::closed(1), |config| {
        config.acquire_timeout = Some(SECOND);
    });
    let status = outcome(waiting(&pool)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.stage(), Some(Stage::Connect));
    let says = "no connection after 1s (acquire_timeout)";
    assert!(status.message().contains(says), "{status}");
}

#[tokio::test(start_paused = true)]
async fn as_many_callers_wait_as_may_and_others_are_told_the_limit() {
    let pool = pool(&Network::new(1), |config| {
        config.max_connections = 1;
        config.max_waiting = 2;
    });
    let running = call(&pool).await;
    let callers = [waiting(&pool), waiting(&pool)];
    let status = acquire(&pool).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(!status.may_have_run());
    let says = "2 calls wait for a connection, as many as max_waiting allows";
    assert!(status.message().contains(says), "{status}");
    assert_eq!(pool.stats().rejected, 1);
    drop(running);
    for caller in callers {
        outcome(caller).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn hits_misses_and_the_time_spent_waiting_are_counted() {
    let pool = pool(&Network::new(1), |config| config.max_connections = 1);
    let running = call(&pool).await;
    let caller = waiting(&pool);
    tokio::time::sleep(3 * SECOND).await;
    let stats = pool.stats();
    assert_eq!((stats.active, stats.pending, stats.waiting), (1, 1, 1));
    drop(running);
    drop(outcome(caller).await.unwrap());
    drop(call(&pool).await);
    let stats = pool.stats();
    assert_eq!((stats.hits, stats.misses, stats.timeouts), (1, 2, 0));
    assert!(stats.wait_time >= 3 * SECOND, "{stats:?}");
    assert_eq!((stats.opened, stats.closed, stats.idle), (1, 0, 1));
}
