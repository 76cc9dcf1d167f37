// Calls the server of this project with connect-es in Node, by each of its protocols:
//
//     node node.js <path of interop-server>

import {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";

import { equal, run } from "./assert.js";
import { cases, clientOf, streams, turns } from "./connect-cases.js";
import { describe, start } from "./server.js";
import { serviceOf } from "./service.js";

const get = {
  async aMethodWithoutSideEffectsIsCalledWithGet(client) {
    // What caches may keep says by which headers it differs.
    const mayBeKept = async (method) => {
      let headers;
      await client[method]({}, { onHeader: (received) => (headers = received) });
      return headers.has("vary");
    };
    equal(await mayBeKept("holding"), true);
    equal(await mayBeKept("echo"), false);
  },
};

const all = { ...cases, ...streams, ...turns };
const gzip = { sendCompression: compressionGzip, acceptCompression: [compressionGzip], compressMinBytes: 0 };

const transports = [
  ["Connect", createConnectTransport, { httpVersion: "2" }, all],
  ["Connect in JSON", createConnectTransport, { httpVersion: "2", useBinaryFormat: false }, all],
  ["Connect with gzip", createConnectTransport, { httpVersion: "2", ...gzip }, all],
  ["Connect with GET", createConnectTransport, { httpVersion: "2", useHttpGet: true }, get],
  ["Connect with GET and gzip", createConnectTransport, { httpVersion: "1.1", useHttpGet: true, ...gzip }, get],
  ["Connect over HTTP/1.1", createConnectTransport, { httpVersion: "1.1" }, { ...cases, ...streams }],
  ["gRPC", createGrpcTransport, {}, all],
  ["gRPC with gzip", createGrpcTransport, gzip, all],
  ["gRPC-Web", createGrpcWebTransport, { httpVersion: "2" }, all],
  ["gRPC-Web with gzip", createGrpcWebTransport, { httpVersion: "2", ...gzip }, all],
  ["gRPC-Web over HTTP/1.1", createGrpcWebTransport, { httpVersion: "1.1" }, { ...cases, ...streams }],
];

const server = await start(process.argv[2]);
try {
  const service = serviceOf(await describe(server.address, "interop.Interop"));
  for (const [name, create, options, cases] of transports) {
    const transport = create({ baseUrl: server.address, ...options });
    const tell = (test) => console.log(`  ok  ${name}: ${test}`);
    await run(cases, tell, clientOf(service, transport)).catch((error) => {
      throw new Error(`${name}: ${error.message}`, { cause: error });
    });
  }
} finally {
  server.stop();
}
process.exit();
