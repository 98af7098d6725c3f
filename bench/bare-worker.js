// What the warm path is compared with: a Worker that does nothing but `fetch(origin)`. It runs in the same workerd
// process, on a direct socket of its own, with the same access to the network.
//
//   GET                  fetches the next of the targets
//   PUT  [{url, grant}]  sets the targets; with a grant they are pods behind the agent's queue-proxy
//   POST <revision uid>  what the Revision object says of itself
let targets = [];
let next = 0;

export default {
  async fetch(request, env) {
    if (request.method === "PUT") {
      targets = await request.json();
      return new Response(null, { status: 204 });
    }
    if (request.method === "POST") {
      return Response.json(await env.REVISION.getByName(await request.text()).describe());
    }
    next = (next + 1) % targets.length;
    const { url, grant } = targets[next];
    if (grant === null) return env.NET.fetch(url, request);
    const headers = new Headers(request.headers);
    headers.set("x-rouse-grant", grant);
    return env.NET.fetch(url, { method: request.method, headers, body: request.body, redirect: "manual" });
  },
};
