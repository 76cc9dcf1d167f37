//! The code that ttrpc generates for the echo service.
#![allow(missing_docs, reason = "the generated service has none")]

include!(concat!(env!("OUT_DIR"), "/modules.rs"));
