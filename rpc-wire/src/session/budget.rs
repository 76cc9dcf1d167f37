//! What a connection grants to the messages that arrive on its streams.

use std::collections::VecDeque;

use super::assembly::{Assembly, Refused};
use super::encoded::{EncodedRef, MessageBody};
use super::flow::message_cost;

/// Bytes by which the windows of a connection's streams may grow in all beyond the initial ones:
/// enough for one stream at a gigabit a second over a hundred milliseconds.
pub(crate) const WINDOW_GROWTH: i64 = 16 * 1024 * 1024;

/// Least that is granted of the shared budget at a time, unless a message needs less: four frames of the
/// usual size for one WINDOW.
const LEAST_SHARE: u64 = 64 * 1024;

/// What a connection holds of messages that arrive, and what it grants beyond the initial windows.
///
/// One message at a time has *the turn*: it is granted all that it may ever need, so it can finish whatever
/// becomes of the others, and then the turn is the next one's. So no message waits for good. The others
/// share a budget meanwhile, of which each may hold as much as is left free: however
/// many wait for their turn, there is room for one that is not so large.
#[derive(Debug)]
pub(crate) struct ReceiveBudget {
    /// Bytes of the shared budget that no message holds.
    free: u64,
    /// The stream whose message has the turn.
    turn: Option<u32>,
    /// Streams whose messages wait for the turn or a share.
    waiting: VecDeque<u32>,
    /// The turn or a share was given back, and those that wait were not served since.
    is_serving_due: bool,
    /// Bytes that all streams hold.
    held: u64,
    /// Bytes by which windows may grow yet.
    growth: i64,
}

impl ReceiveBudget {
    /// A shared budget of `size` bytes.
    pub(crate) fn new(size: u64) -> Self {
        ReceiveBudget {
            free: size,
            turn: None,
            waiting: VecDeque::new(),
            is_serving_due: false,
            held: 0,
            growth: WINDOW_GROWTH,
        }
    }

    /// Bytes that all streams hold: of messages in part, and what whole ones cost that nobody has read.
    pub(crate) fn held(&self) -> u64 {
        self.held
    }

    /// What is granted of the budget, and bytes that are held.
    #[cfg(test)]
    pub(crate) fn state(&self) -> BudgetState {
        (self.free, self.turn, self.held)
    }

    /// Takes a fragment of the only message of its direction. Memory grows with what arrived, never
    /// with what was announced.
    pub(crate) fn push(&mut self, assembly: &mut Assembly, fragment: &[u8]) -> Result<(), Refused> {
        assembly.push(fragment)?;
        self.held += fragment.len() as u64;
        Ok(())
    }

