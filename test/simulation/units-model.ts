/**
 * A database of several units in the process of the test.
 */
import { runAction } from "../../lib/juju/action.ts";
import type { Dispatch } from "../../lib/juju/dispatch.ts";
import { ScriptedDatabase, SimulatedJuju, VirtualClock } from "../../lib/testing/index.ts";
import { Credentials, type StorageConfig } from "../../lib/job/storage-config.ts";
import { shippedRules, type Rules } from "../../provider/coordination/rules.ts";
import { Provider, providerActions } from "../../provider/index.ts";
import type { ProviderOptions } from "../../provider/provider.ts";
import { keys, RequestsModel } from "./requests-model.ts";

/** Where a cluster archives to. */
export const archiveStorage: StorageConfig = {
  bucket: "archive",
  credentials: new Credentials(keys.accessKey, keys.secretKey),
};

/** What a model may have that is not as usual. */
export interface UnitsModelOptions {
  /** Default: 3. */
  readonly units?: number;
  /** Default: one, `manager`. */
  readonly managers?: readonly string[];
  /** Whether a new unit takes the number of one that is gone, as on Kubernetes. Default: false. */
  readonly reuseUnitNumbers?: boolean;
  /** Whether the store is one that `faulty-store.ts` lets fail. Default: false. */
  readonly faultyStore?: boolean;
  readonly provider?: Partial<ProviderOptions>;
  readonly rules?: Partial<Rules>;
}

/** A running model. */
export class UnitsModel extends RequestsModel {
  readonly clock: VirtualClock;
  readonly scripted: ScriptedDatabase;

  private constructor(
    clock: VirtualClock,
    juju: SimulatedJuju,
    scripted: ScriptedDatabase,
    relations: ReadonlyMap<string, number>,
  ) {
    super(juju, relations);
    this.clock = clock;
    this.scripted = scripted;
  }

  /** Starts a model in which every job succeeds until the test says otherwise. */
  static async start(options: UnitsModelOptions = {}): Promise<UnitsModel> {
    const clock = new VirtualClock();
    const scripted = new ScriptedDatabase(clock);
    const juju = await SimulatedJuju.start({ clock });
    const { executor } = scripted;
    const faulty = { module: new URL("faulty-store.ts", import.meta.url).href };
    const store = options.faultyStore === true ? { ...scripted.store, ...faulty } : scripted.store;
    const rules = { ...shippedRules, ...options.rules };
    await juju.deploy({
      application: "database",
      charm: "examples/postgresql-charm",
      units: options.units ?? 3,
      reuseUnitNumbers: options.reuseUnitNumbers ?? false,
      inProcess: async (dispatch: Dispatch) => {
        const provider = new Provider(
          { ...dispatch, stateDirectory: "/state", executor, store, ...options.provider },
          rules,
        );
        const { event } = dispatch;
        if (event.kind === "action") {
          await runAction(dispatch.juju, event.name, {
            ...providerActions(provider),
            "list-backups": async () => ({ elsewhere: String(await provider.backsUpElsewhere()) }),
          });
          return;
        }
        const { status } = await provider.reconcile();
        await dispatch.juju.setStatus(status ?? { name: "active", message: "" });
      },
    });
    const relations = await RequestsModel.relate(juju, options.managers ?? ["manager"]);
    return new UnitsModel(clock, juju, scripted, relations);
  }

  /** The jobs that the executor began, in order. */
  get started(): readonly (string | undefined)[] {
    return this.scripted.calls
      .filter(({ call }) => call === "backup" || call === "restore")
      .map(({ job }) => job);
  }
}
