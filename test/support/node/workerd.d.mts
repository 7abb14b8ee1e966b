/** The types of `workerd.mjs`. */
interface Statement {
  bind(...values: (string | number | null)[]): Statement;
  all<T>(): Promise<{ results: T[] }>;
}

export interface Database {
  prepare(sql: string): Statement;
}

export interface Namespace {
  get(key: string, type: "json"): Promise<unknown>;
  list(options: { prefix: string; cursor?: string }): Promise<{
    keys: { name: string }[];
    list_complete: boolean;
    cursor?: string;
  }>;
}

export interface Module {
  readonly type: string;
  readonly path: string;
  readonly contents: string;
}

interface BuiltWorker {
  /** The directory in which its stores are, and stay when it ends. */
  readonly stores: string;
  /** The entry first. */
  readonly modules: readonly Module[];
  /** Beside those of `wrangler.toml`. */
  readonly bindings: Readonly<Record<string, string | number>>;
  /** It has the recipients' objects. */
  readonly hasObjects: boolean;
}

export declare class Workerd {
  private constructor();
  static start(worker: BuiltWorker): Promise<Workerd>;
  /** Where the worker listens, without a slash at the end; another place after each start. */
  readonly url: string;
  database(): Promise<Database>;
  namespace(): Promise<Namespace>;
  /** One run of the worker's cron. */
  cron(): Promise<void>;
  /** What its process has used so far, database and simulator included, in ms. */
  cpuMs(): number;
  /** What its process takes of memory, in MB. */
  megabytes(): number;
  /** As a power cut would: the process is gone in the middle of whatever it does. */
  kill(): Promise<void>;
  dispose(): Promise<void>;
}
