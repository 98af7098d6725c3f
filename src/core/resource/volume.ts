/** A volume of a template: the sources that Knative may take, and those that it is asked for in vain. */
import { any, boolean, int32, integer, intOrString, listOf, mapOf, object, type Schema, string } from "./schema.ts";

export type Volume = {
  readonly name?: string;
  readonly secret?: { readonly secretName?: string; readonly items?: readonly KeyToPath[] };
  readonly configMap?: { readonly name?: string; readonly items?: readonly KeyToPath[] };
  readonly projected?: { readonly sources?: readonly VolumeProjection[] };
  readonly emptyDir?: { readonly medium?: string; readonly sizeLimit?: string | number };
  readonly persistentVolumeClaim?: { readonly claimName?: string; readonly readOnly?: boolean };
  readonly hostPath?: { readonly path?: string; readonly type?: string };
  readonly csi?: { readonly driver?: string };
};

export type KeyToPath = { readonly key?: string; readonly path?: string; readonly mode?: number };

export type VolumeProjection = {
  readonly secret?: { readonly name?: string; readonly items?: readonly KeyToPath[] };
  readonly configMap?: { readonly name?: string; readonly items?: readonly KeyToPath[] };
  readonly serviceAccountToken?: { readonly path?: string };
  readonly downwardAPI?: { readonly items?: readonly DownwardFile[] };
};

export type DownwardFile = {
  readonly path?: string;
  readonly fieldRef?: object;
  readonly resourceFieldRef?: object;
  readonly mode?: number;
};

const ITEMS = listOf(object({ key: string, path: string, mode: int32 }));
const PROJECTION = object({ name: string, items: ITEMS, optional: boolean });

export const VOLUME_SCHEMA: Schema = object({
  name: string,
  secret: object({ secretName: string, items: ITEMS, defaultMode: int32, optional: boolean }),
  configMap: object({ name: string, items: ITEMS, defaultMode: int32, optional: boolean }),
  projected: object({
    defaultMode: int32,
    sources: listOf(
      object({
        secret: PROJECTION,
        configMap: PROJECTION,
        serviceAccountToken: object({ audience: string, expirationSeconds: integer, path: string }),
        downwardAPI: object({
          items: listOf(
            object({
              path: string,
              mode: int32,
              fieldRef: object({ apiVersion: string, fieldPath: string }),
              resourceFieldRef: object({ containerName: string, resource: string, divisor: intOrString }),
            }),
          ),
        }),
        clusterTrustBundle: mapOf(any),
      }),
    ),
  }),
  emptyDir: object({ medium: string, sizeLimit: intOrString }),
  persistentVolumeClaim: object({ claimName: string, readOnly: boolean }),
  hostPath: object({ path: string, type: string }),
  csi: object({
    driver: string,
    readOnly: boolean,
    fsType: string,
    volumeAttributes: mapOf(string),
    nodePublishSecretRef: object({ name: string }),
  }),
  downwardAPI: mapOf(any),
  ephemeral: mapOf(any),
  image: mapOf(any),
  nfs: mapOf(any),
});
