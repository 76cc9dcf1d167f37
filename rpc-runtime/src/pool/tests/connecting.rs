//! When connections are made.

use std::sync::atomic::Ordering;
use std::time::Duration;

use rpc_wire::{Code, Stage};

use super::*;

#[tokio::test(start_paused = true)]
async fn a_connection_is_added_when_the_places_are_used_up_and_not_before() {
    let network = Network::new(2);
    let pool = pool(&network, |_| {});
    let mut running = Vec::new();
    for calls in 1..=6_usize {
        running.push(call(&pool).await);
        settle().await;
        assert_eq!(network.dials(), calls.div_ceil(2), "of {calls} calls");
    }
    drop(running);
    let running = [call(&pool).await, call(&pool).await];
    assert_eq!(network.dials(), 3, "those that there are suffice");
    let same = Arc::ptr_eq(running[0].connection(), running[1].connection());
    assert!(same, "one is filled before another is used");
}

#[tokio::test(start_paused = true)]
async fn there_are_never_more_connections_than_max_connections_with_those_being_made() {
    let network = Network::closed(1);
    let pool = pool(&network, |config| {
        config.max_connections = 3;
        config.max_streams_per_connection = Some(1);
    });
    let callers: Vec<_> = (0..10).map(|_| waiting(&pool)).collect();
    settle().await;
    assert_eq!((network.dials(), pool.stats().connecting), (3, 3));
    network.permits.add_permits(10);
    for caller in callers {
        drop(outcome(caller).await.unwrap());
    }
    assert_eq!(network.dials(), 3);
}

