//! A set of status codes.

use rpc_wire::Code;

/// A set of status codes, a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Codes(u32);

impl Codes {
    pub(crate) fn contains(self, code: Code) -> bool {
        self.0 & bit(code) != 0
    }
}

fn bit(code: Code) -> u32 {
    1 << code.value()
}

impl FromIterator<Code> for Codes {
    fn from_iter<I: IntoIterator<Item = Code>>(codes: I) -> Self {
        Codes(codes.into_iter().fold(0, |set, code| set | bit(code)))
    }
}
