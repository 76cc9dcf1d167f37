// The service that is called, as connect-es knows it: made of its definition, without generated code.

import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

// `files` are those that `describe` gives, of which each imports only later ones.
export function serviceOf(files) {
  const file = files.map((file) => fromBinary(FileDescriptorProtoSchema, base64Decode(file))).reverse();
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file }));
  return {
    Interop: registry.getService("interop.Interop"),
    Text: registry.getMessage("interop.Text"),
    Number: registry.getMessage("interop.Number"),
  };
}
