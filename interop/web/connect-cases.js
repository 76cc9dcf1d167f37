// What connect-es is to get of the server, by whatever protocol it calls it.

import { Code, ConnectError, createClient, encodeBinaryHeader, decodeBinaryHeader } from "@connectrpc/connect";

import { LIMIT, check, equal, failureOf } from "./assert.js";

// A client of a service, and the types of its messages.
export function clientOf(service, transport) {
  return Object.assign(createClient(service.Interop, transport), { Text: service.Text });
}

async function untilHolding(client, value) {
  const end = Date.now() + LIMIT;
  while ((await client.holding({})).value !== value) {
    check(Date.now() < end, `the server does not hold ${value} calls`);
  }
}

async function all(stream) {
  const messages = [];
  for await (const message of stream) messages.push(message);
  return messages;
}

// With one request.
export const cases = {
  async unary(client) {
    for (const length of [0, 1, 100_000, 3_000_000]) {
      const text = "x".repeat(length);
      equal((await client.echo({ text })).text, text);
    }
  },

  async serverStreaming(client) {
    const numbers = await all(client.count({ value: 10_000n }));
    equal(numbers.length, 10_000);
    numbers.forEach((number, index) => equal(number.value, BigInt(index + 1)));
  },

  async metadataInBothDirections(client) {
    const bytes = new Uint8Array([0, 1, 254, 255]);
    let received;
    await client.echo(
      {},
      {
        headers: { "x-text": "a text", "x-bytes-bin": encodeBinaryHeader(bytes) },
        onHeader: (headers) => (received = headers),
      },
    );
    equal(received.get("x-text"), "a text");
    equal(decodeBinaryHeader(received.get("x-bytes-bin")).join(), bytes.join());
  },

  async aStatusWithMessageAndDetails(client) {
    const text = "wrong: 100 % ünïcode\nin two lines";
    const error = await failureOf(client.reject({ text }));
    equal(error.code, Code.InvalidArgument);
    equal(error.rawMessage, text);
    equal(error.findDetails(client.Text)[0].text, text);
  },

  async aDeadlineEndsTheHandler(client) {
    const error = await failureOf(client.hold({}, { timeoutMs: 200 }));
    equal(error.code, Code.DeadlineExceeded);
    await untilHolding(client, 0n);
  },

  async aCancelledCallEndsTheHandler(client) {
    const cancel = new AbortController();
    const held = failureOf(client.hold({}, { signal: cancel.signal }));
    await untilHolding(client, 1n);
    cancel.abort();
    equal(ConnectError.from(await held).code, Code.Canceled);
    await untilHolding(client, 0n);
  },
};

// With requests in streams, which browsers cannot send.
export const streams = {
  async clientStreaming(client) {
    async function* numbers() {
      for (let value = 1n; value <= 1_000n; value++) yield { value };
    }
    equal((await client.sum(numbers())).value, 500_500n);
  },
};

// With requests that follow replies, for which HTTP/2 is needed.
export const turns = {
  async bidirectionalStreamingInTurns(client) {
    let answered = () => {};
    async function* texts() {
      for (let length = 0; length < 100; length++) {
        const answer = new Promise((resolve) => (answered = resolve));
        yield { text: "x".repeat(length) };
        await answer;
      }
    }
    let length = 0n;
    for await (const reply of client.lengths(texts())) {
      equal(reply.value, length++);
      answered();
    }
    equal(length, 100n);
  },
};
