// What runs in the browser: calls of the server from a page of another origin.

import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";

import { check, equal, failureOf, run } from "./assert.js";
import * as connect from "./connect-cases.js";
import * as grpcWeb from "./grpc-web-cases.js";
import { serviceOf } from "./service.js";

const jsonRpc = {
  async unary(address) {
    const request = { jsonrpc: "2.0", method: "Interop.Echo", params: { text: "a text" }, id: 1 };
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json", "x-text": "a header" },
      body: JSON.stringify(request),
    });
    equal((await response.json()).result.text, "a text");
  },
};

const webSocket = {
  async callsAreAnsweredWhenTheyEnd(address) {
    const socket = await open(address);
    const answers = [];
    const answered = new Promise((resolve, reject) => {
      socket.onmessage = ({ data }) => answers.push(JSON.parse(data)) === 2 && resolve();
      socket.onclose = ({ code, reason }) => reject(new Error(`it is closed: ${code} ${reason}`));
    });
    socket.send(JSON.stringify({ jsonrpc: "2.0", method: "Interop.Hold", id: 1 }));
    const echo = (text, id) => ({ jsonrpc: "2.0", method: "Interop.Echo", params: { text }, id });
    socket.send(JSON.stringify(echo("x".repeat(3_000_000), 2)));
    socket.send(JSON.stringify([echo("a", 3), echo("b", 4)]));
    await answered;
    const [batch, single] = answers.sort((answer) => (Array.isArray(answer) ? -1 : 1));
    equal(single.result.text.length, 3_000_000);
    equal(batch.map((answer) => answer.result.text).sort().join(), "a,b");
    const closed = new Promise((resolve) => (socket.onclose = resolve));
    socket.close(1000, "done");
    equal((await closed).code, 1000);
  },
};

const refusedSocket = {
  async noWebSocketIsOpenedFromAPageThatMayNot(address) {
    equal(await failureOf(open(address)), "refused");
  },
};

function open(address) {
  const socket = new WebSocket(address.replace("http", "ws"));
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject("refused");
  });
}

const refused = {
  async nothingIsCalledFromAPageThatMayNot(client) {
    const error = await failureOf(client.echo({ text: "a text" }));
    // It says no more than that there was no answer.
    check(/fetch/i.test(error.message), `the browser let it through: ${error.message}`);
  },
};

const tell = (line) => fetch("/tell", { method: "POST", body: line });

const { address, silent, files } = await (await fetch("/given.json")).json();
const service = serviceOf(files);
const baseUrl = address;
const transports = {
  "connect-web, gRPC-Web": createGrpcWebTransport({ baseUrl }),
  "connect-web, Connect": createConnectTransport({ baseUrl, useBinaryFormat: true }),
  "connect-web, Connect in JSON": createConnectTransport({ baseUrl }),
  "connect-web, Connect with GET": createConnectTransport({ baseUrl, useHttpGet: true }),
};
const suites = [
  ...Object.entries(transports).map(([name, transport]) => [name, connect.cases, connect.clientOf(service, transport)]),
  ["grpc-web in text", grpcWeb.cases, grpcWeb.clientOf(service, address, "text")],
  ["grpc-web in binary", grpcWeb.cases, grpcWeb.clientOf(service, address, "binary")],
  ["JSON-RPC", jsonRpc, address],
  ["JSON-RPC over WebSocket", webSocket, address],
  ["a server without Cors, WebSocket", refusedSocket, silent],
  ["a server without Cors, gRPC-Web", refused, connect.clientOf(service, createGrpcWebTransport({ baseUrl: silent }))],
  ["a server without Cors, Connect", refused, connect.clientOf(service, createConnectTransport({ baseUrl: silent }))],
];
let outcome = "done";
for (const [name, cases, given] of suites) {
  try {
    await run(cases, (test) => tell(`  ok  ${name}: ${test}`), given);
  } catch (error) {
    outcome = "failed";
    await tell(`  FAILED  ${name}: ${error.message}`);
  }
}
await fetch(`/${outcome}`, { method: "POST" });
