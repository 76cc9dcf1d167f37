use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use rpc_wire::MethodKind;

use super::*;

static METHOD: MethodDescriptor = MethodDescriptor::new("a.A", "B", "a.A/B", MethodKind::Unary);

const LONG: Duration = Duration::from_secs(3_600);

/// Where calls go whose number is even.
static EVEN: u8 = 0;
/// Where the others go.
static ODD: u8 = 1;

struct Call {
    number: u32,
    woken: Sender<(u32, Woken)>,
}

impl Waiting for Call {
    fn describe(&self) -> (&'static MethodDescriptor, u32, Status) {
        (&METHOD, self.number, Status::unavailable("down"))
    }

    fn way(&self) -> Way {
        Way::of(if self.number.is_multiple_of(2) {
            &EVEN
        } else {
            &ODD
        })
    }

    fn go_on(self: Box<Self>, woken: Woken) {
        self.woken.send((self.number, woken)).unwrap();
        if self.number == 0 {
            panic!("on purpose");
        }
    }
}

struct Calls {
    manager: &'static Manager,
    sender: Sender<(u32, Woken)>,
    woken: Receiver<(u32, Woken)>,
}

impl Calls {
    fn new(capacity: usize) -> Self {
        let (sender, woken) = channel();
        Calls {
            manager: Box::leak(Box::new(Manager::new(Instant::now(), capacity))),
            sender,
            woken,
        }
    }

    fn park(&self, number: u32, after: Duration) -> Result<Key, NotAgain> {
        let woken = self.sender.clone();
        let call = Box::new(Call { number, woken });
        let parked = self.manager.park(Instant::now() + after, call);
        parked.map_err(|(why, _)| why)
    }

    fn next(&self) -> (u32, Woken) {
        self.woken.recv_timeout(Duration::from_secs(30)).unwrap()
    }
}

#[test]
fn calls_go_on_when_they_are_due_though_later_ones_came_first() {
    let calls = Calls::new(10);
    calls.park(9, LONG).unwrap();
    calls.park(2, Duration::from_millis(20)).unwrap();
    calls.park(1, Duration::from_millis(10)).unwrap();
    assert_eq!(calls.next(), (1, Woken::Due));
    assert_eq!(calls.next(), (2, Woken::Due));
    assert_eq!(calls.manager.tasks().len(), 1);
}

#[test]
fn a_call_that_panics_when_it_is_woken_harms_no_other() {
    let calls = Calls::new(10);
    calls.park(0, Duration::ZERO).unwrap();
    assert_eq!(calls.next(), (0, Woken::Due));
    calls.park(1, Duration::ZERO).unwrap();
    assert_eq!(calls.next(), (1, Woken::Due));
}

#[test]
fn the_list_tells_what_waits_the_next_one_first() {
    let calls = Calls::new(10);
    calls.park(2, 2 * LONG).unwrap();
    calls.park(1, LONG).unwrap();
    let tasks = calls.manager.tasks();
    let attempts: Vec<_> = tasks.iter().map(WaitingRetry::attempts).collect();
    assert_eq!(attempts, [1, 2]);
    assert!(tasks[0].next() < tasks[1].next());
    assert_eq!(tasks[0].status().message(), "down");
    assert_eq!(tasks[0].method().path(), "a.A/B");
}

#[test]
fn a_full_manager_takes_no_more_until_a_call_is_forgotten() {
    let calls = Calls::new(1);
    let key = calls.park(1, LONG).unwrap();
    assert_eq!(calls.park(2, LONG), Err(NotAgain::Crowd(1)));
    calls.manager.forget(key);
    calls.park(3, LONG).unwrap();
}

#[test]
fn a_call_may_be_roused_once() {
    let calls = Calls::new(1);
    let key = calls.park(1, LONG).unwrap();
    calls.manager.rouse(key);
    calls.manager.rouse(key);
    assert_eq!(calls.next(), (1, Woken::Due));
    assert_eq!(calls.manager.tasks().len(), 0);
    calls.woken.try_recv().unwrap_err();
}

#[test]
fn calls_that_go_one_way_may_be_roused_together() {
    let calls = Calls::new(4);
    for number in 1..5 {
        calls.park(number, LONG).unwrap();
    }
    calls.manager.rouse_all(Way::of(&EVEN));
    assert_eq!(calls.next(), (2, Woken::Due));
    assert_eq!(calls.next(), (4, Woken::Due));
    assert_eq!(calls.manager.tasks().len(), 2);
}

#[test]
fn shutdown_ends_what_waits_and_takes_no_more() {
    let calls = Calls::new(10);
    calls.park(1, LONG).unwrap();
    calls.manager.shut_down();
    assert_eq!(calls.next(), (1, Woken::Over(NotAgain::ShutDown)));
    assert_eq!(calls.park(2, LONG), Err(NotAgain::ShutDown));
}
