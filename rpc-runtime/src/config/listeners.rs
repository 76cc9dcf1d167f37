//! Which services are where.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use super::error::ConfigError;
use super::names::Names;
use super::node::Node;
use super::server::SETTINGS;
use super::settings::apply;
use crate::server::Server;

/// The keys that say where something is.
const ADDRESS: [&str; 3] = ["address", "ip", "port"];

/// Who writes this scheme wants no server without TLS.
const TLS: &str = "rpcs://";

/// An address, and the services on it.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) address: String,
    pub(super) server: Server,
    pub(super) services: Vec<ServiceEntry>,
}

/// An entry of `services`.
#[derive(Debug)]
pub(super) struct ServiceEntry {
    pub(super) name: String,
    /// Other names that the service has.
    pub(super) aliases: Vec<String>,
    /// What is wrong with it stands here.
    pub(super) node: Arc<Node>,
}

/// The listeners of a file: one for each address among its services.
pub(super) fn read(root: &Node) -> Result<Vec<Listener>, ConfigError> {
    let mut listeners = Vec::new();
    let mut entries = Names::default();
    // A service at one address may have the name of one at another, as an alias.
    let mut registered: HashMap<String, Names<'_>> = HashMap::new();
    for node in root.list_of("services")? {
        node.only(&["name", "aliases", "address", "ip", "port"])?;
        let name = entries.of(node)?.to_owned();
        let address = address(node)?;
        let names = registered.entry(bare(&address).to_owned()).or_default();
        names.of(node)?;
        let aliases = node.list_of("aliases")?.iter();
        let aliases = aliases.map(|alias| names.take(alias).map(str::to_owned));
        let service = ServiceEntry {
            name,
            aliases: aliases.collect::<Result<_, _>>()?,
            node: Arc::clone(node),
        };
        add(&mut listeners, address, service);
    }
    configure(root, &mut listeners)?;
    Ok(listeners)
}

/// Adds a service to the listener at its address.
fn add(listeners: &mut Vec<Listener>, address: String, service: ServiceEntry) {
    match find(listeners, &address) {
        Some(listener) => {
            listener.services.push(service);
            if address.starts_with(TLS) {
                listener.address = address;
            }
        }
        None => listeners.push(Listener {
            address,
            server: Server::new(),
            services: vec![service],
        }),
    }
}

/// Does what `server` says to all of them, and what `listeners` says to each.
fn configure(root: &Node, listeners: &mut [Listener]) -> Result<(), ConfigError> {
    if let Some(section) = root.get("server")? {
        // Checked where there is no service as well.
        apply(section, &[], SETTINGS, Server::new())?;
        for listener in listeners.iter_mut() {
            listener.configure(section, &[])?;
        }
    }
    let mut seen = HashMap::new();
    for section in root.list_of("listeners")? {
        let address = address(section)?;
        if let Some(line) = seen.insert(bare(&address).to_owned(), section.place.line) {
            return Err(section.error(format!(
                "the listener {address} has settings in line {line} already; put them together"
            )));
        }
        let listener = find(listeners, &address).ok_or_else(|| {
            section.error(format!(
                "no service is at {address}; give one this address, or remove the listener"
            ))
        })?;
        listener.configure(section, &ADDRESS)?;
    }
    Ok(())
}

impl Listener {
    fn configure(&mut self, section: &Node, others: &[&'static str]) -> Result<(), ConfigError> {
        let server = std::mem::take(&mut self.server);
        self.server = apply(section, others, SETTINGS, server)?;
        Ok(())
    }
}

fn find<'a>(listeners: &'a mut [Listener], address: &str) -> Option<&'a mut Listener> {
    let mut listeners = listeners.iter_mut();
    listeners.find(|listener| bare(&listener.address) == bare(address))
}

/// The address without the scheme that only says that there has to be TLS.
fn bare(address: &str) -> &str {
    address.strip_prefix(TLS).unwrap_or(address)
}

/// Where an entry is, spelled as every other that is there.
fn address(entry: &Node) -> Result<String, ConfigError> {
    let [address, ip, port] = ADDRESS;
    match (entry.get(address)?, entry.get(ip)?, entry.get(port)?) {
        (Some(address), None, None) => {
            let text = address.target()?.to_string();
            let scheme = if text.starts_with(TLS) { TLS } else { "" };
            Ok(match bare(&text).parse::<SocketAddr>() {
                Ok(socket) => format!("{scheme}{socket}"),
                Err(_) => text,
            })
        }
        (None, Some(ip), Some(port)) => {
            let port = port.number(0..=u16::MAX.into())?;
            Ok(SocketAddr::new(ip.ip()?, port).to_string())
        }
        _ => Err(entry.error("expected ip and port, or address, such as address: localhost:8000")),
    }
}
