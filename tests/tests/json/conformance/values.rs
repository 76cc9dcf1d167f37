//! Fields of every kind, and the values that the binary tests give them.

/// How values are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    Varint = 0,
    Fixed64 = 1,
    Delimited = 2,
    Fixed32 = 5,
}

/// A kind of fields.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// Its name in the names of fields.
    pub(super) name: &'static str,
    /// The number of the field that is single.
    pub(super) number: u32,
    pub(super) wire: Wire,
}

pub(super) const KINDS: &[Kind] = &[
    Kind::new("Int32", 1, Wire::Varint),
    Kind::new("Int64", 2, Wire::Varint),
    Kind::new("Uint32", 3, Wire::Varint),
    Kind::new("Uint64", 4, Wire::Varint),
    Kind::new("Sint32", 5, Wire::Varint),
    Kind::new("Sint64", 6, Wire::Varint),
    Kind::new("Fixed32", 7, Wire::Fixed32),
    Kind::new("Fixed64", 8, Wire::Fixed64),
    Kind::new("Sfixed32", 9, Wire::Fixed32),
    Kind::new("Sfixed64", 10, Wire::Fixed64),
    Kind::new("Float", 11, Wire::Fixed32),
    Kind::new("Double", 12, Wire::Fixed64),
    Kind::new("Bool", 13, Wire::Varint),
    Kind::new("String", 14, Wire::Delimited),
    Kind::new("Bytes", 15, Wire::Delimited),
    Kind::new("NestedMessage", 18, Wire::Delimited),
    Kind::new("NestedEnum", 21, Wire::Varint),
];

/// The kind of this name.
pub(super) fn kind(name: &str) -> Kind {
    let mut kinds = KINDS.iter();
    *kinds.find(|kind| kind.name == name).unwrap()
}

impl Kind {
    const fn new(name: &'static str, number: u32, wire: Wire) -> Self {
        Kind { name, number, wire }
    }

    /// The number of the field that is a list.
    pub(super) fn repeated(self) -> u32 {
        self.number + 30
    }

