//! Servers and channels from a file. docs/configuration.md shows one in full.

mod channel;
#[cfg(feature = "_http")]
mod cors;
mod document;
mod error;
#[cfg(any(feature = "json", feature = "tls"))]
mod file;
mod listeners;
mod names;
mod node;
mod retries;
mod server;
mod servers;
mod settings;
mod substitute;
#[cfg(test)]
mod tests;
#[cfg(feature = "tls")]
mod tls;
mod units;
mod value;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::client::ChannelBuilder;
use crate::server::Server;
use names::Names;
use node::Node;
use settings::suggestion;
use substitute::Variables;

pub use error::ConfigError;
pub use servers::{BoundServers, Servers};

/// A configuration file, usually `rpc.yaml`: servers, and channels by name.
///
/// ```yaml
/// services:
///   - name: helloworld.Hello
///     ip: 0.0.0.0
///     port: ${PORT:-8000}
///
/// server:
///   max_message_size: 16MiB
///   shutdown_grace: 20s
///
/// channels:
///   - name: users
///     target: users.internal:8000
///     timeout: 2s
/// ```
///
/// What a file leaves out has the default of [`Server`] or [`ChannelBuilder`], whose methods the
/// settings are named after. docs/configuration.md lists them all.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use rpc_runtime::Config;
///
/// let config = Config::load("rpc.yaml")?;
/// let users = config.channel("users")?.connect().await?;
/// // UsersAsyncClientProxy::with(users)
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    root: Arc<Node>,
}

impl Config {
    /// Reads a file, with environment variables in place of `${NAME}` and `${NAME:-default}`.
    ///
    /// All of it is checked, also what the program never asks for, and the files that it names are
    /// read. Their paths are relative to the folder of the file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or something in it is wrong: [`ConfigError`] says what and where.
    pub fn load(path: impl AsRef<Path>) -> Result<Config, ConfigError> {
        Self::load_with(path, |name| std::env::var(name).ok())
    }

    /// As [`load`](Self::load), with `variables` in place of the environment's, such as secrets.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn load_with(
        path: impl AsRef<Path>,
        variables: impl Fn(&str) -> Option<String>,
    ) -> Result<Config, ConfigError> {
        let path: Arc<Path> = path.as_ref().into();
        let text = fs::read_to_string(&path).map_err(|error| {
            let message = format!("cannot read the configuration file: {error}");
            ConfigError::of_file(Arc::clone(&path), message).because(error)
        })?;
        Self::read(path, &text, &variables)
    }

    fn read(file: Arc<Path>, text: &str, variables: Variables<'_>) -> Result<Config, ConfigError> {
        let root = document::read(file, text, variables)?;
        root.only(&["services", "server", "listeners", "channels"])?;
        let config = Config { root };
        listeners::read(&config.root)?;
        let mut names = Names::default();
        for entry in config.root.list_of("channels")? {
            names.of(entry)?;
            drop(channel::channel(entry)?);
        }
        Ok(config)
    }

    /// The servers that the file describes, without implementations as yet.
    ///
    /// # Errors
    ///
    /// A file that this one names, such as a certificate, is not any more what it was.
    pub fn servers(&self) -> Result<Servers, ConfigError> {
        let listeners = listeners::read(&self.root)?;
        Ok(Servers::new(Arc::clone(&self.root), listeners))
    }

    /// The channel of this name, to which code may add what a file cannot say.
    ///
    /// # Errors
    ///
    /// The file has no channel of this name; or as [`servers`](Self::servers).
    pub fn channel(&self, name: &str) -> Result<ChannelBuilder, ConfigError> {
        let mut names = Vec::new();
        for entry in self.root.list_of("channels")? {
            let own = entry.require("name")?.text("a name")?;
            if own == name {
                return channel::channel(entry);
            }
            names.push(own);
        }
        let suggestion = suggestion(name, &names);
        let message = format!("there is no channel {name:?}; {suggestion}");
        Err(self.root.error_of_section("channels", message))
    }
}

impl Server {
    /// The servers that a configuration file describes; short for [`Config::load`] and
    /// [`Config::servers`].
    ///
    /// # Errors
    ///
    /// As [`Config::load`].
    pub fn from_config(path: impl AsRef<Path>) -> Result<Servers, ConfigError> {
        Config::load(path)?.servers()
    }
}
