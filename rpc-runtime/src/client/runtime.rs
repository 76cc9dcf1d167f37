//! The runtime that connections belong to.

use std::future::Future;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

use rpc_wire::Status;
use tokio::runtime::{Builder, Handle, Id, Runtime};
use tokio::sync::Notify;

use super::blocking;
use crate::call::is_entered;

/// Calls in a row whose callers wait alone, after which callers drive the runtime.
const CALLS_ALONE: usize = 16;

/// How long the runtime may stand still between the calls of such callers until its own thread drives it again: what
/// nobody waits for may be so much later.
const PAUSE: Duration = Duration::from_millis(1);

static LIBRARY: OnceLock<Result<Library, String>> = OnceLock::new();

/// The runtime of sync clients, and of callers that are in no tokio runtime. It is started by
/// the first of them and lives as long as the process.
///
/// One thread at a time drives it, and that is enough: it only moves bytes, callers encode and decode on their own
/// threads. As a rule it has a thread for that. But to wake this thread for a call, and to be woken by it, takes a
/// caller longer than all else. So while one caller after the other waits alone, each drives the runtime
/// until it has its reply.
struct Library {
    runtime: Runtime,
    /// Drives the runtime when callers do not.
    thread: Thread,
    /// Tells that thread to leave it to callers.
    leave: Notify,
    driven_by_callers: AtomicBool,
    /// Callers who wait for their calls.
    waiting: AtomicUsize,
    /// Calls in a row whose callers waited alone.
    alone: AtomicUsize,
}

/// A handle to the library's runtime.
pub(super) fn library() -> Result<Handle, Status> {
    match LIBRARY.get_or_init(|| Library::start().map_err(|error| error.to_string())) {
        Ok(library) => Ok(library.runtime.handle().clone()),
        Err(error) => Err(
            Status::internal(format!("cannot start the client's runtime: {error}"))
                .with_may_have_run(false),
        ),
    }
}

/// The runtime around the caller, or the library's.
pub(super) fn current() -> Result<Handle, Status> {
    Handle::try_current().or_else(|_| library())
}

/// Waits on this thread for a call that belongs to `runtime`. While it waits, no code may run on the thread that
/// waits for another call.
pub(super) fn wait_for_call<F: Future>(runtime: Id, call: F) -> F::Output {
    // What the runtime does for others must not take this caller's surroundings for its own.
    let is_surrounded = Handle::try_current().is_ok() || is_entered();
    match running() {
        Some(library) if !is_surrounded && library.runtime.handle().id() == runtime => {
            library.wait(call)
        }
        _ => blocking::wait(call),
    }
}

/// To be called by a thread before it sleeps until the runtime has been driven.
pub(super) fn need_driver() {
    if let Some(library) = running().filter(|library| library.is_driven_by_callers()) {
        library.take_back();
    }
}

fn running() -> Option<&'static Library> {
    LIBRARY.get()?.as_ref().ok()
}

impl Library {
    fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let thread = thread::Builder::new()
            .name("rpc-client".to_owned())
            .spawn(|| {
                if let Ok(library) = LIBRARY.wait() {
                    library.drive();
                }
            })?;
        Ok(Library {
            runtime,
            thread: thread.thread().clone(),
            leave: Notify::new(),
            driven_by_callers: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            alone: AtomicUsize::new(0),
        })
    }

    /// What the runtime's own thread does.
    fn drive(&self) {
        loop {
            self.runtime.block_on(self.leave.notified());
            let mut seen = self.alone.load(Ordering::Relaxed);
            while self.is_driven_by_callers() {
                thread::park_timeout(PAUSE);
                let alone = self.alone.load(Ordering::Relaxed);
                if std::mem::replace(&mut seen, alone) == alone {
                    self.end_driving_by_callers();
                }
            }
        }
    }

    fn wait<F: Future>(&self, call: F) -> F::Output {
        let waiting = Waiting::begin(&self.waiting);
        if !waiting.alone {
            self.take_back();
            return blocking::wait(call);
        }
        let alone = self.alone.fetch_add(1, Ordering::Relaxed);
        if !self.is_driven_by_callers() {
            if alone < CALLS_ALONE {
                return blocking::wait(call);
            }
            self.driven_by_callers.store(true, Ordering::Release);
            self.leave.notify_one();
        }
        // It waits for whoever drives the runtime now.
        self.runtime.block_on(call)
    }

    fn is_driven_by_callers(&self) -> bool {
        self.driven_by_callers.load(Ordering::Acquire)
    }

    /// Has the runtime's own thread drive it, as soon as no caller does.
    fn take_back(&self) {
        if self.end_driving_by_callers() {
            self.thread.unpark();
        }
    }

    /// Whether they did.
    fn end_driving_by_callers(&self) -> bool {
        self.alone.store(0, Ordering::Relaxed);
        self.driven_by_callers.swap(false, Ordering::AcqRel)
    }
}

/// A caller who waits.
struct Waiting<'a> {
    callers: &'a AtomicUsize,
    /// Nobody else waited.
    alone: bool,
}

impl<'a> Waiting<'a> {
    fn begin(callers: &'a AtomicUsize) -> Self {
        let alone = callers.fetch_add(1, Ordering::AcqRel) == 0;
        Waiting { callers, alone }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.callers.fetch_sub(1, Ordering::AcqRel);
    }
}
