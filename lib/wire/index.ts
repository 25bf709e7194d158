/**
 * The wire codec: between the databags of the interfaces and the words of the domain. Pure, and the only place that
 * knows the names on the wire.
 *
 * @module
 */
export type { Problem } from "./problem.ts";
export {
  decodeProviderApplication,
  encodeProviderApplication,
  features,
  maxPublishedBackups,
  type DecodedProviderApplication,
  type Feature,
  type ProviderApplication,
} from "./provider-application.ts";
export { decodeReports, encodeReports, type DecodedReports } from "./reports.ts";
export {
  decodeRequests,
  encodeRequests,
  type DecodedRequests,
  type RejectedRequest,
  type RejectionCode,
} from "./requests.ts";
export { decodeS3, type DecodedS3 } from "./s3.ts";
