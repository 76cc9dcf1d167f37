//! One request and a stream of replies.

use rpc_runtime::{Context, Status, rpc_service};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError::Lagged;
use tokio_stream::{Stream, StreamExt};

use crate::proto::{Reading, Thermometer, WatchRequest};

/// Readings that are kept for a client that is slow to take them.
const KEPT_READINGS: usize = 64;

/// Passes readings on to everybody who watches. Clones are the same sensor.
#[derive(Clone, Debug)]
pub struct Sensor {
    readings: broadcast::Sender<Reading>,
}

impl Default for Sensor {
    fn default() -> Self {
        Sensor {
            readings: broadcast::Sender::new(KEPT_READINGS),
        }
    }
}

impl Sensor {
    /// Notes a temperature.
    pub fn measure(&self, celsius: i32) {
        // An error would only mean that nobody watches.
        let _ = self.readings.send(Reading { celsius });
    }

    /// Waits until nobody watches.
    pub async fn unwatched(&self) {
        self.readings.closed().await;
    }
}

#[rpc_service]
impl Thermometer for Sensor {
    // The stream outlives the handler, so it cannot borrow `self`: hence `'static`. It is dropped
    // as soon as the client has dropped its end, wherever that was.
    async fn watch(
        &self,
        _cx: Context,
        request: WatchRequest,
    ) -> Result<impl Stream<Item = Result<Reading, Status>> + Send + 'static, Status> {
        let readings = BroadcastStream::new(self.readings.subscribe());
        Ok(readings.filter_map(move |reading| match reading {
            Ok(reading) => (reading.celsius >= request.at_least).then_some(Ok(reading)),
            // The client was waited for, and the sensor does not wait. An error ends the stream.
            Err(Lagged(missed)) => Some(Err(Status::data_loss(format!(
                "too slow: {missed} readings were missed"
            )))),
        }))
    }
}
