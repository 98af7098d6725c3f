import { describe, expect, test } from "vitest";
import { get, TOKEN, worker } from "./client.ts";

/** What kubectl 1.33 sent for `create configmap --from-file`, `create secret generic` and `create namespace`. */
const SENT = {
  configmaps: "azhzAAoPCgJ2MRIJQ29uZmlnTWFwEiYKFQoFYjEuMzMSABoAIgAqADIAOABCABoNCgdiaW4uZGF0EgIA/xoAIgA=",
  secrets: "azhzAAoMCgJ2MRIGU2VjcmV0EiEKFQoFczEuMzMSABoAIgAqADIAOABCABIGCgFrEgF2GgAaACIA",
  namespaces: "azhzAAoPCgJ2MRIJTmFtZXNwYWNlEhwKFAoEbjEzMxIAGgAiACoAMgA4AEIAEgAaAgoAGgAiAA==",
};
const DEFAULT = "/api/v1/namespaces/default";

async function send(path: string, body: Uint8Array): Promise<Response> {
  return worker.fetch(`http://rouse.test${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/vnd.kubernetes.protobuf" },
    body: body as Uint8Array<ArrayBuffer>,
  });
}

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

describe("a body in protobuf", () => {
  test("creates what kubectl means", async () => {
    expect((await send(`${DEFAULT}/configmaps`, bytesOf(SENT.configmaps))).status).toBe(201);
    expect((await get(`${DEFAULT}/configmaps/b1.33`)).body.binaryData).toEqual({ "bin.dat": "AP8=" });
    expect((await send(`${DEFAULT}/secrets`, bytesOf(SENT.secrets))).status).toBe(201);
    expect((await get(`${DEFAULT}/secrets/s1.33`)).body.data).toEqual({ k: "dg==" });
    expect((await send("/api/v1/namespaces", bytesOf(SENT.namespaces))).status).toBe(201);
    expect((await get("/api/v1/namespaces/n133")).status).toBe(200);
  });

  test("cut off anywhere, or with any byte changed, is taken or refused, and never breaks anything", async () => {
    const whole = bytesOf(SENT.secrets);
    const broken = [...whole.keys()].flatMap((i) => {
      const changed = whole.slice();
      changed[i] = 0xff;
      return [whole.slice(0, i), changed];
    });
    for (const body of broken) {
      const response = await send(`${DEFAULT}/secrets?dryRun=All`, body);
      expect([201, 400, 409, 415, 422]).toContain(response.status);
      await response.body?.cancel();
    }
  });

  test("of a kind that is read as JSON only is 415", async () => {
    const text = new TextEncoder().encode("k8s\0\n\x09\n\x00\x12\x05Thing");
    expect((await send(`${DEFAULT}/configmaps`, text)).status).toBe(415);
  });
});
