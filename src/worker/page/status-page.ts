/**
 * The status page: one HTML text without external assets. It reads the API with the token of its own path
 * (`/k/<token>/`), or asks for one and keeps it in the tab's session.
 */

export function statusPage(): Response {
  return new Response(HTML, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      // The path may carry a token: it must not leave in a Referer, nor may anything else be loaded.
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "content-security-policy":
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    },
  });
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2430; --soft: #667085; --line: #e4e7ec; --page: #fbfbfa; --card: #fff;
  --good: #177245; --wait: #9a6700; --bad: #b42318; --sleep: #5b6b8c }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ec; --soft: #98a2b3; --line: #2b313b; --page: #14171c;
  --card: #1b1f26; --good: #58c08a; --wait: #e0b04c; --bad: #f58a7f; --sleep: #9db0d6 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
main { max-width: 68rem; margin: 0 auto; padding: 2.5rem 1.25rem }
h1 { font-size: 1.35rem; margin: 0 } h2 { font-size: 1rem; margin: 2rem 0 .6rem }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem }
.soft { color: var(--soft) } .reason { min-width: 14rem; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 14rem; overflow-y: auto }
table { width: 100%; border-collapse: collapse; background: var(--card); border: 1px solid var(--line); border-radius: .5rem }
th, td { text-align: left; padding: .55rem .8rem; border-bottom: 1px solid var(--line); vertical-align: top }
tr:last-child td { border-bottom: 0 } th { font-weight: 600; color: var(--soft); font-size: .82rem }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap } a { color: inherit }
.state::before { content: "\\25CF"; margin-right: .45em } .good::before { color: var(--good) } .wait::before { color: var(--wait) }
.bad::before { color: var(--bad) } .sleep::before { color: var(--sleep) }
input { font: inherit; padding: .4rem .6rem; width: 22rem; max-width: 100%; border: 1px solid var(--line); border-radius: .4rem; background: var(--card); color: inherit }
button { font: inherit; padding: .4rem .9rem } td { overflow-wrap: break-word }
@media (max-width: 44rem) { main { padding: 1.25rem .75rem } thead { display: none } tr { display: block; padding: .4rem 0; border-bottom: 1px solid var(--line) }
  tr:last-child { border-bottom: 0 } td { display: block; border: 0; padding: .15rem .8rem } td:empty { display: none }
  td[data-label]::after { content: " " attr(data-label); color: var(--soft); font-size: .82rem } }
`;

const SCRIPT = `
"use strict";
const REFRESH_MS = 2000;
const SERVING = "/apis/serving.knative.dev/v1/";
const prefix = (location.pathname.match(/^\\/k\\/[^/]+/) || [""])[0];
const port = location.port ? ":" + location.port : "";
const byId = (id) => document.getElementById(id);

async function read(path) {
  const token = sessionStorage.getItem("rouse-token");
  const headers = token ? { authorization: "Bearer " + token } : {};
  const response = await fetch((token ? "" : prefix) + path, { headers, cache: "no-store", signal: AbortSignal.timeout(10000) });
  if (response.status === 401) throw new Error("unauthorized");
  if (!response.ok) throw new Error("the API answered " + response.status);
  return response.json();
}

const list = async (path) => (await read(path)).items;

function ago(timestamp) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(timestamp)) / 1000));
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]]) if (seconds >= size) return Math.floor(seconds / size) + " " + unit + " ago";
  return seconds + " s ago";
}

function cell(row, text, className) {
  const td = row.appendChild(document.createElement("td"));
  td.textContent = text;
  if (className) td.className = className;
  return td;
}

function fill(id, items, empty, render) {
  const body = byId(id);
  const rows = items.map((item) => { const row = document.createElement("tr"); render(row, item); return row; });
  if (rows.length === 0) {
    const row = document.createElement("tr");
    cell(row, empty, "soft").colSpan = 5;
    rows.push(row);
  }
  body.replaceChildren(...rows);
}

function pods(service, revisions) {
  let actual = 0, desired = 0;
  for (const revision of revisions) {
    const { namespace, labels = {} } = revision.metadata;
    if (namespace !== service.metadata.namespace || labels["serving.knative.dev/service"] !== service.metadata.name) continue;
    actual += (revision.status || {}).actualReplicas || 0;
    desired += (revision.status || {}).desiredReplicas || 0;
  }
  return { actual, desired };
}

