/** Dispatches a request for objects by what its path addresses and its method. */
import { Hono } from "hono";
import { unknownPath } from "../../core/resource/api-status.ts";
import { isView, type ResourceType, type StoredType } from "../../core/resource/resource-type.ts";
import { type Address, parseAddress } from "./address.ts";
import { type ApiContext, answerStatus, notAllowed } from "./answers.ts";
import type { ApiEnvironment } from "./environment.ts";
import { readCollection, readObject } from "./reads.ts";
import { createObject, deleteCollection, deleteObject, patchObject, replaceObject } from "./writes.ts";

export function objectRoutes(): Hono<ApiEnvironment> {
  const app = new Hono<ApiEnvironment>();
  for (const path of ["/api/*", "/apis/*"]) {
    app.all(path, async (c) => {
      const address = parseAddress(c.req.path);
      if (address === null) return answerStatus(unknownPath());
      return address.name === null ? onCollection(c, address) : onObject(c, address, address.name);
    });
  }
  return app;
}

async function onCollection(c: ApiContext, address: Address): Promise<Response> {
  const { type, namespace } = address;
  const methods = collectionMethods(address);
  if (!methods.includes(c.req.method)) return notAllowed(methods);
  switch (c.req.method) {
    case "POST":
      return createObject(c, type as StoredType, namespace ?? "");
    case "DELETE":
      return deleteCollection(c, type as StoredType, namespace);
    default:
      return readCollection(c, address);
  }
}

async function onObject(c: ApiContext, address: Address, name: string): Promise<Response> {
  const methods = objectMethods(address.type);
  if (!methods.includes(c.req.method)) return notAllowed(methods);
  if (c.req.method === "GET" || c.req.method === "HEAD") return readObject(c, address);
  const type = address.type as StoredType;
  const key = { kind: type.kind, namespace: address.namespace ?? "", name };
  switch (c.req.method) {
    case "PUT":
      return replaceObject(c, type, key);
    case "PATCH":
      return patchObject(c, type, key);
    default:
      return deleteObject(c, type, key);
  }
}

/** An object is created in one namespace; kinds without namespaces are deleted one by one. */
function collectionMethods({ type, namespace }: Address): readonly string[] {
  if (isView(type)) return READ_METHODS;
  return [
    ...READ_METHODS,
    ...(type.verbs.includes("create") && namespace !== null ? ["POST"] : []),
    ...(type.verbs.includes("delete") && type.isNamespaced && namespace !== null ? ["DELETE"] : []),
  ];
}

function objectMethods(type: ResourceType): readonly string[] {
  if (isView(type)) return READ_METHODS;
  return [
    ...READ_METHODS,
    ...(type.verbs.includes("update") ? ["PUT"] : []),
    ...(type.verbs.includes("patch") ? ["PATCH"] : []),
    ...(type.verbs.includes("delete") ? ["DELETE"] : []),
  ];
}

const READ_METHODS = ["GET", "HEAD"];
