//! What is traced, for tests to read.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Metadata, Subscriber};

/// The events of this thread as lines: level, the fields of the spans around them, their own fields.
pub struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    _guard: DefaultGuard,
}

impl Log {
    /// Collects until it is dropped.
    pub fn collect() -> Self {
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let collector = Collector {
            lines: Arc::clone(&lines),
            ..Collector::default()
        };
        Log {
            lines,
            _guard: tracing::subscriber::set_default(collector),
        }
    }

    /// The lines that contain a text.
    pub fn lines(&self, text: &str) -> Vec<String> {
        let lines = self.lines.lock().expect("no test panics in it");
        lines
            .iter()
            .filter(|line| line.contains(text))
            .cloned()
            .collect()
    }
}

#[derive(Default)]
struct Collector {
    lines: Arc<Mutex<Vec<String>>>,
    spans: Mutex<HashMap<u64, String>>,
    entered: Mutex<Vec<u64>>,
    next: AtomicU64,
}

/// Fields as text.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let written = write!(self.0, " {field}={value:?}");
        written.expect("a text takes everything");
    }
}

impl Subscriber for Collector {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let id = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        let mut text = Text(format!(" {}:", attributes.metadata().name()));
        attributes.record(&mut text);
        let mut spans = self.spans.lock().expect("no test panics in it");
        spans.insert(id, text.0);
        Id::from_u64(id)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(event.metadata().level().to_string());
        let spans = self.spans.lock().expect("no test panics in it");
        for id in self.entered.lock().expect("no test panics in it").iter() {
            text.0 += &spans[id];
        }
        event.record(&mut text);
        self.lines
            .lock()
            .expect("no test panics in it")
            .push(text.0);
    }

    fn enter(&self, span: &Id) {
        let mut entered = self.entered.lock().expect("no test panics in it");
        entered.push(span.into_u64());
    }

    fn exit(&self, _: &Id) {
        self.entered.lock().expect("no test panics in it").pop();
    }
}
