// Node's http module and its fetch: node.mjs BASE
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const base = process.argv[2];
const agent = new http.Agent({ keepAlive: true });

const ask = (path, options = {}, body) =>
  new Promise((resolve, reject) => {
    const request = http.request(base + path, { agent, ...options }, (reply) => {
      reply.resume();
      reply.on("end", resolve);
    });
    request.on("error", reject);
    request.end(body);
  });

await ask("/");
await ask("/api/v2/users/1042/orders?page=2&tag=a&tag=b&q=caf%C3%A9+bar");
await ask("/webhooks/payment?attempt=1", {
  method: "POST",
  headers: { "Content-Type": "application/json", "X-Signature": "sha256=0f1e2d3c", "User-Agent": "Example-Hooks/1.4" },
}, '{"id":"evt_1","amount":1250}');
await ask("/behind/proxies", { headers: { "X-Forwarded-For": ["192.0.2.7", "198.51.100.4"], Cookie: ["a=1", "b=2"] } });
for (let page = 1; page <= 6; page++) {
  await ask(`/api/v2/logs/${page}/lines?level=warn&level=error&after=${page * 1000}&follow=`);
}

const get = async (path, options) => (await fetch(base + path, options)).arrayBuffer();
await get("/");
await get("/api/v2/me", { headers: { authorization: "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMDQyIn0." } });
await get("/search?" + new URLSearchParams([["q", "crème brûlée"], ["tag", "a"], ["tag", "b"], ["empty", ""]]));
await get("/graphql", {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ query: "query Me { me { name } }", variables: {} }),
});
const form = new FormData();
form.append("name", "naïve");
form.append("file", new Blob(["hello"]), "a.txt");
await get("/upload?folder=a%20b", { method: "POST", body: form });
await get("/login", { method: "POST", body: new URLSearchParams({ user: "anna", password: "a b" }) });
for (let id = 1; id <= 6; id++) {
  await get(`/api/v2/users/${id}/avatar?size=64&size=128&format=webp`, { headers: { accept: "image/webp,*/*" } });
}
await sleep(0);
agent.destroy();
