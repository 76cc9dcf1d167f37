//! Which of a host's addresses answers first (RFC 8305, "Happy Eyeballs").

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// How long an address has to answer before the next one is tried beside it: the delay that
/// RFC 8305 recommends.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Connects to the first address that answers. One that fails is followed by the next at once,
/// one that is silent after [`ATTEMPT_DELAY`]; it may still win. Dropped, every attempt ends.
pub(super) async fn race<T, F>(
    addresses: Vec<SocketAddr>,
    connect: impl Fn(SocketAddr) -> F,
) -> io::Result<T>
where
    T: Send + 'static,
    F: Future<Output = io::Result<T>> + Send + 'static,
{
    if let [address] = addresses[..] {
        return connect(address).await;
    }
    let mut waiting = interleaved(addresses);
    let mut attempts = JoinSet::new();
    let mut failures = Vec::new();
    let mut next_attempt = Instant::now();
    loop {
        if attempts.is_empty() && waiting.is_empty() {
            return Err(joined(failures));
        }
        tokio::select! {
            Some(attempt) = attempts.join_next() => match attempt {
                Ok((_, Ok(stream))) => return Ok(stream),
                Ok((address, Err(error))) => {
                    failures.push((address, error));
                    next_attempt = Instant::now();
                }
                Err(ended) => return Err(io::Error::other(ended)),
            },
            () = sleep_until(next_attempt), if !waiting.is_empty() => {
                if let Some(address) = waiting.pop_front() {
                    let attempt = connect(address);
                    attempts.spawn(async move { (address, attempt.await) });
                }
                next_attempt = Instant::now() + ATTEMPT_DELAY;
            }
        }
    }
}

/// The families take turns, beginning with that of the first address: it is often a whole family
/// that does not get through.
fn interleaved(addresses: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let first_is_v4 = addresses.first().is_some_and(SocketAddr::is_ipv4);
    let (first, second): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv4() == first_is_v4);
    let mut second = second.into_iter();
    let mut turns = VecDeque::new();
    for address in first {
        turns.push_back(address);
        turns.extend(second.next());
    }
    turns.extend(second);
    turns
}

/// One error that says what became of each address.
fn joined(failures: Vec<(SocketAddr, io::Error)>) -> io::Error {
    let Some((_, last)) = failures.last() else {
        return io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    };
    let texts: Vec<_> = failures
        .iter()
        .map(|(address, error)| format!("{address}: {error}"))
        .collect();
    io::Error::new(last.kind(), texts.join("; "))
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::{Arc, Mutex};

    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn the_families_take_turns() {
        let sorted = interleaved(addresses(&[
            "[::1]:1",
            "[::1]:2",
            "[::1]:3",
            "127.0.0.1:1",
            "127.0.0.1:2",
        ]));
        let expected = [
            "[::1]:1",
            "127.0.0.1:1",
            "[::1]:2",
            "127.0.0.1:2",
            "[::1]:3",
        ];
        assert_eq!(Vec::from(sorted), addresses(&expected));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_address_costs_a_delay_and_not_the_time_limit() {
        let begun = Instant::now();
        let winner = race(
            addresses(&["[::1]:1", "127.0.0.1:1"]),
            |address| async move {
                match address.is_ipv6() {
                    true => pending().await,
                    false => Ok(address),
                }
            },
        );
        assert!(winner.await.unwrap().is_ipv4());
        assert_eq!(begun.elapsed(), ATTEMPT_DELAY);
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_fails_is_followed_by_the_next_at_once() {
        let begun = Instant::now();
        let tried = Arc::new(Mutex::new(Vec::new()));
        let noted = tried.clone();
        let all = addresses(&["[::1]:1", "127.0.0.1:1", "127.0.0.1:2"]);
        let outcome: io::Result<()> = race(all.clone(), move |address| {
            noted.lock().unwrap().push(address);
            async { Err(io::ErrorKind::ConnectionRefused.into()) }
        })
        .await;
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(error.to_string().starts_with("[::1]:1: "), "{error}");
        assert!(error.to_string().contains("; 127.0.0.1:2: "), "{error}");
        assert_eq!(*tried.lock().unwrap(), all);
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_address_may_still_win() {
        let winner = race(
            addresses(&["[::1]:1", "127.0.0.1:1"]),
            |address| async move {
                match address.is_ipv6() {
                    true => tokio::time::sleep(2 * ATTEMPT_DELAY).await,
                    false => pending().await,
                }
                Ok(address)
            },
        );
        assert!(winner.await.unwrap().is_ipv6());
    }
}
