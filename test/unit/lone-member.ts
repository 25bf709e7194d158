/** What a backup knows of the other members where there are none. */
import type { ClusterFacts } from "../../provider/postgresql/cluster/cluster-facts.ts";

export const loneMember: ClusterFacts = {
  plannedUnits: 1,
  isTlsEnabled: false,
  readyReplicas: [],
  leader: undefined,
  primary: undefined,
  isPrimaryServing: undefined,
};
