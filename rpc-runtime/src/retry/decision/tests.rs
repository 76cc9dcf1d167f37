use super::super::budget::RetryBudget;
use rpc_wire::Code;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// What is decided of a call with three attempts, after a failure, with the longest pauses.
struct Case {
    now: Instant,
    policy: Retry,
    status: Status,
    timed_out: bool,
    attempts: u32,
    idempotent: bool,
    deadline: Option<Duration>,
    tokens: Tokens,
}

impl Case {
    fn new(status: Status) -> Self {
        Case {
            now: Instant::now(),
            policy: Retry::exponential(3),
            status,
            timed_out: false,
            attempts: 1,
            idempotent: false,
            deadline: None,
            tokens: Tokens::new(RetryBudget::default()),
        }
    }

    fn refused() -> Self {
        Self::new(Status::unavailable("down").with_may_have_run(false))
    }

    /// The pause before the next attempt.
    fn decide(&self) -> Result<Duration, NotAgain> {
        let failure = Failure {
            status: &self.status,
            timed_out: self.timed_out,
            attempts: self.attempts,
            idempotent: self.idempotent,
            deadline: self.deadline.map(|deadline| self.now + deadline),
        };
        let at = decide(&self.policy, &failure, &self.tokens, self.now, 1.0)?;
        Ok(at - self.now)
    }
}

#[test]
fn what_did_not_run_is_sent_again_after_a_pause() {
    let mut case = Case::refused();
    assert_eq!(case.decide(), Ok(Duration::from_millis(100)));
    case.attempts = 2;
    assert_eq!(case.decide(), Ok(Duration::from_millis(200)));
    case.attempts = 3;
    assert_eq!(case.decide(), Err(NotAgain::Attempts(3)));
}

#[test]
fn what_may_have_run_is_sent_again_only_if_it_may_run_twice() {
    let mut case = Case::new(Status::unavailable("lost"));
    assert_eq!(case.decide(), Err(NotAgain::MayHaveRun));
    case.idempotent = true;
    case.decide().unwrap();
}

#[test]
fn only_the_codes_of_the_policy_are_sent_again() {
    let mut case = Case::new(Status::aborted("conflict").with_may_have_run(false));
    assert_eq!(case.decide(), Err(NotAgain::Lasting));
    case.policy = case.policy.codes([Code::Aborted]);
    case.decide().unwrap();
    case.status = Status::unavailable("down").with_may_have_run(false);
    assert_eq!(case.decide(), Err(NotAgain::Lasting));
}

#[test]
fn no_attempt_begins_at_the_deadline_or_after_it() {
    let mut case = Case::refused();
    case.deadline = Some(Duration::from_millis(101));
    case.decide().unwrap();
    case.deadline = Some(Duration::from_millis(100));
    let pause = Duration::from_millis(100);
    assert_eq!(case.decide(), Err(NotAgain::Deadline(pause)));
}

#[test]
fn the_servers_wish_replaces_the_pause() {
    let mut case = Case::refused();
    case.status = case.status.with_retry_pushback(7 * SECOND);
    assert_eq!(case.decide(), Ok(7 * SECOND));
    case.deadline = Some(7 * SECOND);
    assert_eq!(case.decide(), Err(NotAgain::Deadline(7 * SECOND)));
    case.deadline = None;
    case.status = case.status.with_retry_pushback(Duration::MAX);
    assert_eq!(case.decide(), Err(NotAgain::Deadline(Duration::MAX)));
}

#[test]
fn an_attempt_that_timed_out_is_sent_again_if_it_may_run_twice() {
    let mut case = Case::new(Status::deadline_exceeded("no answer"));
    case.idempotent = true;
    assert_eq!(case.decide(), Err(NotAgain::Lasting));
    case.timed_out = true;
    case.decide().unwrap();
    case.idempotent = false;
    assert_eq!(case.decide(), Err(NotAgain::MayHaveRun));
}

#[test]
fn failures_that_could_be_retried_use_the_budget_up_and_others_do_not() {
    let mut case = Case::new(Status::not_found("nothing"));
    case.tokens = Tokens::new(RetryBudget::new(4, 0.0));
    for _ in 0..10 {
        assert_eq!(case.decide(), Err(NotAgain::Lasting));
    }
    case.status = Status::unavailable("down").with_may_have_run(false);
    case.decide().unwrap();
    assert_eq!(case.decide(), Err(NotAgain::Budget));
}

#[test]
fn the_last_status_says_why_there_is_no_further_attempt() {
    let explained = |why: NotAgain| {
        why.explain(Status::unavailable("down"))
            .message()
            .to_owned()
    };
    assert_eq!(explained(NotAgain::Lasting), "down");
    for (why, part) in [
        (NotAgain::Attempts(3), "all 3 attempts"),
        (NotAgain::MayHaveRun, "idempotent(true)"),
        (NotAgain::Budget, "retry_budget"),
        (NotAgain::Deadline(SECOND), "pause of 1s"),
        (NotAgain::Deadline(Duration::MAX), "the server asks not to"),
        (
            NotAgain::Crowd(9),
            "9 calls wait to be sent again (retry::MAX_WAITING)",
        ),
        (NotAgain::NoThread, "cannot be started"),
        (NotAgain::ShutDown, "retry::shutdown"),
    ] {
        let message = explained(why);
        assert!(message.starts_with("down; not sent again: "), "{message}");
        assert!(message.contains(part), "{message}");
    }
}
