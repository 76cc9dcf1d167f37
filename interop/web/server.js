// The server of this project that is called, and what it tells of its service.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

// Starts a server that pages of these origins may call, and gives its address.
export async function start(path, origins = []) {
  const server = spawn(path, origins, { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = await once(createInterface(server.stdout), "line");
  return { address: `http://127.0.0.1:${port}`, stop: () => server.kill("SIGKILL") };
}

// The files that define a service, in base64, by server reflection over Connect.
export async function describe(address, service) {
  const question = JSON.stringify({ fileContainingSymbol: service });
  const response = await fetch(`${address}/grpc.reflection.v1.ServerReflection/ServerReflectionInfo`, {
    method: "POST",
    headers: { "content-type": "application/connect+json" },
    body: envelope(Buffer.from(question)),
  });
  const body = Buffer.from(await response.arrayBuffer());
  const answer = JSON.parse(body.subarray(PREFIX, PREFIX + body.readUInt32BE(1)));
  assert(answer.fileDescriptorResponse, JSON.stringify(answer));
  return answer.fileDescriptorResponse.fileDescriptorProto;
}

// Length of what stands ahead of a message: flags, and its own length.
const PREFIX = 5;

function envelope(message) {
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
