// Calls the server of this folder with gRPC's library for Node:
//
//     node client.js <path of interop-server>

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

// Longer than anything that works takes, in milliseconds.
const LIMIT = 30_000;

const folder = (path) => fileURLToPath(new URL(path, import.meta.url));
const definition = loader.loadSync(["interop.proto", "grpc/health/v1/health.proto"], {
  includeDirs: [folder("../server/proto"), folder("../../proto")],
  defaults: true,
  longs: Number,
});
const { interop, grpc: services } = grpc.loadPackageDefinition(definition);

const deadline = (milliseconds = LIMIT) => ({ deadline: Date.now() + milliseconds });

// What a unary call gives.
function call(client, method, request, options = deadline(), metadata = new grpc.Metadata()) {
  return promisify(client[method].bind(client))(request, metadata, options);
}

async function all(stream) {
  const messages = [];
  for await (const message of stream) messages.push(message);
  return messages;
}

async function untilHolding(client, value) {
  const end = Date.now() + LIMIT;
  while ((await call(client, "holding", {})).value !== value) {
    assert(Date.now() < end, `the server does not hold ${value} calls`);
  }
}

const cases = {
  async unary(client) {
    for (const length of [0, 1, 100_000, 3_000_000]) {
      const text = "x".repeat(length);
      assert.equal((await call(client, "echo", { text })).text, text);
    }
  },

  async serverStreaming(client) {
    const numbers = await all(client.count({ value: 10_000 }, deadline()));
    assert.deepEqual(numbers.map((number) => number.value), Array.from({ length: 10_000 }, (_, i) => i + 1));
  },

  async clientStreaming(client) {
    const sum = await new Promise((resolve, reject) => {
      const numbers = client.sum(new grpc.Metadata(), deadline(), (error, reply) =>
        error ? reject(error) : resolve(reply.value),
      );
      for (let value = 1; value <= 1_000; value++) numbers.write({ value });
      numbers.end();
    });
    assert.equal(sum, 500_500);
  },

  async bidirectionalStreamingInTurns(client) {
    const texts = client.lengths(new grpc.Metadata(), deadline());
    for (let length = 0; length < 100; length++) {
      texts.write({ text: "x".repeat(length) });
      const [reply] = await once(texts, "data");
      assert.equal(reply.value, length);
    }
    texts.end();
    await once(texts, "end");
  },

  async metadataInBothDirections(client) {
    const bytes = Buffer.from([0, 1, 254, 255]);
    const metadata = new grpc.Metadata();
    metadata.set("x-text", "a text");
    metadata.set("x-bytes-bin", bytes);
    const received = await new Promise((resolve, reject) => {
      const merged = new grpc.Metadata();
      client
        .echo({}, metadata, deadline(), (error) => error && reject(error))
        .on("metadata", (leading) => merged.merge(leading))
        .on("status", (status) => (merged.merge(status.metadata), resolve(merged)));
    });
    assert.deepEqual(received.get("x-text"), ["a text"]);
    assert.deepEqual(received.get("x-bytes-bin"), [bytes]);
  },

  async aStatusWithMessageAndDetails(client) {
    const text = "wrong: 100 % ünïcode\nin two lines";
    const error = await call(client, "reject", { text }).catch((error) => error);
    assert.equal(error.code, grpc.status.INVALID_ARGUMENT);
    assert.equal(error.details, text);
    const [details] = error.metadata.get("grpc-status-details-bin");
    assert(details.includes("type.googleapis.com/interop.Text"));
  },

  async aDeadlineEndsTheHandler(client) {
    const error = await call(client, "hold", {}, deadline(200)).catch((error) => error);
    assert.equal(error.code, grpc.status.DEADLINE_EXCEEDED);
    await untilHolding(client, 0);
  },

  async aCancelledCallEndsTheHandler(client) {
    let held;
    const ended = new Promise((resolve) => {
      held = client.hold({}, new grpc.Metadata(), deadline(), resolve);
    });
    await untilHolding(client, 1);
    held.cancel();
    assert.equal((await ended).code, grpc.status.CANCELLED);
    await untilHolding(client, 0);
  },

  async compressedRequests(_, address) {
    const client = new interop.Interop(address, grpc.credentials.createInsecure(), {
      "grpc.default_compression_algorithm": grpc.compressionAlgorithms.gzip,
    });
    const text = "x".repeat(100_000);
    assert.equal((await call(client, "echo", { text })).text, text);
    client.close();
  },

  async health(_, address) {
    const client = new services.health.v1.Health(address, grpc.credentials.createInsecure());
    const reply = await call(client, "check", { service: "interop.Interop" });
    assert.equal(reply.status, 1);
    const watched = client.watch({ service: "" }, deadline());
    const [first] = await once(watched, "data");
    assert.equal(first.status, 1);
    watched.on("error", () => {}).cancel();
    client.close();
  },
};

const server = spawn(process.argv[2], { stdio: ["ignore", "pipe", "inherit"] });
try {
  const [port] = await once(createInterface(server.stdout), "line");
  const address = `127.0.0.1:${port}`;
  const client = new interop.Interop(address, grpc.credentials.createInsecure());
  for (const [name, run] of Object.entries(cases)) {
    await run(client, address);
    console.log(`  ok  ${name}`);
  }
  client.close();
} finally {
  server.kill("SIGKILL");
}
