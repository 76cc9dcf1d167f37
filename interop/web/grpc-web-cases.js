// What gRPC's own client for browsers, grpc-web, is to get of the server.

import { fromBinary, toBinary, create } from "@bufbuild/protobuf";
import { GrpcWebClientBase, MethodDescriptor, MethodType, StatusCode } from "grpc-web";

import { LIMIT, check, equal, failureOf } from "./assert.js";

// A client that sends text, or binary, as `format` says. What generated code does for others, it does by definition.
export function clientOf(service, address, format) {
  const base = new GrpcWebClientBase({ format });
  const begin = (call) => (name, request, metadata = {}, callback) => {
    const { input, output } = service.Interop.method[name];
    const encode = (message) => toBinary(input, message);
    const decode = (bytes) => fromBinary(output, bytes);
    const path = `/interop.Interop/${name[0].toUpperCase()}${name.slice(1)}`;
    const type = call === "rpcCall" ? MethodType.UNARY : MethodType.SERVER_STREAMING;
    const method = new MethodDescriptor(path, type, Object, Object, encode, decode);
    return base[call](address + path, create(input, request), metadata, method, callback);
  };
  const unary = begin("rpcCall");
  const call = (name, request, metadata) =>
    new Promise((resolve, reject) =>
      unary(name, request, metadata, (error, reply) => (error ? reject(error) : resolve(reply))),
    );
  return { unary, call, stream: begin("serverStreaming"), Text: service.Text };
}

async function untilHolding(client, value) {
  const end = Date.now() + LIMIT;
  while ((await client.call("holding", {})).value !== value) {
    check(Date.now() < end, `the server does not hold ${value} calls`);
  }
}

export const cases = {
  async unary(client) {
    for (const length of [0, 1, 2, 3, 100_000, 3_000_000]) {
      const text = "x".repeat(length);
      equal((await client.call("echo", { text })).text, text);
    }
  },

  async serverStreaming(client) {
    const values = await new Promise((resolve, reject) => {
      const values = [];
      const stream = client.stream("count", { value: 10_000n });
      stream.on("data", (number) => values.push(number.value));
      stream.on("error", reject);
      stream.on("end", () => resolve(values));
    });
    equal(values.length, 10_000);
    values.forEach((value, index) => equal(value, BigInt(index + 1)));
  },

  async metadataInBothDirections(client) {
    const received = await new Promise((resolve, reject) => {
      const call = client.unary("echo", {}, { "x-text": "a text" }, (error) => error && reject(error));
      call.on("metadata", resolve);
    });
    equal(received["x-text"], "a text");
  },

  async aStatusWithMessageAndDetails(client) {
    const text = "wrong: 100 % ünïcode";
    const error = await failureOf(client.call("reject", { text }));
    equal(error.code, StatusCode.INVALID_ARGUMENT);
    equal(error.message, text);
    check("grpc-status-details-bin" in error.metadata, "there are no details");
  },

  async aDeadlineEndsTheHandler(client) {
    const error = await failureOf(client.call("hold", {}, { deadline: `${Date.now() + 200}` }));
    equal(error.code, StatusCode.DEADLINE_EXCEEDED);
    await untilHolding(client, 0n);
  },

  async aCancelledCallEndsTheHandler(client) {
    const held = client.unary("hold", {}, {}, () => {});
    await untilHolding(client, 1n);
    held.cancel();
    await untilHolding(client, 0n);
  },
};
