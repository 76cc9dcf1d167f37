//! The code that tonic generates for the echo service.

tonic::include_proto!("bench");
