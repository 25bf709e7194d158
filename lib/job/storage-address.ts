/**
 * How a storage configuration is turned into addresses: one answer for every client, so that the one which looks for
 * trouble and the one which moves the data mean the same object.
 *
 * @module
 */
import { defaultEndpoint, storageLocation, type StorageConfig } from "./storage-config.ts";

type Addressed = Pick<StorageConfig, "bucket" | "endpoint" | "region" | "uriStyle">;

/** The region that requests are signed for. Default: us-east-1, with which servers that know no regions are content. */
export function regionOf(storage: Addressed): string {
  const region = (storage.region ?? "").trim();
  return region === "" ? "us-east-1" : region;
}

/**
 * The URL of the server; undefined where the endpoint is none. At AWS it is that of the region, because a bucket is
 * looked for there and nowhere else.
 */
export function serverUrl(storage: Addressed): URL | undefined {
  const { endpoint } = storageLocation(storage);
  const url = endpoint === defaultEndpoint ? awsEndpoint(regionOf(storage)) : endpoint;
  return URL.canParse(url) ? new URL(url) : undefined;
}

/**
 * Where the bucket's name stands in a URL: where the configuration says. Default: in the host, unless
 * {@link hostTakesBucket} says no.
 */
export function uriStyleOf(storage: Addressed): "host" | "path" {
  const style = (storage.uriStyle ?? "").trim();
  if (style === "host" || style === "path") return style;
  return hostTakesBucket(storage) ? "host" : "path";
}

/**
 * Whether a host can have the bucket's name before its own: an address cannot, and a name that is not one label of the
 * DNS has no certificate.
 */
export function hostTakesBucket(storage: Addressed): boolean {
  const host = serverUrl(storage)?.hostname ?? "";
  const isAddress = host.startsWith("[") || /^\d+(?:\.\d+){3}$/.test(host);
  return !isAddress && /^[a-z0-9](?:[a-z0-9-]{1,61})[a-z0-9]$/.test(storageLocation(storage).bucket);
}

function awsEndpoint(region: string): string {
  return `https://s3.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}
