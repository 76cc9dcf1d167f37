//! Certificates, made when a test needs them.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use rpc_runtime::{ClientTls, ServerTls};

/// Authorities so far: each has a name of its own.
static AUTHORITIES: AtomicUsize = AtomicUsize::new(0);

/// A certificate authority of the test's own.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: String,
}

/// A certificate and its key, in PEM.
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// The private key.
    pub key: String,
    /// The certificate in DER.
    pub der: Bytes,
}

impl Authority {
    /// An authority that nobody knows yet.
    ///
    /// # Panics
    ///
    /// If no certificate can be made.
    pub fn new() -> Self {
        let mut params = params(&[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let mut name = DistinguishedName::new();
        let number = AUTHORITIES.fetch_add(1, Ordering::Relaxed);
        name.push(DnType::CommonName, format!("authority {number}"));
        params.distinguished_name = name;
        let key = KeyPair::generate().expect("there is randomness");
        let root = params.self_signed(&key).expect("it is well formed");
        Authority {
            root: root.pem(),
            issuer: Issuer::new(params, key),
        }
    }

    /// Its own certificate, in PEM.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// A certificate for DNS names or IP addresses.
    pub fn issue(&self, names: &[&str]) -> Identity {
        self.sign(&params(names))
    }

    /// A certificate that has expired.
    pub fn issue_expired(&self, names: &[&str]) -> Identity {
        let mut params = params(names);
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2001, 1, 1);
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().expect("there is randomness");
        let signed = params.signed_by(&key, &self.issuer);
        let certificate = signed.expect("it is well formed");
        Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            der: Bytes::copy_from_slice(certificate.der()),
        }
    }

    /// TLS of a server on 127.0.0.1.
    pub fn server(&self) -> ServerTls {
        self.issue(&["127.0.0.1"]).server()
    }

    /// TLS of a client that trusts this authority only.
    pub fn client(&self) -> ClientTls {
        let roots = ClientTls::new().roots_pem(&self.root);
        roots.expect("the root is well formed")
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Identity {
    /// TLS of a server with this certificate.
    pub fn server(&self) -> ServerTls {
        let tls = ServerTls::from_pem(&self.certificate, &self.key);
        tls.expect("they belong together")
    }

    /// TLS of a client with this certificate.
    pub fn of_client(&self, tls: ClientTls) -> ClientTls {
        let tls = tls.identity_pem(&self.certificate, &self.key);
        tls.expect("they belong together")
    }
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    CertificateParams::new(names).expect("the names are fine")
}
