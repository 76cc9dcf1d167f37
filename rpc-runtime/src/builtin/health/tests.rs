//! Checks, and what watches make of them, on a clock that stands still.

use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{advance, timeout};

use super::ServingStatus::{NotServing, Serving, Unknown};
use super::watch::Watch;
use super::{Check, Health, ServerHealth};
use crate::server::Builtin;

const INTERVAL: Duration = Duration::from_secs(5);

/// A check that says what the test does, and counts how often it is asked.
#[derive(Clone, Default)]
struct Dependency {
    works: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
}

impl Dependency {
    fn set(&self, works: bool) {
        self.works.store(works, Ordering::Relaxed);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// The health of `shop`, which this decides.
    fn health(&self) -> Health {
        let dependency = self.clone();
        let health = Health::new();
        let check = Check::new(move || {
            dependency.asked.fetch_add(1, Ordering::Relaxed);
            ready(dependency.works.load(Ordering::Relaxed))
        });
        health.check("shop", check.interval(INTERVAL));
        health
    }
}

#[tokio::test(start_paused = true)]
async fn the_result_of_a_check_holds_for_its_interval() {
    let dependency = Dependency::default();
    let health = dependency.health();
    assert_eq!(dependency.asked(), 0, "nobody asked");
    assert_eq!(health.status("shop").await, Some(NotServing));
    dependency.set(true);
    advance(INTERVAL - Duration::from_millis(1)).await;
    assert_eq!(health.status("shop").await, Some(NotServing));
    assert_eq!(dependency.asked(), 1);
    advance(Duration::from_millis(1)).await;
    assert_eq!(health.status("shop").await, Some(Serving));
    assert_eq!(dependency.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_asks_while_a_check_runs_gets_its_result() {
    let (entered, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let health = Health::new();
    let (inside, pass) = (entered.clone(), gate.clone());
    health.check(
        "shop",
        Check::new(move || {
            let (inside, pass) = (inside.clone(), pass.clone());
            async move {
                inside.add_permits(1);
                pass.acquire().await.is_ok()
            }
        }),
    );
    let first = tokio::spawn({
        let health = health.clone();
        async move { health.status("shop").await }
    });
    entered.acquire().await.unwrap().forget();
    // One of those who wait gives up, which is no reason for the others to wait longer.
    first.abort();
    let mut second = Box::pin(health.status("shop"));
    assert!(timeout(Duration::ZERO, &mut second).await.is_err());
    gate.add_permits(1);
    assert_eq!(second.await, Some(Serving));
    assert_eq!(entered.available_permits(), 0, "it ran twice");
}

#[tokio::test(start_paused = true)]
async fn a_check_that_takes_too_long_says_not_serving() {
    let health = Health::new();
    let check = Check::new(pending::<bool>).timeout(Duration::from_millis(300));
    health.check("shop", check);
    let asked = tokio::time::Instant::now();
    assert_eq!(health.status("shop").await, Some(NotServing));
    assert_eq!(asked.elapsed().as_millis(), 300);
}

#[tokio::test(start_paused = true)]
async fn a_check_that_panics_says_not_serving_and_runs_again_later() {
    let health = Health::new();
    let panicked = AtomicBool::new(false);
    let check = Check::new(move || {
        assert!(panicked.swap(true, Ordering::Relaxed), "the first time");
        ready(true)
    });
    health.check("shop", check.interval(INTERVAL));
    assert_eq!(health.status("shop").await, Some(NotServing));
    advance(INTERVAL).await;
    assert_eq!(health.status("shop").await, Some(Serving));
}

#[tokio::test(start_paused = true)]
async fn a_check_decides_unless_something_else_was_set_by_hand() {
    let dependency = Dependency::default();
    let health = dependency.health();
    dependency.set(true);
    health.set("shop", Unknown);
    assert_eq!(health.status("shop").await, Some(Unknown));
    health.set_not_serving("shop");
    assert_eq!(health.status("shop").await, Some(NotServing));
    assert_eq!(dependency.asked(), 0);
    health.set_serving("shop");
    assert_eq!(health.status("shop").await, Some(Serving));
    dependency.set(false);
    advance(INTERVAL).await;
    assert_eq!(health.status("shop").await, Some(NotServing));
}

#[tokio::test(start_paused = true)]
async fn the_server_as_a_whole_has_a_status_of_its_own() {
    let health = Health::new();
    health.set_not_serving("shop");
    assert_eq!(health.status("").await, Some(Serving));
    assert_eq!(health.status("unheard.Of").await, None);
    let statuses = health.statuses().await;
    let expected = [(String::new(), Serving), ("shop".to_owned(), NotServing)];
    assert!(statuses.into_iter().eq(expected));
}

#[tokio::test(start_paused = true)]
async fn a_watched_service_is_checked_again_after_each_interval_and_changes_are_told() {
    let dependency = Dependency::default();
    dependency.set(true);
    let health = dependency.health();
    let mut watch = Watch::new(&ServerHealth::new(health.clone()), "shop".to_owned());
    assert_eq!(watch.next().await, Some(Some(Serving)));
    let began = tokio::time::Instant::now();
    let other = dependency.clone();
    tokio::spawn(async move {
        tokio::time::sleep(INTERVAL * 3 - Duration::from_millis(1)).await;
        other.set(false);
    });
    assert_eq!(watch.next().await, Some(Some(NotServing)));
    assert_eq!(began.elapsed().as_secs(), 15);
    assert_eq!(dependency.asked(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_set_while_a_check_runs_is_told_without_it() {
    let health = Health::new();
    let check = Check::new(pending::<bool>).timeout(Duration::MAX);
    health.check("shop", check);
    let server = ServerHealth::new(health);
    let mut watch = Watch::new(&server, "shop".to_owned());
    let mut next = Box::pin(watch.next());
    assert!(timeout(Duration::ZERO, &mut next).await.is_err());
    server.shutting_down();
    assert_eq!(next.await, Some(Some(NotServing)));
    assert_eq!(watch.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_of_what_is_no_change() {
    let health = Health::new();
    let mut watch = Watch::new(&ServerHealth::new(health.clone()), "shop".to_owned());
    assert_eq!(watch.next().await, Some(None), "no such service");
    for _ in 0..3 {
        health.set_not_serving("other");
        let next = timeout(Duration::from_secs(60), watch.next()).await;
        assert!(next.is_err(), "{next:?}");
    }
    health.set_serving("shop");
    assert_eq!(watch.next().await, Some(Some(Serving)));
    health.set_serving("shop");
    let next = timeout(Duration::from_secs(60), watch.next()).await;
    assert!(next.is_err(), "{next:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_started_again_serves() {
    let health = Health::new();
    health.starts(["shop"].into_iter());
    assert_eq!(health.status("shop").await, Some(Serving));
    health.ends();
    assert_eq!(health.status("shop").await, Some(NotServing));
    assert_eq!(health.status("").await, Some(NotServing));
    health.starts(["shop"].into_iter());
    assert_eq!(health.status("shop").await, Some(Serving));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_shuts_down_says_so_for_itself_only() {
    let health = Health::new();
    let [first, second] = [(); 2].map(|()| ServerHealth::new(health.clone()));
    for server in [&first, &second] {
        server.starting(&[]);
    }
    let mut watch = Watch::new(&second, String::new());
    assert_eq!(watch.next().await, Some(Some(Serving)));
    first.shutting_down();
    assert_eq!(first.status("").await, Some(NotServing));
    assert_eq!(second.status("").await, Some(Serving));
    assert_eq!(health.status("").await, Some(Serving));
    assert!(timeout(INTERVAL, watch.next()).await.is_err());
    second.shutting_down();
    assert_eq!(watch.next().await, Some(Some(NotServing)));
    assert_eq!(second.statuses().await[""], NotServing);
    assert_eq!(health.status("").await, Some(NotServing));
}
