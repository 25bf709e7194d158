import { currentDispatch } from "juju-database-backup/juju";
import { charm } from "./charm.ts";

await charm(currentDispatch());
