//! Random messages come back from JSON as they were.

use std::collections::HashMap;

use bytes::Bytes;
use prost::Message;
use rpc_runtime::prost_types::value::Kind;
use rpc_runtime::prost_types::{Any, Duration, FieldMask, ListValue, Struct, Timestamp, Value};
use rpc_tests::kinds::all::Choice;
use rpc_tests::kinds::{All, Inner};

use crate::harness::{read, write};

/// How many messages are tried.
const MESSAGES: usize = 300;

/// Makes random values.
struct Maker(fastrand::Rng);

impl Maker {
    fn float(&mut self) -> f64 {
        match self.0.u8(0..8) {
            0 => f64::INFINITY,
            1 => -0.0,
            2 => 0.1,
            3 => self.0.i32(..).into(),
            _ => Some(f64::from_bits(self.0.u64(..)))
                .filter(|number| !number.is_nan())
                .unwrap_or(f64::MIN_POSITIVE),
        }
    }

    fn float32(&mut self) -> f32 {
        let float = f32::from_bits(self.0.u32(..));
        if float.is_nan() { f32::MAX } else { float }
    }

    fn integer(&mut self) -> i64 {
        self.0.i64(..) >> self.0.u32(0..64)
    }

    fn string(&mut self) -> String {
        let length = self.0.usize(0..6);
        (0..length).map(|_| self.0.char(..)).collect()
    }

    fn bytes(&mut self) -> Bytes {
        let length = self.0.usize(0..6);
        (0..length).map(|_| self.0.u8(..)).collect()
    }

    fn some<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.0.bool().then(|| make(self))
    }

    fn list<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let length = self.0.usize(0..4);
        (0..length).map(|_| make(self)).collect()
    }

    fn duration(&mut self) -> Duration {
        let seconds = self.0.i64(-315_576_000_000..=315_576_000_000);
        let nanos = self.0.i32(0..1_000_000_000);
        Duration {
            seconds,
            nanos: if seconds < 0 { -nanos } else { nanos },
        }
    }

    fn timestamp(&mut self) -> Timestamp {
        Timestamp {
            seconds: self.0.i64(-62_135_596_800..=253_402_300_799),
            nanos: self.0.i32(0..1_000_000_000),
        }
    }

    fn value(&mut self, depth: usize) -> Value {
        let kind = match self.0.u8(0..if depth < 3 { 6 } else { 4 }) {
            0 => Kind::NullValue(0),
            1 => Kind::NumberValue(
                Some(self.float())
                    .filter(|number| number.is_finite())
                    .unwrap_or(1.0),
            ),
            2 => Kind::StringValue(self.string()),
            3 => Kind::BoolValue(self.0.bool()),
            4 => Kind::StructValue(self.object(depth + 1)),
            _ => Kind::ListValue(ListValue {
                values: self.list(|maker| maker.value(depth + 1)),
            }),
        };
        Value { kind: Some(kind) }
    }

    fn object(&mut self, depth: usize) -> Struct {
        let fields = self.list(|maker| (maker.string(), maker.value(depth + 1)));
        Struct {
            fields: fields.into_iter().collect(),
        }
    }

    fn inner(&mut self, depth: usize) -> Inner {
        let all = (depth < 2).then(|| Box::new(self.all(depth + 1)));
        Inner {
            a: self.integer() as i32,
            all: all.filter(|_| self.0.bool()),
        }
    }

    fn any(&mut self) -> Any {
        let (name, value) = match self.0.u8(0..3) {
            // Without maps, whose encoding may differ.
            0 => ("kinds.Inner", self.inner(2).encode_to_vec()),
            1 => ("google.protobuf.Duration", self.duration().encode_to_vec()),
            _ => ("google.protobuf.Value", self.value(3).encode_to_vec()),
        };
        Any {
            type_url: format!("type.example.com/{name}"),
            value,
        }
    }

    fn choice(&mut self, depth: usize) -> Option<Choice> {
        Some(match self.0.u8(0..10) {
            0 => Choice::OneUint32(self.0.u32(..)),
            1 => Choice::OneInner(Box::new(self.inner(depth + 1))),
            2 => Choice::OneString(self.string()),
            3 => Choice::OneBytes(self.bytes()),
            4 => Choice::OneBool(self.0.bool()),
            5 => Choice::OneDouble(self.float()),
            6 => Choice::OneColor(self.0.i32(-3..4)),
            7 => Choice::OneNull(0),
            8 => Choice::OneValue(self.value(0)),
            _ => return None,
        })
    }

    fn all(&mut self, depth: usize) -> All {
        All {
            int32: self.integer() as i32,
            int64: self.integer(),
            uint32: self.integer() as u32,
            uint64: self.integer() as u64,
            sint32: self.integer() as i32,
            sint64: self.integer(),
            fixed32: self.integer() as u32,
            fixed64: self.integer() as u64,
            sfixed32: self.integer() as i32,
            sfixed64: self.integer(),
            float: self.float32(),
            double: self.float(),
            bool: self.0.bool(),
            string: self.string(),
            bytes: self.bytes(),
            color: self.0.i32(-3..4),
            int32s: self.list(|maker| maker.integer() as i32),
            int64s: self.list(Maker::integer),
            sint32s: self.list(|maker| maker.integer() as i32),
            fixed32s: self.list(|maker| maker.0.u32(..)),
            floats: self.list(Maker::float32),
            doubles: self.list(Maker::float),
            bools: self.list(|maker| maker.0.bool()),
            strings: self.list(Maker::string),
            bytes_list: self.list(Maker::bytes),
            colors: self.list(|maker| maker.0.i32(-3..4)),
            unpacked: self.list(|maker| maker.integer() as i32),
            sint32_map: self
                .list(|maker| (maker.0.i32(..), maker.0.i32(..)))
                .into_iter()
                .collect(),
            bool_map: self
                .list(|maker| (maker.0.bool(), maker.0.bool()))
                .into_iter()
                .collect(),
            string_map: self
                .list(|maker| (maker.string(), maker.string()))
                .into_iter()
                .collect(),
            bytes_map: self
                .list(|maker| (maker.string(), maker.bytes()))
                .into_iter()
                .collect(),
            bool_wrapper: self.some(|maker| maker.0.bool()),
            int64_wrapper: self.some(Maker::integer),
            float_wrapper: self.some(Maker::float32),
            string_wrapper: self.some(Maker::string),
            bytes_wrapper: self.some(|maker| maker.bytes().to_vec()),
            int64_wrappers: self.list(Maker::integer),
            duration: self.some(Maker::duration),
            timestamp: self.some(Maker::timestamp),
            field_mask: self.some(|_| FieldMask {
                paths: vec!["a".to_owned(), "b_c.d".to_owned()],
            }),
            r#struct: self.some(|maker| maker.object(0)),
            value: self.some(|maker| maker.value(0)),
            values: self.list(|maker| maker.value(0)),
            empty: self.some(|_| ()),
            optional_int32: self.some(|maker| maker.0.i32(-1..2)),
            optional_string: self.some(Maker::string),
            choice: self.choice(depth),
            ..self.nested(depth)
        }
    }

    /// The fields that have messages with fields of their own.
    fn nested(&mut self, depth: usize) -> All {
        if depth >= 2 {
            return All::default();
        }
        All {
            inner: self.some(|maker| Box::new(maker.inner(depth + 1))),
            inners: self.list(|maker| maker.inner(depth + 1)),
            inner_map: HashMap::from([(self.string(), self.inner(depth + 1))]),
            any: self.some(Maker::any),
            anys: self.list(Maker::any),
            ..All::default()
        }
    }
}

