//! One caller: the task that makes calls, checks the answers and takes the time.

use std::ops::Range;
use std::time::Instant;

use anyhow::ensure;

use crate::logs::LogRecord;
use crate::tally::Tally;
use crate::{Call, Client, log_records};

/// Messages of a stream between two looks at the clock, which would cost more than a message.
const MESSAGES_PER_LOOK: usize = 256;

/// A client and what it is to do. A peer starts it with the spawn function of its runtime.
pub struct Caller<C> {
    pub(crate) client: C,
    pub(crate) text: String,
    pub(crate) call: Call,
    pub(crate) job: Job,
}

/// What a caller does.
#[derive(Debug, Clone)]
pub(crate) enum Job {
    /// Calls one after the other until the interval ends.
    Repeat(Range<Instant>),
    /// Takes messages of a server stream until the interval ends.
    Stream(Range<Instant>),
    /// One call, which is due at this moment.
    Once(Instant),
}

impl<C: Client> Caller<C> {
    /// Does the job, and counts what was answered within the interval.
    ///
    /// # Errors
    ///
    /// When a call fails, or its answer is not the text that was sent.
    pub async fn run(mut self) -> anyhow::Result<Tally> {
        let mut tally = Tally::default();
        match self.job {
            Job::Repeat(ref measured) => {
                let measured = measured.clone();
                self.repeat(measured, &mut tally).await?;
            }
            Job::Stream(measured) => {
                let mut messages = Messages {
                    text: self.text.clone(),
                    measured,
                    unseen: 0,
                    tally: &mut tally,
                };
                self.client.stream(self.text, &mut messages).await?;
            }
            Job::Once(due) => {
                self.echo().await?;
                tally.record(due.elapsed());
            }
        }
        Ok(tally)
    }

    /// The end of a call is the start of the next, so a call costs one look at the clock.
    async fn repeat(&mut self, measured: Range<Instant>, tally: &mut Tally) -> anyhow::Result<()> {
        let expected = log_records().iter().map(LogRecord::text_bytes).sum();
        let mut sent = Instant::now();
        while sent < measured.end {
            match self.call {
                Call::Echo => self.echo().await?,
                Call::Logs => self.logs(expected).await?,
            }
            let answered = Instant::now();
            if measured.contains(&answered) {
                tally.record(answered - sent);
            }
            sent = answered;
        }
        Ok(())
    }

    async fn echo(&mut self) -> anyhow::Result<()> {
        let answer = self.client.echo(self.text.clone()).await?;
        check(&answer, &self.text)
    }

    async fn logs(&mut self, expected: usize) -> anyhow::Result<()> {
        let bytes = self.client.logs().await?;
        ensure!(
            bytes == expected,
            "the log records have {bytes} bytes of text instead of {expected}"
        );
        Ok(())
    }
}

/// Where a peer puts the messages of a stream.
#[derive(Debug)]
pub struct Messages<'a> {
    text: String,
    measured: Range<Instant>,
    /// Messages since the last look at the clock.
    unseen: usize,
    tally: &'a mut Tally,
}

impl Messages<'_> {
    /// Takes a message, and says whether more are wanted.
    ///
    /// # Errors
    ///
    /// When the message is not the text that was asked for.
    pub fn take(&mut self, text: &str) -> anyhow::Result<bool> {
        check(text, &self.text)?;
        self.unseen += 1;
        if self.unseen < MESSAGES_PER_LOOK {
            return Ok(true);
        }
        let now = Instant::now();
        if self.measured.contains(&now) {
            self.tally.count(self.unseen);
        }
        self.unseen = 0;
        Ok(now < self.measured.end)
    }
}

fn check(answer: &str, text: &str) -> anyhow::Result<()> {
    ensure!(
        answer == text,
        "the answer is not the text that was sent, but {:?}",
        answer.chars().take(100).collect::<String>()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn messages_count_within_the_interval_only() {
        let now = Instant::now();
        let long = Duration::from_secs(3_600);
        for (measured, counted, more) in [
            (now..now + long, MESSAGES_PER_LOOK, true),
            (now + long..now + 2 * long, 0, true),
            (now..now, 0, false),
        ] {
            let mut tally = Tally::default();
            let mut messages = Messages {
                text: "x".to_owned(),
                measured,
                unseen: 0,
                tally: &mut tally,
            };
            for _ in 1..MESSAGES_PER_LOOK {
                assert!(messages.take("x").unwrap());
            }
            assert_eq!(messages.take("x").unwrap(), more);
            assert_eq!(tally.calls(), counted);
        }
    }

    #[test]
    fn a_wrong_answer_is_an_error() {
        let error = check("y", "x").unwrap_err().to_string();
        assert!(error.contains("not the text that was sent"), "{error}");
    }
}
