/**
 * The actions of a database charm that the library has for it.
 *
 * @module
 */
import type { ActionHandler } from "../lib/juju/action.ts";
import type { Provider } from "./provider.ts";

/**
 * The handlers of the library's own actions, by name, for `runAction()`. A charm declares those that it offers in its
 * `charmcraft.yaml`, as the example does:
 *
 * - `release-grant` (`fence`, an integer; `confirm`, a unit): see {@link Provider.releaseGrant}.
 */
export function providerActions(provider: Provider): Readonly<Record<string, ActionHandler>> {
  return {
    "release-grant": async (given) => {
      const confirm = given.text("confirm");
      const { state, message } = await provider.releaseGrant({
        fence: given.integer("fence") ?? 0,
        ...(confirm === undefined ? {} : { confirm }),
      });
      return { state, message };
    },
  };
}