#[test]
fn random_messages_come_back_as_they_were() {
    let seed = fastrand::u64(..);
    let mut maker = Maker(fastrand::Rng::with_seed(seed));
    for _ in 0..MESSAGES {
        let message = maker.all(0);
        let json = write(&message).unwrap_or_else(|status| panic!("seed {seed}: {status}"));
        let again = read(&json).unwrap_or_else(|status| panic!("seed {seed}: {json}: {status}"));
        let difference = difference(&message, &again);
        assert!(message == again, "seed {seed}: {difference}: {json}");
    }
}

#[test]
fn cut_and_changed_json_and_protobuf_are_errors_at_worst() {
    let seed = fastrand::u64(..);
    let mut maker = Maker(fastrand::Rng::with_seed(seed));
    let transcoder = crate::harness::transcoder("All");
    for _ in 0..MESSAGES {
        let message = maker.all(1);
        let mut protobuf = message.encode_to_vec();
        let mut json = write(&message).unwrap().into_bytes();
        for bytes in [&mut protobuf, &mut json] {
            for _ in 0..maker.0.usize(0..4) {
                let place = maker.0.usize(..bytes.len());
                match maker.0.bool() {
                    true => bytes[place] = maker.0.u8(..),
                    false => bytes.truncate(place.max(1)),
                }
            }
        }
        // Neither panics, whatever they answer.
        let _ = transcoder.decode_request(&json);
        let _ = transcoder.encode_reply(&protobuf, &mut bytes::BytesMut::new());
    }
}

/// What one message has and the other has not.
fn difference(one: &All, other: &All) -> String {
    let (one, other) = (format!("{one:#?}"), format!("{other:#?}"));
    // Maps have no order.
    let other: Vec<_> = other.lines().collect();
    let missing = one.lines().filter(|line| !other.contains(line));
    missing.map(str::trim).collect::<Vec<_>>().join(" ")
}
