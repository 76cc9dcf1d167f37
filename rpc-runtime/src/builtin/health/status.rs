//! What may be said of a service.

use super::generated::grpc::health::v1::health_check_response::ServingStatus as Wire;

/// Whether a service can take calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServingStatus {
    /// Nobody knows.
    Unknown,
    /// It can.
    Serving,
    /// It cannot, for the time being.
    NotServing,
}

/// `true` is [`Serving`](ServingStatus::Serving), `false` [`NotServing`](ServingStatus::NotServing).
impl From<bool> for ServingStatus {
    fn from(serves: bool) -> Self {
        match serves {
            true => ServingStatus::Serving,
            false => ServingStatus::NotServing,
        }
    }
}

impl From<ServingStatus> for Wire {
    fn from(status: ServingStatus) -> Self {
        match status {
            ServingStatus::Unknown => Wire::Unknown,
            ServingStatus::Serving => Wire::Serving,
            ServingStatus::NotServing => Wire::NotServing,
        }
    }
}
