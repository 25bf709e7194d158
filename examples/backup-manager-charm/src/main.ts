import { runCharm } from "juju-database-backup/juju";
import { charm } from "./charm.ts";

await runCharm(charm);
