//! The codes of JSON-RPC's errors, and what they are among gRPC's.
//!
//! [`of`] and [`to_code`] are this table, read in both directions:
//!
//! | JSON-RPC | [`Code`] |
//! |---|---|
//! | [`PARSE_ERROR`] -32700 | from JSON-RPC only: INVALID_ARGUMENT |
//! | [`INVALID_REQUEST`] -32600 | from JSON-RPC only: INVALID_ARGUMENT |
//! | [`METHOD_NOT_FOUND`] -32601 | UNIMPLEMENTED |
//! | [`INVALID_PARAMS`] -32602 | INVALID_ARGUMENT |
//! | [`INTERNAL_ERROR`] -32603 | INTERNAL |
//! | -32001 | CANCELLED |
//! | -32002 | UNKNOWN |
//! | -32004 | DEADLINE_EXCEEDED |
//! | -32005 | NOT_FOUND |
//! | -32006 | ALREADY_EXISTS |
//! | -32007 | PERMISSION_DENIED |
//! | -32008 | RESOURCE_EXHAUSTED |
//! | -32009 | FAILED_PRECONDITION |
//! | -32010 | ABORTED |
//! | -32011 | OUT_OF_RANGE |
//! | -32014 | UNAVAILABLE |
//! | -32015 | DATA_LOSS |
//! | -32016 | UNAUTHENTICATED |
//! | any other | from JSON-RPC only: UNKNOWN |
//!
//! Those of [`SERVER_ERRORS`] are -32000 minus the number of the code in gRPC. An error that this
//! library's servers answer has the code's name in its `data` too.

use std::ops::RangeInclusive;

use rpc_wire::Code;

/// What was sent is no JSON.
pub const PARSE_ERROR: i64 = -32700;

/// What was sent is JSON, and no request.
pub const INVALID_REQUEST: i64 = -32600;

/// There is no such method.
pub const METHOD_NOT_FOUND: i64 = -32601;

/// The parameters are not those of the method, or the method refuses them.
pub const INVALID_PARAMS: i64 = -32602;

/// Something went wrong at the server.
pub const INTERNAL_ERROR: i64 = -32603;

/// The codes that JSON-RPC leaves to servers.
pub const SERVER_ERRORS: RangeInclusive<i64> = -32099..=-32000;

/// The first of [`SERVER_ERRORS`]; the number of a [`Code`] is taken from it.
const SERVER_ERROR: i64 = *SERVER_ERRORS.end();

/// The code of JSON-RPC for a [`Code`].
///
/// ```
/// use rpc_runtime::Code;
/// use rpc_runtime::jsonrpc::code;
///
/// assert_eq!(code::of(Code::InvalidArgument), code::INVALID_PARAMS);
/// assert_eq!(code::of(Code::NotFound), -32005);
/// ```
pub const fn of(code: Code) -> i64 {
    match code {
        Code::InvalidArgument => INVALID_PARAMS,
        Code::Unimplemented => METHOD_NOT_FOUND,
        Code::Internal => INTERNAL_ERROR,
        other => SERVER_ERROR - other.value() as i64,
    }
}

/// The [`Code`] for a code of JSON-RPC; UNKNOWN for one that an application made up.
///
/// ```
/// use rpc_runtime::Code;
/// use rpc_runtime::jsonrpc::code;
///
/// assert_eq!(code::to_code(code::METHOD_NOT_FOUND), Code::Unimplemented);
/// assert_eq!(code::to_code(-32005), Code::NotFound);
/// assert_eq!(code::to_code(7), Code::Unknown);
/// ```
pub const fn to_code(code: i64) -> Code {
    match code {
        PARSE_ERROR | INVALID_REQUEST | INVALID_PARAMS => Code::InvalidArgument,
        METHOD_NOT_FOUND => Code::Unimplemented,
        INTERNAL_ERROR => Code::Internal,
        // The others of the range, and the number of OK, are no code's.
        -32016..=-32001 => Code::from_value((SERVER_ERROR - code) as u32),
        _ => Code::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_but_ok_comes_back_as_it_went() {
        for value in 1..=16 {
            let code = Code::from_value(value);
            assert_eq!(to_code(of(code)), code);
        }
        assert!(SERVER_ERRORS.contains(&of(Code::Ok)));
        assert_eq!(to_code(of(Code::Ok)), Code::Unknown);
    }

    #[test]
    fn what_no_code_has_is_unknown() {
        for code in [0, 7, -32000, -32017, -32099, -32768, i64::MIN, i64::MAX] {
            assert_eq!(to_code(code), Code::Unknown, "{code}");
        }
    }

    #[test]
    fn the_table_shows_what_the_functions_do() {
        let table = include_str!("code.rs").lines();
        let rows = table.filter_map(|line| line.strip_prefix("//! | "));
        let mut codes = 0;
        for row in rows {
            let (left, right) = row.split_once(" | ").unwrap();
            let Ok(code) = left.rsplit(' ').next().unwrap().parse() else {
                continue;
            };
            let name = right.trim_end_matches(" |");
            match name.strip_prefix("from JSON-RPC only: ") {
                Some(name) => assert_eq!(to_code(code).name(), name),
                None => {
                    assert_eq!(to_code(code).name(), name);
                    assert_eq!(of(to_code(code)), code);
                    codes += 1;
                }
            }
        }
        assert_eq!(codes, 16, "all but OK");
    }
}