function renderService(row, service, revisions) {
  const status = service.status || {};
  const ready = (status.conditions || []).find((condition) => condition.type === "Ready") || { status: "Unknown" };
  const count = pods(service, revisions);
  cell(row, service.metadata.namespace + "/" + service.metadata.name);
  const url = cell(row, "");
  if (status.url) {
    const link = url.appendChild(document.createElement("a"));
    link.href = status.url + port; link.textContent = status.url + port; link.rel = "noreferrer";
  }
  const [word, look] = ready.status === "False" ? ["Failed", "bad"] : ready.status === "Unknown" ? ["Starting", "wait"]
    : count.actual > 0 ? ["Awake", "good"] : count.desired > 0 ? ["Starting", "wait"] : ["Asleep", "sleep"];
  cell(row, word, "state " + look);
  cell(row, count.actual + " / " + count.desired, "number").dataset.label = "pods there / wanted";
  cell(row, "").append(reasonOf(ready));
}

function reasonOf(condition) {
  const reason = document.createElement("div");
  reason.className = "soft reason";
  reason.textContent = [condition.reason, condition.message].filter(Boolean).join(": ");
  return reason.textContent ? reason : "";
}

function renderAgent(row, agent) {
  const looks = { Connected: "good", Disconnected: "wait", NeverSeen: "wait", Lost: "bad", Gone: "sleep" };
  cell(row, agent.name);
  cell(row, agent.connection, "state " + (looks[agent.connection] || "wait"));
  cell(row, agent.drivers.join(", "));
  cell(row, agent.capacity ? agent.capacity.pods + " pods" : "", "number");
  const since = cell(row, ago(agent.changedAt), "soft");
  since.title = agent.changedAt;
}

// A lost agent is no alarm when no pod is wanted there any more: it was stopped, or its pods have moved.
async function withGone(agent) {
  if (agent.connection !== "Lost") return agent;
  const { desired } = await read("/rouse/v1/agents/" + encodeURIComponent(agent.agentUid));
  return desired.some(({ wanted }) => wanted === "running") ? agent : { ...agent, connection: "Gone" };
}

async function refresh() {
  try {
    const [services, revisions, agents] = await Promise.all([list(SERVING + "services"), list(SERVING + "revisions"),
      list("/rouse/v1/agents").then((all) => Promise.all(all.map(withGone)))]);
    fill("services", services, "No services yet.", (row, service) => renderService(row, service, revisions));
    fill("agents", agents, "No agent has joined.", renderAgent);
    byId("board").hidden = false; byId("login").hidden = true;
    byId("news").textContent = "Updated " + new Date().toLocaleTimeString();
  } catch (error) {
    const isLocked = error.message === "unauthorized";
    byId("login").hidden = !isLocked;
    if (isLocked) byId("board").hidden = true;
    const isRefused = isLocked && Boolean(prefix || sessionStorage.getItem("rouse-token"));
    byId("news").textContent = isLocked ? (isRefused ? "This token is not known." : "") : "Not up to date: " + error.message;
    if (isLocked) return;
  }
  setTimeout(refresh, REFRESH_MS);
}

byId("login").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("rouse-token", byId("token").value.trim());
  void refresh();
});
void refresh();
`;

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rouse</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='6' fill='%23177245'/%3E%3C/svg%3E">
<style>${STYLE}</style>
</head>
<body>
<main>
<header><h1>Rouse</h1><span id="news" class="soft" role="status"></span></header>
<form id="login" hidden>
<p><label for="token">This page needs the API token. Where <code>npm start</code> runs: <code>cat .rouse/admin-token</code></label></p>
<p><input id="token" type="password" autocomplete="off"> <button>Open</button></p>
</form>
<section id="board" hidden>
<h2>Services</h2>
<table>
<thead><tr><th>Service</th><th>URL</th><th>State</th><th>Pods there / wanted</th><th>Reason</th></tr></thead>
<tbody id="services"></tbody>
</table>
<h2>Agents</h2>
<table>
<thead><tr><th>Agent</th><th>Link</th><th>Drivers</th><th>Capacity</th><th>Since</th></tr></thead>
<tbody id="agents"></tbody>
</table>
</section>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
