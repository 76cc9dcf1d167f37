//! Servers that browsers call.

use std::sync::Arc;

use super::{ServeError, Server};
use crate::connection::cors::Cors;

impl Server {
    /// Lets web pages of other origins call, each as [`Cors`] say; none may unless set.
    ///
    /// ```
    /// use rpc_runtime::{Cors, Server};
    ///
    /// let server = Server::new().cors(Cors::origins(["https://app.example.com"]));
    /// ```
    #[must_use]
    pub fn cors(mut self, cors: Cors) -> Self {
        let checked = cors.check();
        self.services = self.services.and_then(|services| {
            checked.map_err(|reason| ServeError::Cors { reason })?;
            Ok(services)
        });
        self.connection.cors = Some(Arc::new(cors));
        self
    }
}
