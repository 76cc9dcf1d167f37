//! Connections that nobody uses.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::*;

#[tokio::test(start_paused = true)]
async fn connections_are_there_before_the_first_call_where_min_idle_says_so() {
    let network = Network::new(1);
    let pool = pool(&network, |config| config.min_idle = 3);
    settle().await;
    let stats = pool.stats();
    assert_eq!((stats.idle, stats.opened, stats.misses), (3, 3, 0));
    assert!(matches!(pool.enter(None), Ok(Entered::Granted(_))));
}

#[tokio::test(start_paused = true)]
async fn those_of_min_idle_stay_although_nobody_uses_them_and_the_surplus_goes() {
    let network = Network::new(1);
    let pool = pool(&network, |config| config.min_idle = 1);
    drop([call(&pool).await, call(&pool).await]);
    let gone = network.made().iter().filter(|made| made.expire()).count();
    assert_eq!(gone, 1);
    let stats = pool.stats();
    assert_eq!((stats.idle, stats.closed), (1, 1));
    assert!(!network.alive()[0].expire());
    call(&pool).await;
}

#[tokio::test(start_paused = true)]
async fn those_of_min_idle_are_replaced_when_they_end_but_not_in_a_hurry() {
    let network = Network::new(1);
    let pool = pool(&network, |config| config.min_idle = 2);
    settle().await;
    for ended in 1..=20 {
        network.alive()[0].lose();
        until(|| pool.stats().idle == 2).await;
        assert_eq!(network.dials(), 2 + ended);
    }
    let began = tokio::time::Instant::now();
    network.alive()[0].lose();
    until(|| pool.stats().idle == 2).await;
    assert!(began.elapsed() >= Duration::from_millis(50), "{began:?}");
}

#[tokio::test(start_paused = true)]
async fn one_that_left_before_the_pool_had_it_is_replaced_when_it_ends() {
    let network = Network::new(1);
    network.leaves_early.store(true, Ordering::SeqCst);
    let pool = pool(&network, |config| config.min_idle = 1);
    settle().await;
    network.leaves_early.store(false, Ordering::SeqCst);
    network.alive()[0].lose();
    until(|| network.made().len() == 2).await;
    assert_eq!((pool.stats().idle, pool.stats().closed), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_becomes_one_idle_too_many_is_closed_at_once() {
    let network = Network::new(1);
    let pool = pool(&network, |config| config.max_idle = Some(1));
    let [first, second, third] = [call(&pool).await, call(&pool).await, call(&pool).await];
    let surplus = [
        Arc::clone(second.connection()),
        Arc::clone(third.connection()),
    ];
    drop(first);
    assert_eq!(pool.stats().idle, 1);
    drop(second);
    drop(third);
    for connection in surplus {
        let reason = connection.leaving().unwrap();
        assert!(reason.contains("max_idle"), "{reason}");
    }
    let stats = pool.stats();
    assert_eq!((stats.idle, stats.closed), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn connections_that_were_made_for_callers_who_have_gone_are_no_more_than_may_be_idle() {
    let network = Network::closed(1);
    network.is_silent.store(true, Ordering::SeqCst);
    let pool = pool(&network, |config| {
        config.max_streams_per_connection = Some(1);
        config.max_idle = Some(1);
    });
    let callers: Vec<_> = (0..3).map(|_| waiting(&pool)).collect();
    settle().await;
    callers.iter().for_each(Caller::abort);
    network.permits.add_permits(3);
    until(|| pool.stats().idle == 3).await;
    network.made().iter().for_each(|made| made.establish());
    assert_eq!((network.alive().len(), pool.stats().idle), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_nobody_uses_any_more_lets_its_connections_go() {
    let network = Network::new(1);
    let pool = pool(&network, |config| config.min_idle = 2);
    settle().await;
    drop(pool);
    settle().await;
    assert_eq!((network.made().len(), network.alive().len()), (2, 0));
}

#[test]
fn settings_that_contradict_each_other_are_named() {
    let says = |set: fn(&mut PoolConfig)| {
        let mut config = PoolConfig::default();
        set(&mut config);
        config.validate().unwrap_err().message().to_owned()
    };
    assert!(says(|config| config.max_connections = 0).contains("max_connections is 0"));
    let none = says(|config| config.max_streams_per_connection = Some(0));
    assert!(none.contains("max_streams_per_connection is 0"));
    let more = says(|config| config.min_idle = 9);
    assert!(more.contains("min_idle is 9, more than max_connections, which is 8"));
    let less = says(|config| {
        config.min_idle = 2;
        config.max_idle = Some(1);
    });
    assert!(less.contains("max_idle is 1, less than min_idle, which is 2"));
    let spins = says(|config| config.health_check.interval = Some(Duration::ZERO));
    assert!(spins.contains("health_check.interval is 0"));
}
