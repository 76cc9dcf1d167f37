// Has a page in a headless browser call the server of this project, from another origin:
//
//     node browser.js <path of interop-server> <path of a Chromium>

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { describe, start } from "./server.js";

const bundle = await build({
  entryPoints: [fileURLToPath(new URL("page.js", import.meta.url))],
  bundle: true,
  format: "esm",
  write: false,
});
const page = '<!doctype html><script type="module" src="/page.js"></script>';

// Serves the page, prints what it tells, and gives how it ended.
const given = {};
const pages = createServer();
const ended = new Promise((resolve) => {
  pages.on("request", async (request, response) => {
    const body = (await request.toArray()).join("");
    const send = (type, content) => response.setHeader("content-type", type).end(content);
    if (request.url === "/") return send("text/html", page);
    if (request.url === "/page.js") return send("text/javascript", bundle.outputFiles[0].text);
    if (request.url === "/given.json") return send("application/json", JSON.stringify(given));
    if (request.url === "/tell") console.log(body);
    if (["/done", "/failed"].includes(request.url)) resolve(request.url.slice(1));
    response.end();
  });
});
await once(pages.listen(0, "127.0.0.1"), "listening");
const origin = `http://127.0.0.1:${pages.address().port}`;

const [path, chromium] = process.argv.slice(2);
const server = await start(path, [origin]);
const silent = await start(path);
const profile = await mkdtemp(join(tmpdir(), "interop-"));
Object.assign(given, {
  address: server.address,
  silent: silent.address,
  files: await describe(server.address, "interop.Interop"),
});
const options = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`, origin];
const browser = spawn(chromium, options, { stdio: "ignore" });
try {
  const gone = once(browser, "exit").then(() => "gone: the browser ended by itself");
  const outcome = await Promise.race([ended, gone]);
  if (outcome !== "done") throw new Error(`the page has ${outcome}`);
} finally {
  const exit = browser.exitCode === null && once(browser, "exit");
  browser.kill("SIGKILL");
  await exit;
  server.stop();
  silent.stop();
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
}
process.exit();
