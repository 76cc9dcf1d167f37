//! The ledger: what each call came to, at its client and at the servers.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use rpc_runtime::{Code, Context, Status, Streaming, rpc_service};
use rpc_tests::ledger::{Entry, Ledger};
use tokio_stream::{Stream, StreamExt};

/// How a call ended at its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    /// With a reply, or at the end of its stream.
    Well,
    /// With a code, and it may have run.
    Failed(&'static str),
    /// With a code, and it did not run.
    NotRun(&'static str),
    /// The caller lost interest.
    Dropped,
}

impl From<&Status> for End {
    fn from(status: &Status) -> Self {
        let code = match status.code() {
            Code::Unavailable => "UNAVAILABLE",
            Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Code::Cancelled => "CANCELLED",
            _ => panic!("no fault of the network: {status}"),
        };
        match status.may_have_run() {
            true => End::Failed(code),
            false => End::NotRun(code),
        }
    }
}

#[derive(Debug, Default)]
struct Record {
    may_run_again: bool,
    runs: u32,
    ends: Vec<End>,
}

/// All calls by their number.
#[derive(Debug, Default)]
pub(crate) struct Book {
    calls: Mutex<BTreeMap<u64, Record>>,
}

impl Book {
    /// A call is about to be made; gives its number.
    pub(crate) fn open(&self, may_run_again: bool) -> u64 {
        let mut calls = self.calls.lock().unwrap();
        let call = calls.len() as u64 + 1;
        let record = Record {
            may_run_again,
            ..Record::default()
        };
        calls.insert(call, record);
        call
    }

    /// A call ended at its client.
    pub(crate) fn end(&self, call: u64, end: End) {
        self.note(call, |record| record.ends.push(end));
    }

    /// A call runs at a server.
    fn run(&self, call: u64) {
        self.note(call, |record| record.runs += 1);
    }

    fn note(&self, call: u64, note: impl FnOnce(&mut Record)) {
        let mut calls = self.calls.lock().unwrap();
        note(calls.get_mut(&call).expect("somebody made the call"));
    }

    /// Checks every account, once nothing runs any more.
    ///
    /// # Panics
    ///
    /// If a call did not end exactly once, or ran otherwise than its end says.
    pub(crate) fn balance(&self) -> Balance {
        let mut balance = Balance::default();
        for (call, record) in &*self.calls.lock().unwrap() {
            let [end] = record.ends[..] else {
                panic!("call {call} did not end once: {record:?}");
            };
            match end {
                End::Well => assert!(record.runs > 0, "call {call} never ran: {record:?}"),
                End::NotRun(_) => assert_eq!(record.runs, 0, "call {call} ran: {record:?}"),
                End::Failed(_) | End::Dropped => {}
            }
            assert!(
                record.runs < 2 || record.may_run_again,
                "call {call} ran again: {record:?}"
            );
            balance.runs += u64::from(record.runs);
            *balance.ends.entry(end).or_default() += 1;
        }
        balance
    }
}

/// How many calls ended how.
#[derive(Debug, Default)]
pub(crate) struct Balance {
    ends: BTreeMap<End, u64>,
    runs: u64,
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls: u64 = self.ends.values().sum();
        write!(f, "{calls} calls, {} runs: {:?}", self.runs, self.ends)
    }
}

/// What a server needs of the book.
#[derive(Clone)]
pub(crate) struct BookService(pub(crate) Arc<Book>);

impl BookService {
    async fn answer(&self, entry: Entry) -> Result<Entry, Status> {
        self.0.run(entry.call);
        if entry.pause_ms > 0 {
            tokio::time::sleep(Duration::from_millis(entry.pause_ms.into())).await;
        }
        Ok(entry)
    }
}

#[rpc_service]
impl Ledger for BookService {
    async fn once(&self, _: Context, entry: Entry) -> Result<Entry, Status> {
        self.answer(entry).await
    }

    async fn again(&self, _: Context, entry: Entry) -> Result<Entry, Status> {
        self.answer(entry).await
    }

    async fn list(
        &self,
        _: Context,
        entry: Entry,
    ) -> Result<impl Stream<Item = Result<Entry, Status>> + Send + 'static, Status> {
        let entry = self.answer(entry).await?;
        let numbers = 0..entry.count;
        Ok(tokio_stream::iter(numbers).map(move |count| {
            Ok(Entry {
                count,
                ..entry.clone()
            })
        }))
    }

    async fn add(&self, _: Context, mut entries: Streaming<Entry>) -> Result<Entry, Status> {
        let mut sum = Entry::default();
        while let Some(entry) = entries.message().await? {
            if sum.call == 0 {
                sum = self.answer(entry).await?;
            } else {
                sum.count += entry.count;
            }
        }
        Ok(sum)
    }

    async fn talk(
        &self,
        _: Context,
        mut entries: Streaming<Entry>,
    ) -> Result<impl Stream<Item = Result<Entry, Status>> + Send + 'static, Status> {
        // The first says which call it is.
        let first = entries.message().await?;
        if let Some(first) = &first {
            self.0.run(first.call);
        }
        Ok(tokio_stream::iter(first.map(Ok)).chain(entries))
    }
}
