//! Whatever callers and servers do, in whatever order: no place is lost, no caller is left waiting, and
//! there are never more connections than may be. A failure prints the steps, and the seed that leads to them.

use std::sync::atomic::Ordering;

use proptest::prelude::*;

use super::*;

/// Something that happens.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Somebody asks for a place.
    Enter,
    /// A caller gives up, wherever it is.
    Cancel(usize),
    /// A call ends.
    Finish(usize),
    /// A connection is lost.
    Lose(usize),
    /// A server asks a connection to leave.
    Leave(usize),
    /// A connection has been idle for long.
    Expire(usize),
    /// Attempts to connect fail from now on, or do not.
    Refuse(bool),
    /// Everybody does what they can.
    Settle,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => Just(Step::Enter),
        3 => any::<usize>().prop_map(Step::Cancel),
        5 => any::<usize>().prop_map(Step::Finish),
        1 => any::<usize>().prop_map(Step::Lose),
        1 => any::<usize>().prop_map(Step::Leave),
        1 => any::<usize>().prop_map(Step::Expire),
        1 => any::<bool>().prop_map(Step::Refuse),
        4 => Just(Step::Settle),
    ]
}

#[derive(Clone, Copy, Debug)]
struct Shape {
    places: usize,
    max_connections: usize,
    min_idle: usize,
    max_idle: Option<usize>,
    exclusive: bool,
}

fn shape() -> impl Strategy<Value = Shape> {
    let idle = (0..=1usize, proptest::option::of(1..=2usize));
    (1..=3usize, 1..=3usize, idle, any::<bool>()).prop_map(
        |(places, max_connections, (min_idle, max_idle), exclusive)| Shape {
            places: if exclusive { 1 } else { places },
            max_connections,
            min_idle,
            max_idle,
            exclusive,
        },
    )
}

struct World {
    network: Arc<Network>,
    pool: Arc<Pool<Fake>>,
    callers: Vec<Caller>,
    running: Vec<Running>,
    max_connections: usize,
}

impl World {
    fn new(shape: Shape) -> Self {
        let network = Network::new(shape.places);
        let pool = pool(&network, |config| {
            config.max_connections = shape.max_connections;
            config.min_idle = shape.min_idle;
            config.max_idle = shape.max_idle;
            config.max_streams_per_connection = shape.exclusive.then_some(1);
        });
        World {
            network,
            pool,
            callers: Vec::new(),
            running: Vec::new(),
            max_connections: shape.max_connections,
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Enter => {
                let entered = self.pool.enter(None).unwrap();
                let granted = Arc::clone(&self.pool).granted(entered, None);
                self.callers.push(tokio::spawn(granted));
            }
            Step::Cancel(which) => {
                if let Some(at) = nth(which, self.callers.len()) {
                    self.callers.swap_remove(at).abort();
                }
            }
            Step::Finish(which) => {
                if let Some(at) = nth(which, self.running.len()) {
                    self.running.swap_remove(at);
                }
            }
            Step::Lose(which) => self.with_connection(which, |connection| connection.lose()),
            Step::Leave(which) => {
                self.with_connection(which, |connection| connection.leave("asked to"));
            }
            Step::Expire(which) => self.with_connection(which, |connection| {
                if connection.used() == 0 {
                    connection.expire();
                }
            }),
            Step::Refuse(refuses) => self.network.refuses.store(refuses, Ordering::SeqCst),
            Step::Settle => self.settle().await,
        }
        let stats = self.pool.stats();
        let counted = stats.idle + stats.active + stats.connecting;
        assert!(counted <= self.max_connections, "{stats:?}");
        assert!(
            counted + stats.draining <= 2 * self.max_connections,
            "{stats:?}"
        );
    }

    fn with_connection(&self, which: usize, act: impl FnOnce(&Arc<Fake>)) {
        let alive = self.network.alive();
        if let Some(at) = nth(which, alive.len()) {
            act(&alive[at]);
        }
    }

    /// Lets callers begin their calls.
    async fn settle(&mut self) {
        settle().await;
        for caller in std::mem::take(&mut self.callers) {
            if !caller.is_finished() {
                self.callers.push(caller);
            } else if let Ok(lease) = caller.await.unwrap() {
                self.running.push(Running::on(lease));
            }
        }
    }

    /// Everything goes well again, and every call ends.
    async fn finish(&mut self) {
        self.network.refuses.store(false, Ordering::SeqCst);
        for _ in 0..1_000 {
            self.settle().await;
            self.running.clear();
            if self.callers.is_empty() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
        assert!(self.callers.is_empty(), "some wait for ever");
        self.settle().await;
        let stats = self.pool.stats();
        assert_eq!((stats.waiting, stats.pending, stats.active), (0, 0, 0));
        for connection in self.network.alive() {
            assert_eq!(connection.used(), 0, "a place is lost");
        }
        let counted = stats.idle + stats.draining;
        assert_eq!(
            counted,
            self.network.alive().len(),
            "one is lost: {stats:?}"
        );
        assert_eq!(stats.opened - stats.closed, counted as u64);
    }
}

fn nth(which: usize, len: usize) -> Option<usize> {
    which.checked_rem(len)
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 500, ..ProptestConfig::default() })]

    #[test]
    fn no_place_is_lost_and_nobody_waits_for_ever(
        shape in shape(),
        steps in proptest::collection::vec(step(), 0..120),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut world = World::new(shape);
            for step in steps {
                world.take(step).await;
            }
            world.finish().await;
            world.pool.close(crate::pool::closed());
            settle().await;
            assert!(world.network.alive().is_empty(), "some outlive their pool");
        });
    }
}