#[tokio::test(start_paused = true)]
async fn callers_share_one_attempt_where_connections_are_multiplexed() {
    let network = Network::closed(1_000);
    let pool = pool(&network, |_| {});
    let callers: Vec<_> = (0..1_000).map(|_| waiting(&pool)).collect();
    settle().await;
    assert_eq!(network.dials(), 1);
    network.permits.add_permits(1);
    for caller in callers {
        outcome(caller).await.unwrap();
    }
    assert_eq!(network.dials(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_attempt_is_told_to_all_and_the_next_is_made_after_a_pause() {
    let network = Network::new(1);
    network.refuses.store(true, Ordering::SeqCst);
    let pool = pool(&network, |_| {});
    let began = tokio::time::Instant::now();
    for caller in [waiting(&pool), waiting(&pool)] {
        let status = outcome(caller).await.unwrap_err();
        assert_eq!(
            (status.code(), status.message()),
            (Code::Unavailable, "refused")
        );
        assert_eq!(status.stage(), Some(Stage::Connect));
        assert!(!status.may_have_run());
    }
    assert_eq!((network.dials(), pool.stats().errors), (1, 1));
    assert!(
        began.elapsed() < Duration::from_millis(50),
        "the first makes no pause"
    );
    let next = waiting(&pool);
    settle().await;
    assert_eq!(network.dials(), 1, "it pauses");
    outcome(next).await.unwrap_err();
    assert_eq!(network.dials(), 2);
    assert!(began.elapsed() >= Duration::from_millis(50));
}

#[tokio::test(start_paused = true)]
async fn callers_of_a_failing_server_cause_one_attempt_at_a_time() {
    let network = Network::new(1);
    network.refuses.store(true, Ordering::SeqCst);
    let pool = pool(&network, |config| {
        config.max_streams_per_connection = Some(1)
    });
    acquire(&pool).await.unwrap_err();
    let callers: Vec<_> = (0..8).map(|_| waiting(&pool)).collect();
    for caller in callers {
        outcome(caller).await.unwrap_err();
    }
    assert_eq!(network.dials(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_can_wait_for_a_connection_is_not_told_that_another_could_not_be_made() {
    let network = Network::new(1);
    let pool = pool(&network, |_| {});
    let running = call(&pool).await;
    network.refuses.store(true, Ordering::SeqCst);
    let caller = waiting(&pool);
    settle().await;
    assert!(!caller.is_finished());
    drop(running);
    outcome(caller).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_takes_no_more_calls_is_replaced_and_does_not_count() {
    let network = Network::new(1);
    let pool = pool(&network, |config| config.max_connections = 1);
    let old = call(&pool).await;
    old.connection().leave("the server restarts");
    let new = call(&pool).await;
    assert!(!Arc::ptr_eq(old.connection(), new.connection()));
    let stats = pool.stats();
    assert_eq!((stats.draining, stats.active, stats.pending), (1, 1, 2));
    drop(old);
    let stats = pool.stats();
    assert_eq!((stats.draining, stats.closed), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn those_that_take_no_more_calls_are_as_many_as_max_connections_again_at_most() {
    let network = Network::new(1);
    let pool = pool(&network, |config| config.max_connections = 1);
    let oldest = call(&pool).await;
    oldest.connection().leave("it is old");
    let old = call(&pool).await;
    old.connection().leave("it is old");
    let caller = waiting(&pool);
    settle().await;
    assert!(!caller.is_finished());
    assert_eq!((pool.stats().draining, network.dials()), (2, 2));
    drop(oldest);
    outcome(caller).await.unwrap();
    assert_eq!(network.dials(), 3);
}

#[tokio::test(start_paused = true)]
async fn lost_connections_are_forgotten_and_who_waits_gets_others() {
    let network = Network::new(1);
    let pool = pool(&network, |config| config.max_connections = 1);
    let running = call(&pool).await;
    let caller = waiting(&pool);
    running.connection().lose();
    let lease = outcome(caller).await.unwrap();
    assert!(!Arc::ptr_eq(lease.connection(), running.connection()));
    assert_eq!(pool.stats().closed, 1);
}

#[test]
fn everybody_is_told_when_the_runtime_of_the_pool_is_gone() {
    let network = Network::closed(1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let other = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let pool = {
        let _inside = runtime.enter();
        pool(&network, |_| {})
    };
    let deadline = Some(Instant::now() + Duration::from_secs(60));
    let caller = other.spawn(Arc::clone(&pool).granted(pool.enter(None).unwrap(), deadline));
    drop(runtime);
    let status = other.block_on(caller).unwrap().unwrap_err();
    assert!(status.message().contains("runtime"), "{status}");
    let later = other.block_on(acquire(&pool)).unwrap_err();
    assert_eq!(later.message(), status.message());
}

#[tokio::test(start_paused = true)]
async fn a_connector_that_panics_is_told_to_who_waits_and_tried_again() {
    let network = Network::new(1);
    network.panics.store(true, Ordering::SeqCst);
    let pool = pool(&network, |_| {});
    let status = acquire(&pool).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Internal, "the connector panicked")
    );
    network.panics.store(false, Ordering::SeqCst);
    acquire(&pool).await.unwrap();
}

#[test]
fn a_runtime_that_goes_while_its_thread_panics_takes_the_pool_along_and_nothing_else() {
    let network = Network::closed(1);
    let kept = std::sync::Mutex::new(None);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let pool = pool(&network, |config| config.min_idle = 1);
            *kept.lock().unwrap() = Some(pool);
            tokio::task::yield_now().await;
        });
        panic!("with the runtime on its stack");
    }));
    assert!(panic.is_err());
    let pool = kept.into_inner().unwrap().unwrap();
    let status = pool.enter(None).err().unwrap();
    assert!(status.message().contains("runtime"), "{status}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_added_once_a_server_that_might_have_allowed_more_does_not() {
    let network = Network::new(1);
    network.is_silent.store(true, Ordering::SeqCst);
    let pool = pool(&network, |_| {});
    let first = call(&pool).await;
    let caller = waiting(&pool);
    settle().await;
    assert_eq!(network.dials(), 1, "the first may have room yet");
    first.connection().establish();
    outcome(caller).await.unwrap();
    assert_eq!(network.dials(), 2);
}
