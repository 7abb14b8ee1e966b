/**
 * As much of Cloudflare's API as a deploy of this worker touches, kept in memory. It knows what was asked of it, not
 * what Cloudflare would have done: that a deploy really works needs an account.
 */
import { readdirSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import path from "node:path";

interface Binding {
  readonly name: string;
  readonly type: string;
  readonly id?: string;
  readonly namespace_id?: string;
}

interface Failure {
  readonly status: number;
  readonly code: number;
}

const NO_DATABASE: Failure = { status: 404, code: 7404 };
const NO_WORKER: Failure = { status: 404, code: 10007 };
const NO_SERVICE: Failure = { status: 404, code: 10090 };

export class FakeCloudflare {
  /** What was changed, in order, in short. */
  readonly changes: string[] = [];
  readonly migrations = readdirSync(path.resolve(import.meta.dirname, "../../migrations")).sort();
  readonly #databases: { uuid: string; name: string }[] = [];
  readonly #namespaces: { id: string; title: string }[] = [];
  readonly #applied = new Set<string>();
  #bindings: readonly Binding[] | undefined;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(): Promise<FakeCloudflare> {
    const fake = new FakeCloudflare();
    await new Promise<void>((resolve) => fake.#server.listen(0, "127.0.0.1", resolve));
    return fake;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const resource = new URL(request.url ?? "/", this.url).pathname.replace(/^\/accounts\/acc\//, "");
    const result = this.#answer(request.method ?? "GET", resource, body);
    const failure = isFailure(result) ? result : undefined;
    response.writeHead(failure?.status ?? 200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({
        success: !failure,
        errors: failure ? [{ code: failure.code, message: "no" }] : [],
        messages: [],
        result: failure ? null : result,
      }),
    );
  }

  #answer(method: string, resource: string, body: string): unknown {
    const [, database, query] = /^d1\/database\/([^/]+)(\/query)?$/.exec(resource) ?? [];
    if (database) return query ? this.#query(body) : this.#database(database);
    if (method === "POST" && resource === "d1/database") return this.#createDatabase(JSON.parse(body).name);
    if (method === "POST" && resource === "storage/kv/namespaces") return this.#createNamespace(JSON.parse(body).title);
    if (/^workers\/scripts\/bouncekeeper(\/versions)?$/.test(resource) && method !== "GET") return this.#upload(body);
    const answers: Record<string, unknown> = {
      "d1/database": this.#databases,
      "storage/kv/namespaces": this.#namespaces,
      "workers/subdomain": { subdomain: "example" },
      "workers/services/bouncekeeper": this.#bindings ? { default_environment: SERVICE_ENVIRONMENT } : NO_SERVICE,
      "workers/scripts/bouncekeeper/settings": this.#bindings ? { bindings: this.#bindings } : NO_WORKER,
      "workers/scripts/bouncekeeper/secrets": this.#bindings ? [] : NO_WORKER,
      "workers/scripts/bouncekeeper/deployments": method === "POST" ? { id: "d" } : { deployments: [] },
      "workers/scripts/bouncekeeper/subdomain": { enabled: true, previews_enabled: false },
      "workers/scripts/bouncekeeper/schedules": { schedules: [] },
    };
    return answers[resource] ?? {};
  }

  #database(nameOrId: string): unknown {
    return this.#databases.find(({ uuid, name }) => uuid === nameOrId || name === nameOrId) ?? NO_DATABASE;
  }

  #createDatabase(name: string): unknown {
    this.changes.push(`POST d1/database ${name}`);
    this.#databases.push({ uuid: `d1-${this.#databases.length + 1}`, name });
    return this.#databases.at(-1);
  }

  #createNamespace(title: string): unknown {
    this.changes.push(`POST storage/kv/namespaces ${title}`);
    this.#namespaces.push({ id: `kv-${this.#namespaces.length + 1}`, title });
    return this.#namespaces.at(-1);
  }

  /** Only the bookkeeping of migrations is understood. */
  #query(body: string): unknown {
    const { sql } = JSON.parse(body) as { sql: string };
    const applied = /INSERT INTO "d1_migrations" \(name\)\s+values \('(.+?)'\)/i.exec(sql)?.[1];
    if (applied) {
      this.changes.push(`migration ${applied}`);
      this.#applied.add(applied);
    }
    const results = /^\s*SELECT/.test(sql) ? [...this.#applied].map((name, index) => ({ id: index + 1, name })) : [];
    return [{ results, success: true, meta: {} }];
  }

  #upload(body: string): unknown {
    const metadata = /name="metadata".*?\r\n\r\n(.*?)\r\n--/s.exec(body)?.[1] ?? "{}";
    const { bindings } = JSON.parse(metadata) as { bindings: Binding[] };
    const shown = bindings
      .filter(({ type }) => ["d1", "kv_namespace", "durable_object_namespace", "inherit"].includes(type))
      .map(({ name, type, id, namespace_id }) => [name, type === "inherit" ? "inherited" : (id ?? namespace_id)])
      .map(([name, target]) => (target ? `${name}=${target}` : `${name}`))
      .sort();
    this.changes.push(`upload ${shown.join(" ")}`);
    this.#bindings ??= bindings;
    return { ...VERSION, resources: { script: { etag: "e" } } };
  }
}

const VERSION = { id: "v1", etag: "e", startup_time_ms: 1, available_on_subdomain: true, deployment_id: "d", tag: "t" };
const SERVICE_ENVIRONMENT = {
  environment: "production",
  script: { last_deployed_from: "wrangler", tag: "t", etag: "e", migration_tag: "v1" },
};

function isFailure(result: unknown): result is Failure {
  return typeof result === "object" && result !== null && "status" in result && "code" in result;
}
