/**
 * What went wrong between us and a storage server, told apart so that an admin knows where to look.
 *
 * @module
 */
import { StorageError } from "../errors.ts";
import type { Failure } from "../job/report.ts";
import { describeLocation, type StorageLocation } from "../job/storage-config.ts";

/** What was wrong. */
export type StorageFault =
  "access-denied" | "bucket-missing" | "certificate" | "clock-differs" | "full" | "other" | "unreachable";

/** A storage error that knows what was wrong. Its message names no key and no secret. */
export class StorageFaultError extends StorageError {
  readonly fault: StorageFault;

  constructor(fault: StorageFault, message: string, options: ConstructorParameters<typeof StorageError>[1]) {
    super(message, options);
    this.fault = fault;
  }
}

const codes: Readonly<Record<StorageFault, string>> = {
  "access-denied": "storage-access-denied",
  "bucket-missing": "storage-bucket-missing",
  "clock-differs": "storage-clock-differs",
  full: "storage-full",
  unreachable: "storage-unreachable",
  certificate: "storage-certificate",
  other: "storage-failed",
};

/** The code of the failure that stands for an error of a store. */
export function storageFailureCode(error: StorageError): string {
  return error instanceof StorageFaultError ? codes[error.fault] : codes.other;
}

/**
 * The failure that stands for whatever a store threw. Its code is one of `storage-access-denied`,
 * `storage-bucket-missing`, `storage-certificate`, `storage-clock-differs`, `storage-failed`, `storage-full` and
 * `storage-unreachable`.
 */
export function storageFailure(error: unknown, location: StorageLocation): Failure {
  if (error instanceof StorageError)
    return { code: storageFailureCode(error), message: error.message, remedy: error.remedy };
  return {
    code: codes.other,
    message: `The storage (${describeLocation(location)}) failed in an unexpected way.`,
    remedy: "Check the storage server, then request the job again.",
  };
}
