//! The server sends a stream, until the client has enough.

use std::error::Error;
use std::time::Duration;

use streaming::Sensor;
use streaming::proto::{ThermometerAsyncClientProxy, WatchRequest};
use tokio::time::interval;

/// Time between two measurements.
const PERIOD: Duration = Duration::from_millis(10);

/// Readings after which the client has enough.
const ENOUGH: usize = 3;

/// Watches the sensor for a few readings, while it measures on and on.
pub(crate) async fn watch_for_a_while(
    address: &str,
    sensor: &Sensor,
) -> Result<(), Box<dyn Error>> {
    let measuring = tokio::spawn(measure(sensor.clone()));
    let thermometer = ThermometerAsyncClientProxy::connect(address).await?;
    // Streams have no deadline unless the call sets one with `.timeout(..)`.
    let mut readings = thermometer.watch(WatchRequest { at_least: 20 }).await?;
    for _ in 0..ENOUGH {
        // `None` would be the end of the stream, and an error says how else it ended.
        match readings.message().await? {
            Some(reading) => println!("watch:   {} degrees", reading.celsius),
            None => return Err("the sensor stopped".into()),
        }
    }
    // Dropping the stream ends the call, and the server drops its end.
    drop(readings);
    sensor.unwatched().await;
    println!("watch:   enough, and the server knows");
    measuring.abort();
    Ok(())
}

/// Measures for ever.
async fn measure(sensor: Sensor) {
    let mut period = interval(PERIOD);
    for celsius in (18..25).cycle() {
        period.tick().await;
        sensor.measure(celsius);
    }
}
