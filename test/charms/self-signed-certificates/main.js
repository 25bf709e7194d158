import { runCharm } from "juju-database-backup/juju";
import { charm } from "./charm.js";

await runCharm(charm);