    /// Encoded values and their JSON; the first is the default.
    pub(super) fn values(self) -> Vec<(Vec<u8>, String)> {
        match self.name {
            "Int32" => signed_32(),
            "Uint32" => unsigned_32(),
            "Int64" => {
                let values = [0, 12345, i64::MAX, i64::MIN];
                values
                    .map(|value| (varint(value as u64), quoted(value)))
                    .into()
            }
            "Uint64" => {
                let values = [0, 12345, u64::MAX];
                values.map(|value| (varint(value), quoted(value))).into()
            }
            "Sint32" => {
                let values = [
                    (0, 0),
                    (24690, 12345),
                    (0xFFFF_FFFE, i32::MAX),
                    (0xFFFF_FFFF, i32::MIN),
                ];
                let values = values.iter().copied().chain([(0x1_0000_0002, 1)]);
                values
                    .map(|(zigzag, value)| (varint(zigzag), value.to_string()))
                    .collect()
            }
            "Sint64" => {
                let values = [
                    (0, 0),
                    (24690, 12345),
                    (u64::MAX - 1, i64::MAX),
                    (u64::MAX, i64::MIN),
                ];
                values
                    .map(|(zigzag, value)| (varint(zigzag), quoted(value)))
                    .into()
            }
            "Fixed32" => {
                let values = [0_u32, 12345, u32::MAX];
                values
                    .map(|value| (value.to_le_bytes().into(), value.to_string()))
                    .into()
            }
            "Fixed64" => {
                let values = [0_u64, 12345, u64::MAX];
                values
                    .map(|value| (value.to_le_bytes().into(), quoted(value)))
                    .into()
            }
            "Sfixed32" => {
                let values = [0_i32, 12345, i32::MAX, i32::MIN];
                values
                    .map(|value| (value.to_le_bytes().into(), value.to_string()))
                    .into()
            }
            "Sfixed64" => {
                let values = [0_i64, 12345, i64::MAX, i64::MIN];
                values
                    .map(|value| (value.to_le_bytes().into(), quoted(value)))
                    .into()
            }
            "Float" => {
                let values = [
                    0.0_f32,
                    0.1,
                    1.000_000_75e-36,
                    3.402823e38,
                    f32::MIN_POSITIVE,
                ];
                values
                    .map(|value| {
                        (
                            value.to_le_bytes().into(),
                            serde_json::to_string(&value).unwrap(),
                        )
                    })
                    .into()
            }
            "Double" => {
                let values = [0.0_f64, 0.1, f64::MAX, f64::MIN_POSITIVE];
                values
                    .map(|value| (value.to_le_bytes().into(), json(value)))
                    .into()
            }
            "Bool" => {
                let truths = [1, u64::MAX, 12_345_678, 1 << 33, i64::MAX as u64, 1 << 63];
                let truths = truths.map(|value| (varint(value), "true".to_owned()));
                [vec![(varint(0), "false".to_owned())], truths.into()].concat()
            }
            "String" => {
                let values = [
                    "",
                    "Hello world!",
                    "'\"?\\\u{7}\u{8}\u{c}\n\r\t\u{b}",
                    "谷歌",
                    "😁",
                ];
                values
                    .map(|value| (delimited(value.as_bytes()), json(value)))
                    .into()
            }
            "Bytes" => {
                let values = [
                    (&b""[..], ""),
                    (b"Hello world!", "SGVsbG8gd29ybGQh"),
                    (b"\x01\x02", "AQI="),
                    (b"\xfb", "+w=="),
                ];
                values
                    .map(|(value, base64)| (delimited(value), json(base64)))
                    .into()
            }
            "NestedMessage" => {
                let some = delimited(&field(1, Wire::Varint, &varint(1234)));
                vec![
                    (delimited(b""), "{}".to_owned()),
                    (some, r#"{"a":1234}"#.to_owned()),
                ]
            }
            _ => {
                let values = [
                    (0, "FOO"),
                    (1, "BAR"),
                    (2, "BAZ"),
                    (u64::MAX, "NEG"),
                    (i64::MAX as u64, "NEG"),
                    ((1 << 63) + 1, "BAR"),
                ];
                values
                    .map(|(value, name)| (varint(value), json(name)))
                    .into()
            }
        }
    }

    pub(super) fn default(self) -> (Vec<u8>, String) {
        self.values().swap_remove(0)
    }

    /// A value that is not the default.
    pub(super) fn other(self) -> (Vec<u8>, String) {
        self.values().swap_remove(1)
    }
}

fn signed_32() -> Vec<(Vec<u8>, String)> {
    let value = |encoded, value: i32| (encoded, value.to_string());
    vec![
        value(varint(0), 0),
        value(varint(12345), 12345),
        // With two and seven bytes more than it needs.
        value(long(12345, 2), 12345),
        value(long(12345, 7), 12345),
        value(varint(i32::MAX as u64), i32::MAX),
        value(varint(i32::MIN as u64), i32::MIN),
        value(varint((1 << 33) - 1), -1),
        value(varint(i64::MAX as u64), -1),
        value(varint((1 << 63) + 1), 1),
    ]
}

fn unsigned_32() -> Vec<(Vec<u8>, String)> {
    let value = |encoded, value: u32| (encoded, value.to_string());
    vec![
        value(varint(0), 0),
        value(varint(12345), 12345),
        value(long(12345, 2), 12345),
        value(long(12345, 7), 12345),
        value(varint(u32::MAX.into()), u32::MAX),
        value(varint((1 << 33) + 1), 1),
        value(varint((1 << 33) - 1), u32::MAX),
        value(varint(i64::MAX as u64), u32::MAX),
        value(varint((1 << 63) + 1), 1),
    ]
}

fn json(value: impl Into<serde_json::Value>) -> String {
    value.into().to_string()
}

fn quoted(value: impl std::fmt::Display) -> String {
    format!("\"{value}\"")
}

pub(super) fn varint(value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encoding::encode_varint(value, &mut bytes);
    bytes
}

/// A number with `more` bytes than it needs.
fn long(value: u64, more: usize) -> Vec<u8> {
    let mut bytes = varint(value);
    let end = bytes.len() - 1;
    bytes[end] |= 0x80;
    bytes.extend(std::iter::repeat_n(0x80, more - 1));
    bytes.push(0);
    bytes
}

pub(super) fn delimited(bytes: &[u8]) -> Vec<u8> {
    [&varint(bytes.len() as u64), bytes].concat()
}

pub(super) fn key(number: u32, wire: Wire) -> Vec<u8> {
    varint(u64::from(number) << 3 | wire as u64)
}

pub(super) fn field(number: u32, wire: Wire, value: &[u8]) -> Vec<u8> {
    [&key(number, wire), value].concat()
}
