//! Pauses between the attempts of a call.

use std::time::Duration;

use super::policy::Retry;

/// The pause after `failures` attempts: the share `random`, from 0 to 1, of the longest one ("full jitter").
pub(super) fn pause(policy: &Retry, failures: u32, random: f64) -> Duration {
    longest(policy, failures).mul_f64(random.clamp(0.0, 1.0))
}

/// The longest pause after `failures` attempts.
fn longest(policy: &Retry, failures: u32) -> Duration {
    let exponent = i32::try_from(failures.saturating_sub(1)).unwrap_or(i32::MAX);
    let growth = policy.multiplier.powi(exponent);
    let longest = policy.initial_backoff.as_secs_f64() * growth;
    // Whatever is too large for a duration is over the cap.
    let longest = Duration::try_from_secs_f64(longest).unwrap_or(Duration::MAX);
    longest.min(policy.max_backoff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_pause_doubles_up_to_the_cap() {
        let policy = Retry::exponential(20);
        let longest: Vec<_> = (1..9).map(|n| longest(&policy, n).as_millis()).collect();
        assert_eq!(longest, [100, 200, 400, 800, 1600, 3200, 6400, 10_000]);
    }

    #[test]
    fn a_pause_is_anywhere_between_nothing_and_the_longest() {
        let policy = Retry::exponential(3);
        assert_eq!(pause(&policy, 2, 0.0), Duration::ZERO);
        assert_eq!(pause(&policy, 2, 0.5), Duration::from_millis(100));
        assert_eq!(pause(&policy, 2, 1.0), Duration::from_millis(200));
    }

    #[test]
    fn pauses_of_any_policy_stay_under_its_cap_and_never_panic() {
        let seed = fastrand::u64(..);
        println!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..10_000 {
            let any = |random: &mut fastrand::Rng| {
                let bits = random.u32(..64);
                Duration::new(random.u64(..) >> bits, random.u32(..1_000_000_000))
            };
            let (initial, cap) = (any(&mut random), any(&mut random));
            let policy = Retry::exponential(3)
                .initial_backoff(initial)
                .max_backoff(cap)
                .multiplier(f64::from_bits(random.u64(..)));
            let (failures, share) = (random.u32(..) >> random.u32(..32), random.f64());
            let longest = longest(&policy, failures);
            let pause = pause(&policy, failures, share);
            assert!(pause <= longest && longest <= cap, "{policy:?}, {failures}");
        }
    }
}
