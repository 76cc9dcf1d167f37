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