    /// Takes a fragment on a stream of messages, and gives the message that it completes, whose
    /// part of the grants is free again. A message that came in one piece is what `whole` gives.
    pub(crate) fn take<'a>(
        &mut self,
        id: u32,
        assembly: &mut Assembly,
        fragment: &[u8],
        completes: bool,
        whole: impl FnOnce() -> MessageBody<'a>,
    ) -> Result<Option<EncodedRef<'a>>, Refused> {
        let message = assembly.take(fragment, completes, whole)?;
        self.held += if completes {
            self.settle(id, assembly);
            message_cost(fragment.len())
        } else {
            fragment.len() as u64
        };
        Ok(message)
    }

    /// Messages of this cost came in one piece each, and were taken off the stream's window.
    pub(crate) fn took_whole(&mut self, id: u32, assembly: &mut Assembly, cost: u64) {
        self.held += cost;
        self.settle(id, assembly);
    }

    /// Looks after a message of which a fragment arrived: the increment to grant now, if any.
    pub(crate) fn review(&mut self, id: u32, assembly: &mut Assembly) -> Option<u32> {
        if assembly.waiting || !assembly.is_running_low() {
            return None;
        }
        let granted = self.grant(id, assembly);
        if granted.is_none() && assembly.wanted() > 0 {
            assembly.waiting = true;
            self.waiting.push_back(id);
        }
        granted
    }

    /// The reader of a stream took messages of this cost: the increment to grant now, if any.
    pub(crate) fn consumed(&mut self, id: u32, assembly: &mut Assembly, cost: u64) -> Option<u32> {
        self.held -= assembly.read(cost);
        if assembly.is_window_too_small() {
            self.grow(assembly);
        }
        let granted = assembly.top_up();
        if assembly.wanted() == 0 {
            self.leave_queue(id, assembly);
        }
        match granted {
            None if assembly.is_partial() => self.review(id, assembly),
            granted => granted,
        }
    }

    /// The sender of a stream of messages asks for a window: the increment to grant now, if any.
    pub(crate) fn asked(&mut self, id: u32, assembly: &mut Assembly) -> Option<u32> {
        assembly.asked = !assembly.is_reader_behind();
        if !assembly.asked {
            self.shrink(assembly);
        }
        self.consumed(id, assembly, 0)
    }

    /// A reader that does not keep up has no use for more than the initial window.
    fn shrink(&mut self, assembly: &mut Assembly) {
        self.growth += std::mem::take(&mut assembly.grown);
    }

    /// Doubles the window of a stream, as far as there is room for it.
    fn grow(&mut self, assembly: &mut Assembly) {
        let growth = assembly.target().min(self.growth);
        self.growth -= growth;
        assembly.grown += growth;
        assembly.asked = false;
    }

    /// Drops what has arrived of a message, if one has begun, and tells whether.
    pub(crate) fn abandon(&mut self, id: u32, assembly: &mut Assembly) -> bool {
        self.settle(id, assembly);
        let partial = assembly.abandon();
        self.held -= partial;
        partial > 0
    }

    /// A message ended, whole or not: its part of the grants is free again, and so is its place
    /// among those that wait.
    pub(crate) fn settle(&mut self, id: u32, assembly: &mut Assembly) {
        let share = std::mem::take(&mut assembly.share);
        self.free += share;
        let had_turn = self.turn.take_if(|turn| *turn == id).is_some();
        self.is_serving_due |= had_turn || share > 0;
        self.leave_queue(id, assembly);
    }

    fn leave_queue(&mut self, id: u32, assembly: &mut Assembly) {
        if std::mem::take(&mut assembly.waiting) {
            self.waiting.retain(|waiting| *waiting != id);
        }
    }

    /// A stream ended: nothing of it is held any more.
    pub(crate) fn release(&mut self, id: u32, assembly: &mut Assembly) {
        self.settle(id, assembly);
        self.held -= assembly.held();
        assembly.read(u64::MAX);
        self.shrink(assembly);
    }

    /// The streams that wait, in turn, if there may be something for them: each is to be
    /// [served](Self::serve).
    pub(crate) fn take_waiting(&mut self) -> VecDeque<u32> {
        match std::mem::take(&mut self.is_serving_due) {
            true => std::mem::take(&mut self.waiting),
            false => VecDeque::new(),
        }
    }

    /// Serves a stream from [`take_waiting`](Self::take_waiting): the increment to grant now. It goes
    /// on waiting if there is none.
    pub(crate) fn serve(&mut self, id: u32, assembly: &mut Assembly) -> Option<u32> {
        let granted = self.grant(id, assembly);
        match granted {
            Some(_) => assembly.waiting = false,
            None => self.waiting.push_back(id),
        }
        granted
    }

    fn grant(&mut self, id: u32, assembly: &mut Assembly) -> Option<u32> {
        let wanted = assembly.wanted();
        if wanted == 0 {
            return None;
        }
        if self.turn.is_none() {
            self.turn = Some(id);
            self.free += std::mem::take(&mut assembly.share);
            return Some(assembly.grant(wanted));
        }
        // After the grant it holds no more than is left.
        let room = self.free.saturating_sub(assembly.share) / 2;
        let share = assembly.step().min(room);
        if share < wanted.min(LEAST_SHARE) {
            return None;
        }
        self.free -= share;
        assembly.share += share;
        Some(assembly.grant(share))
    }
}

