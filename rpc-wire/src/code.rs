//! gRPC's status codes.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

/// The outcome of a call, by gRPC's numbers.
///
/// ```
/// use rpc_wire::Code;
///
/// assert_eq!(Code::NotFound.value(), 5);
/// assert_eq!(Code::from_value(5), Code::NotFound);
/// assert_eq!(Code::NotFound.to_string(), "NOT_FOUND");
/// assert_eq!("NOT_FOUND".parse(), Ok(Code::NotFound));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Code {
    /// The call succeeded.
    Ok = 0,
    /// The call was cancelled, usually by the caller.
    Cancelled = 1,
    /// An error whose kind is not known.
    Unknown = 2,
    /// An argument is wrong, whatever the state of the system.
    InvalidArgument = 3,
    /// The deadline passed before the call ended.
    DeadlineExceeded = 4,
    /// Something that was asked for does not exist.
    NotFound = 5,
    /// Something that was to be created exists already.
    AlreadyExists = 6,
    /// The caller is known and may not do this.
    PermissionDenied = 7,
    /// A quota, a limit or a resource is used up.
    ResourceExhausted = 8,
    /// The system is not in the state that the call needs.
    FailedPrecondition = 9,
    /// The call lost against a concurrent one.
    Aborted = 10,
    /// The call went past a valid range.
    OutOfRange = 11,
    /// The method does not exist or is not supported.
    Unimplemented = 12,
    /// Something that must hold does not: a bug.
    Internal = 13,
    /// The service cannot be reached now; trying again may help.
    Unavailable = 14,
    /// Data was lost or damaged and cannot be had back.
    DataLoss = 15,
    /// The caller did not prove who they are.
    Unauthenticated = 16,
}

/// Every code with its name and what it means, at the index of its number.
const CODES: [(Code, &str, &str); 17] = [
    (Code::Ok, "OK", "the call succeeded"),
    (Code::Cancelled, "CANCELLED", "the call was cancelled"),
    (Code::Unknown, "UNKNOWN", "unknown error"),
    (
        Code::InvalidArgument,
        "INVALID_ARGUMENT",
        "an argument is invalid",
    ),
    (
        Code::DeadlineExceeded,
        "DEADLINE_EXCEEDED",
        "the deadline passed before the call ended",
    ),
    (
        Code::NotFound,
        "NOT_FOUND",
        "something that was asked for was not found",
    ),
    (
        Code::AlreadyExists,
        "ALREADY_EXISTS",
        "something that was to be created exists already",
    ),
    (
        Code::PermissionDenied,
        "PERMISSION_DENIED",
        "the caller may not do this",
    ),
    (
        Code::ResourceExhausted,
        "RESOURCE_EXHAUSTED",
        "a resource or limit is exhausted",
    ),
    (
        Code::FailedPrecondition,
        "FAILED_PRECONDITION",
        "the system is not in the required state",
    ),
    (Code::Aborted, "ABORTED", "the call was aborted"),
    (
        Code::OutOfRange,
        "OUT_OF_RANGE",
        "the call went past the valid range",
    ),
    (
        Code::Unimplemented,
        "UNIMPLEMENTED",
        "the method is not implemented",
    ),
    (Code::Internal, "INTERNAL", "internal error"),
    (
        Code::Unavailable,
        "UNAVAILABLE",
        "the service is unavailable at present",
    ),
    (Code::DataLoss, "DATA_LOSS", "data was lost or damaged"),
    (
        Code::Unauthenticated,
        "UNAUTHENTICATED",
        "the caller is not authenticated",
    ),
];

impl Code {
    /// The code's number, 0 to 16.
    pub const fn value(self) -> u32 {
        self as u32
    }

    /// The code with this number; [`Code::Unknown`] for a number that no code has.
    pub const fn from_value(value: u32) -> Self {
        if (value as usize) < CODES.len() {
            CODES[value as usize].0
        } else {
            Self::Unknown
        }
    }

    /// The code's name in gRPC, such as `NOT_FOUND`.
    pub const fn name(self) -> &'static str {
        CODES[self as usize].1
    }

    /// What the code says, in a few words.
    pub const fn description(self) -> &'static str {
        CODES[self as usize].2
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Code {
    type Err = UnknownCodeName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        CODES
            .iter()
            .find(|entry| entry.1 == name)
            .map(|entry| entry.0)
            .ok_or(UnknownCodeName)
    }
}

/// No [`Code`] has the name that was to be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCodeName;

impl fmt::Display for UnknownCodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the name of a status code; names look like NOT_FOUND")
    }
}

impl Error for UnknownCodeName {}
