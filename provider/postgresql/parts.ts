/**
 * What the steps of a job work with, put together once.
 *
 * @module
 */
import { DatabaseUser } from "./database-user.ts";
import type { Settings } from "./options.ts";
import { Patroni } from "./patroni/patroni.ts";
import { patroniService, type PatroniService } from "./patroni/patroni-service.ts";
import { Psql } from "./psql.ts";

/** What the steps of a job work with. */
export interface Parts {
  readonly settings: Settings;
  readonly user: DatabaseUser;
  readonly psql: Psql;
  readonly patroni: Patroni;
  readonly service: PatroniService;
}

/**
 * Puts the parts together.
 *
 * @throws ExecutorError `database-user-missing`.
 */
export async function assemble(settings: Settings): Promise<Parts> {
  const user = await DatabaseUser.lookUp(settings.postgresql.user);
  return {
    settings,
    user,
    psql: new Psql(settings, user),
    patroni: new Patroni(settings, user),
    service: patroniService(settings),
  };
}