/// What is free of the shared budget, who has the turn, and bytes that are held.
#[cfg(test)]
pub(crate) type BudgetState = (u64, Option<u32>, u64);

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1024;
    const INITIAL: u32 = 100 * KIB as u32;
    const LARGEST: u64 = 1000 * KIB;

    fn assembly() -> Assembly {
        Assembly::new(INITIAL, LARGEST)
    }

    fn arrive(
        budget: &mut ReceiveBudget,
        id: u32,
        assembly: &mut Assembly,
        bytes: u64,
    ) -> Option<u64> {
        budget
            .push(assembly, &vec![0; bytes as usize])
            .expect("within the window");
        budget.review(id, assembly).map(u64::from)
    }

    /// A budget whose turn is taken.
    fn taken(size: u64) -> (ReceiveBudget, Assembly) {
        let (mut budget, mut first) = (ReceiveBudget::new(size), assembly());
        assert!(arrive(&mut budget, 1, &mut first, 60 * KIB).is_some());
        (budget, first)
    }

    /// Lets those that wait have what there is; gives their increments.
    fn serve(budget: &mut ReceiveBudget, streams: &mut [(u32, &mut Assembly)]) -> Vec<(u32, u64)> {
        let mut served = Vec::new();
        for id in budget.take_waiting() {
            let stream = streams.iter_mut().find(|(other, _)| *other == id);
            let (_, assembly) = stream.expect("only those wait");
            served.extend(budget.serve(id, assembly).map(|grant| (id, grant.into())));
        }
        served
    }

    #[test]
    fn the_message_with_the_turn_is_granted_all_that_it_may_need_once_its_window_runs_low() {
        let (mut budget, mut message) = (ReceiveBudget::new(0), assembly());
        assert_eq!(arrive(&mut budget, 1, &mut message, 50 * KIB), None);
        let rest = LARGEST + 1 - u64::from(INITIAL);
        assert_eq!(arrive(&mut budget, 1, &mut message, 10 * KIB), Some(rest));
        let again = arrive(&mut budget, 1, &mut message, 60 * KIB);
        assert_eq!(again, None, "granted once");
    }

    #[test]
    fn one_byte_over_the_limit_is_seen_as_too_large() {
        let (mut budget, mut message) = taken(0);
        let rest = vec![0; (LARGEST - 60 * KIB) as usize + 1];
        assert_eq!(budget.push(&mut message, &rest), Err(Refused::TooLarge));
    }

    #[test]
    fn more_than_the_window_is_refused() {
        let (mut budget, mut message) = (ReceiveBudget::new(0), assembly());
        let more = vec![0; INITIAL as usize + 1];
        assert_eq!(budget.push(&mut message, &more), Err(Refused::Window));
    }

    #[test]
    fn the_others_are_granted_as_much_as_arrived_each_time_while_no_more_than_is_left() {
        let (mut budget, _first) = taken(1200 * KIB);
        let mut second = assembly();
        let grant = arrive(&mut budget, 2, &mut second, 60 * KIB);
        assert_eq!(grant, Some(100 * KIB), "an initial window");
        let grant = arrive(&mut budget, 2, &mut second, 100 * KIB);
        assert_eq!(grant, Some(160 * KIB), "what has arrived");
        let grant = arrive(&mut budget, 2, &mut second, 160 * KIB);
        assert_eq!(grant, Some(320 * KIB));
        assert_eq!(budget.state().0, 620 * KIB);
        let grant = arrive(&mut budget, 2, &mut second, 320 * KIB);
        assert_eq!(grant, None, "only 20 KiB are half of what is between");
    }

    #[test]
    fn a_message_that_comes_later_finds_room_beside_those_that_wait_for_their_turn() {
        let (mut budget, _first) = taken(1000 * KIB);
        let mut others: Vec<_> = (2..5).map(|id| (id, assembly())).collect();
        for (id, message) in &mut others {
            let mut arrived = 60 * KIB;
            while let Some(granted) = arrive(&mut budget, *id, message, arrived) {
                arrived = granted;
            }
            assert!(message.waiting);
        }
        let mut late = assembly();
        assert!(arrive(&mut budget, 9, &mut late, 60 * KIB).is_some());
    }

    #[test]
    fn the_turn_is_given_to_those_that_wait_in_order_and_frees_their_share() {
        let (mut budget, mut first) = taken(0);
        let [mut second, mut third] = [assembly(), assembly()];
        assert_eq!(arrive(&mut budget, 2, &mut second, 60 * KIB), None);
        assert_eq!(arrive(&mut budget, 3, &mut third, 60 * KIB), None);
        let rest = LARGEST + 1 - u64::from(INITIAL);
        for (ended, next) in [(1, 2), (2, 3)] {
            let ending = if ended == 1 { &mut first } else { &mut second };
            budget.release(ended, ending);
            let mut streams = [(2, &mut second), (3, &mut third)];
            assert_eq!(serve(&mut budget, &mut streams), [(next, rest)]);
        }
        budget.release(3, &mut third);
        assert_eq!(budget.state(), (0, None, 0));
    }

    #[test]
    fn whoever_gets_the_turn_gives_its_share_to_the_others() {
        let (mut budget, mut first) = taken(200 * KIB);
        let [mut second, mut third] = [assembly(), assembly()];
        let share = arrive(&mut budget, 2, &mut second, 60 * KIB);
        assert_eq!(share, Some(100 * KIB));
        assert_eq!(arrive(&mut budget, 2, &mut second, 100 * KIB), None);
        assert_eq!(arrive(&mut budget, 3, &mut third, 60 * KIB), None);
        budget.release(1, &mut first);
        let mut streams = [(2, &mut second), (3, &mut third)];
        let rest = LARGEST + 1 - 200 * KIB;
        let served = serve(&mut budget, &mut streams);
        assert_eq!(served, [(2, rest), (3, 100 * KIB)]);
    }

    #[test]
    fn nobody_is_asked_again_before_something_was_given_back() {
        let (mut budget, _first) = taken(0);
        let mut second = assembly();
        assert_eq!(arrive(&mut budget, 2, &mut second, 60 * KIB), None);
        let mut small = assembly();
        let message = budget.take(3, &mut small, b"x", true, || MessageBody::Borrowed(b"x"));
        assert!(message.is_ok());
        assert!(budget.take_waiting().is_empty());
    }

    #[test]
    fn a_message_that_ends_gives_up_its_place_among_those_that_wait() {
        let (mut budget, mut first) = taken(0);
        let mut second = assembly();
        arrive(&mut budget, 2, &mut second, 60 * KIB);
        budget.release(2, &mut second);
        budget.release(1, &mut first);
        assert!(budget.take_waiting().is_empty());
        assert_eq!(budget.state(), (0, None, 0));
    }

    #[test]
    fn a_limit_within_the_initial_window_needs_no_grant() {
        let mut budget = ReceiveBudget::new(0);
        let mut message = Assembly::new(INITIAL, u64::from(INITIAL) - 1);
        assert_eq!(arrive(&mut budget, 1, &mut message, 90 * KIB), None);
        assert_eq!(budget.state().1, None);
    }

    #[test]
    fn a_stream_that_needs_nothing_any_more_gives_up_its_place_among_those_that_wait() {
        let (mut budget, mut first) = taken(0);
        let mut second = assembly();
        assert_eq!(arrive(&mut budget, 2, &mut second, 60 * KIB), None);
        // Its window is filled up because it has grown.
        second.grown = 10 * LARGEST as i64;
        assert!(budget.consumed(2, &mut second, 0).is_some());
        budget.release(1, &mut first);
        assert!(budget.take_waiting().is_empty());
    }
}
