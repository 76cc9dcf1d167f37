//! `Status`, `Code`, `Metadata` and the descriptors, as their users see them.

use std::error::Error;
use std::io;

use proptest::prelude::*;
use rpc_wire::{
    Code, Idempotency, Metadata, MetadataError, MetadataValue, MethodDescriptor, MethodKind,
    ServiceDescriptor, Stage, Status,
};

#[test]
fn every_code_survives_its_number_and_its_name() {
    for value in 0..=16 {
        let code = Code::from_value(value);
        assert_eq!(code.value(), value);
        assert_eq!(code.name().parse(), Ok(code));
        assert!(!code.description().is_empty());
    }
}

#[test]
fn a_number_or_name_that_no_code_has_is_unknown_or_an_error() {
    assert_eq!(Code::from_value(17), Code::Unknown);
    assert_eq!(Code::from_value(u32::MAX), Code::Unknown);
    assert!("not_found".parse::<Code>().is_err());
}

#[test]
fn a_status_is_one_pointer_wide() {
    assert_eq!(size_of::<Status>(), size_of::<usize>());
    assert_eq!(size_of::<Result<(), Status>>(), size_of::<usize>());
}

#[test]
fn a_status_prints_in_one_line_what_is_known() {
    let status = Status::unavailable("connection refused");
    assert_eq!(status.to_string(), "UNAVAILABLE: connection refused");

    let status = status
        .with_method("helloworld.Hello/Hello")
        .with_address("127.0.0.1:8000")
        .with_stage(Stage::Connect)
        .with_may_have_run(false);
    assert_eq!(
        status.to_string(),
        "UNAVAILABLE: connection refused (method helloworld.Hello/Hello, \
         address 127.0.0.1:8000, stage connect, not executed)"
    );
}

#[test]
fn a_status_without_a_message_prints_what_its_code_means() {
    assert_eq!(
        Status::new(Code::Cancelled, "").to_string(),
        "CANCELLED: the call was cancelled"
    );
    assert_eq!(Status::cancelled("").message(), "");
}

#[test]
fn a_status_may_have_run_unless_it_is_known_not_to() {
    assert!(Status::internal("").may_have_run());
    assert!(!Status::internal("").with_may_have_run(false).may_have_run());
}

#[test]
fn a_status_gives_the_error_it_follows_from() {
    let status = Status::unavailable("lost").with_source(io::Error::other("reset"));
    let source = status.source().expect("there is one");
    assert_eq!(source.to_string(), "reset");
    assert!(source.downcast_ref::<io::Error>().is_some());
    assert!(Status::unavailable("lost").source().is_none());
    assert_eq!(
        status.clone().source().map(ToString::to_string),
        Some("reset".to_owned())
    );
}

#[test]
fn metadata_keeps_the_order_and_all_values_of_a_key() {
    let mut metadata = Metadata::new();
    metadata.append("b", "1").unwrap();
    metadata.append_bin("a-bin", vec![0xff]).unwrap();
    metadata.append("b", "2").unwrap();

    let keys: Vec<&str> = metadata.iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["b", "a-bin", "b"]);
    let values: Vec<_> = metadata.get_all("b").collect();
    assert_eq!(
        values,
        [MetadataValue::Ascii("1"), MetadataValue::Ascii("2")]
    );
    assert_eq!(metadata.get("b"), Some("1"));
    assert_eq!(metadata.get_bin("a-bin"), Some(&[0xff][..]));
}

#[test]
fn insert_replaces_every_value_of_the_key_and_remove_takes_them_all() {
    let mut metadata = Metadata::new();
    metadata.append("key", "1").unwrap();
    metadata.append("key", "2").unwrap();
    metadata.insert("key", "3").unwrap();
    assert_eq!(metadata.get_all("key").count(), 1);
    assert!(metadata.remove("key"));
    assert!(!metadata.remove("key"));
    assert!(metadata.is_empty());
}

#[test]
fn metadata_counts_32_bytes_an_entry_beside_keys_and_values() {
    let mut metadata = Metadata::new();
    assert_eq!(metadata.size(), 0);
    metadata.insert("key", "value").unwrap();
    metadata.insert_bin("key-bin", vec![0; 10]).unwrap();
    assert_eq!(metadata.size(), (3 + 5 + 32) + (7 + 10 + 32));
}

#[test]
fn metadata_refuses_what_grpc_could_not_carry() {
    let mut metadata = Metadata::new();
    assert_eq!(metadata.insert("", "x"), Err(MetadataError::EmptyKey));
    assert_eq!(
        metadata.insert("Key", "x"),
        Err(MetadataError::KeyCharacter {
            key: "Key".to_owned(),
            character: 'K'
        })
    );
    assert_eq!(
        metadata.insert("key", "\n"),
        Err(MetadataError::ValueCharacter {
            key: "key".to_owned(),
            character: '\n'
        })
    );
    assert_eq!(
        metadata.insert("key-bin", "x"),
        Err(MetadataError::TextUnderBinaryKey {
            key: "key-bin".to_owned()
        })
    );
    assert_eq!(
        metadata.insert_bin("key", "x"),
        Err(MetadataError::BinaryUnderTextKey {
            key: "key".to_owned()
        })
    );
    assert!(metadata.is_empty());
}

#[test]
fn a_refused_insert_leaves_the_old_value() {
    let mut metadata = Metadata::new();
    metadata.insert("key", "old").unwrap();
    assert!(metadata.insert("key", "n\u{e9}w").is_err());
    assert_eq!(metadata.get("key"), Some("old"));
}

#[test]
fn a_service_finds_its_methods_by_name() {
    static METHODS: [MethodDescriptor; 2] = [
        MethodDescriptor::new("pkg.Store", "Get", "pkg.Store/Get", MethodKind::Unary)
            .with_idempotency(Idempotency::NoSideEffects),
        MethodDescriptor::new(
            "pkg.Store",
            "Watch",
            "pkg.Store/Watch",
            MethodKind::ServerStreaming,
        )
        .with_deprecated(true),
    ];
    static STORE: ServiceDescriptor = ServiceDescriptor::new("pkg.Store", &METHODS, &[]);

    let (index, watch) = STORE.method("Watch").expect("it is there");
    assert_eq!(
        (index, watch.path(), watch.deprecated()),
        (1, "pkg.Store/Watch", true)
    );
    assert!(watch.kind().server_streams() && !watch.kind().client_streams());
    assert!(!watch.idempotency().may_repeat());
    assert!(STORE.method("get").is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_metadata_accepts_it_gives_back(
        key in "[0-9a-z_.-]{1,20}",
        text in "[ -~]{0,40}",
        bytes in any::<Vec<u8>>(),
    ) {
        let mut metadata = Metadata::new();
        if Metadata::is_binary_key(&key) {
            metadata.insert_bin(&key, bytes.clone()).unwrap();
            prop_assert_eq!(metadata.get_bin(&key), Some(&bytes[..]));
        } else {
            metadata.insert(&key, text.as_str()).unwrap();
            prop_assert_eq!(metadata.get(&key), Some(text.as_str()));
        }
    }

    #[test]
    fn metadata_takes_any_text_or_says_why_not(key in ".{0,8}", value in ".{0,8}") {
        let key_is_fine = !key.is_empty()
            && key.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase() || b"_-.".contains(&b));
        let value_is_fine = value.bytes().all(|b| (0x20..=0x7e).contains(&b));
        let is_fine = key_is_fine && value_is_fine && !key.ends_with("-bin");
        prop_assert_eq!(Metadata::new().append(key, value).is_ok(), is_fine);
    }
}
