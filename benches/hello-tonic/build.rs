//! Generates tonic's client and server from what protoc makes of `hello.proto`. It is written out here, because protoc is a program
//! that users of tonic have installed: a parser written in Rust would be built too, and count against tonic.

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    MethodDescriptorProto, ServiceDescriptorProto,
};

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let method = MethodDescriptorProto {
        name: Some("Hello".to_owned()),
        input_type: Some(".helloworld.HelloRequest".to_owned()),
        output_type: Some(".helloworld.HelloReply".to_owned()),
        ..MethodDescriptorProto::default()
    };
    let service = ServiceDescriptorProto {
        name: Some("Hello".to_owned()),
        method: vec![method],
        ..ServiceDescriptorProto::default()
    };
    let file = FileDescriptorProto {
        name: Some("hello.proto".to_owned()),
        package: Some("helloworld".to_owned()),
        message_type: vec![message("HelloRequest"), message("HelloReply")],
        service: vec![service],
        syntax: Some("proto3".to_owned()),
        ..FileDescriptorProto::default()
    };
    tonic_prost_build::compile_fds(FileDescriptorSet { file: vec![file] })
}

/// A message with one text, `msg`.
fn message(name: &str) -> DescriptorProto {
    let field = FieldDescriptorProto {
        name: Some("msg".to_owned()),
        number: Some(1),
        label: Some(Label::Optional.into()),
        r#type: Some(Type::String.into()),
        json_name: Some("msg".to_owned()),
        ..FieldDescriptorProto::default()
    };
    DescriptorProto {
        name: Some(name.to_owned()),
        field: vec![field],
        ..DescriptorProto::default()
    }
}
