//! How much of its calls a channel may repeat.

use std::sync::atomic::{AtomicU32, Ordering};

/// Tokens of a channel, unless configured otherwise: half of them may be spent on retries at once, which is
/// what a server that is restarted under load needs.
const DEFAULT_MAX_TOKENS: u32 = 100;

/// What a call that succeeds earns, unless configured otherwise: one call in ten may be repeated.
const DEFAULT_TOKEN_RATIO: f64 = 0.1;

/// Tokens are counted in thousandths.
const TOKEN: u32 = 1_000;

/// How much of its calls a channel may repeat, so that an outage does not multiply the load: gRPC's
/// `retryThrottling`.
///
/// A channel begins with `max_tokens`. Each attempt that fails in a way that could be retried takes a token,
/// and so does each hedge; each call that succeeds gives back `token_ratio` of one. Calls are
/// repeated only while more than half of the tokens are there.
///
/// With the default, 100 tokens and a ratio of 0.1, a server that is gone gets 50 retries, and after
/// that no more than one for ten calls that succeed.
///
/// ```
/// use rpc_runtime::{Channel, RetryBudget};
///
/// let builder = Channel::builder("127.0.0.1:8000").retry_budget(RetryBudget::new(20, 0.05));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryBudget {
    /// Thousandths of a token; 0 if there is no limit.
    max: u32,
    /// Thousandths of a token.
    ratio: u32,
}

impl RetryBudget {
    /// A budget of `max_tokens`, from 1 to 1,000,000, to which each call that succeeds gives `token_ratio`
    /// of a token, in thousandths. What is outside of that counts as the nearest that is not.
    pub fn new(max_tokens: u32, token_ratio: f64) -> Self {
        let ratio = (token_ratio * f64::from(TOKEN)).round();
        RetryBudget {
            max: max_tokens.clamp(1, 1_000_000) * TOKEN,
            // A cast saturates, and takes what is no number for 0.
            ratio: ratio as u32,
        }
    }

    /// No limit.
    pub const fn unlimited() -> Self {
        RetryBudget { max: 0, ratio: 0 }
    }
}

/// 100 tokens, and a tenth for each call that succeeds.
impl Default for RetryBudget {
    fn default() -> Self {
        Self::new(DEFAULT_MAX_TOKENS, DEFAULT_TOKEN_RATIO)
    }
}

/// The tokens of a channel.
#[derive(Debug)]
pub(crate) struct Tokens {
    budget: RetryBudget,
    /// Thousandths.
    left: AtomicU32,
}

impl Tokens {
    pub(crate) fn new(budget: RetryBudget) -> Self {
        Tokens {
            left: AtomicU32::new(budget.max),
            budget,
        }
    }

    /// A call succeeded. While nothing fails this is a comparison.
    pub(crate) fn earn(&self) {
        if self.left.load(Ordering::Relaxed) < self.budget.max {
            let RetryBudget { max, ratio } = self.budget;
            self.change(|left| left.saturating_add(ratio).min(max));
        }
    }

    /// An attempt failed, or a hedge is sent.
    pub(crate) fn spend(&self) {
        self.change(|left| left.saturating_sub(TOKEN));
    }

    /// Whether calls may be repeated.
    pub(crate) fn allow(&self) -> bool {
        self.budget.max == 0 || self.left.load(Ordering::Relaxed) > self.budget.max / 2
    }

    fn change(&self, change: impl Fn(u32) -> u32) {
        // The closure always gives a value, so there is no error.
        let _ = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                Some(change(left))
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_tokens_may_be_spent_at_once() {
        let tokens = Tokens::new(RetryBudget::default());
        let spent = (0..1_000)
            .filter(|_| {
                tokens.spend();
                tokens.allow()
            })
            .count();
        assert_eq!(spent, 49, "the fiftieth failure leaves no more than half");
    }

    #[test]
    fn after_that_one_call_in_ten_may_be_repeated() {
        let tokens = Tokens::new(RetryBudget::default());
        (0..1_000).for_each(|_| tokens.spend());
        let earned = (1..10_000).find(|_| {
            tokens.earn();
            tokens.allow()
        });
        assert_eq!(earned, Some(501));
        tokens.spend();
        assert!(!tokens.allow());
        (0..10).for_each(|_| tokens.earn());
        assert!(tokens.allow());
    }

    #[test]
    fn success_never_saves_more_than_the_maximum() {
        let tokens = Tokens::new(RetryBudget::new(2, 0.7));
        tokens.spend();
        (0..100).for_each(|_| tokens.earn());
        tokens.spend();
        assert!(!tokens.allow());
    }

    #[test]
    fn an_unlimited_budget_always_allows() {
        let tokens = Tokens::new(RetryBudget::unlimited());
        (0..1_000).for_each(|_| tokens.spend());
        assert!(tokens.allow());
    }

    #[test]
    fn strange_values_count_as_the_nearest_sensible_ones() {
        assert_eq!(RetryBudget::new(0, -1.0), RetryBudget::new(1, 0.0));
        assert_eq!(RetryBudget::new(1, f64::NAN), RetryBudget::new(1, 0.0));
        let most = RetryBudget::new(u32::MAX, f64::INFINITY);
        assert_eq!(most.max, 1_000_000 * TOKEN);
    }
}
