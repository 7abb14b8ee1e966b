/** The API's description, as data and as a page. The page loads nothing: no script, no font, no other host. */
import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import { once } from "../domain/once";
import { DOCS_STYLE } from "./docs-style";
import { createRouter } from "./router";

const ABOUT = {
  openapi: "3.1.0" as const,
  info: {
    title: "Bouncekeeper",
    version: "1",
    license: { name: "MIT", identifier: "MIT" },
    description:
      "Bounces and complaints of every e-mail provider in; one suppression list and one answer out: may I mail this address?",
  },
};

const SECURITY = [
  ["admin", { type: "http", scheme: "bearer", description: "ADMIN_TOKENS" }],
  ["check", { type: "http", scheme: "bearer", description: "CHECK_TOKENS" }],
  ["listmonk", { type: "http", scheme: "basic", description: "user:token of a connection of listmonk" }],
] as const;

type Html = HtmlEscapedString | Promise<HtmlEscapedString>;
type Registry = ReturnType<typeof createRouter>;

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly default?: unknown;
}

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly {
    name: string;
    in: string;
    required?: boolean;
    description?: string;
    schema?: Schema;
  }[];
  readonly requestBody?: { content?: Readonly<Record<string, { schema?: Schema }>> };
  readonly responses?: Readonly<
    Record<string, { description?: string; content?: Readonly<Record<string, { schema?: Schema }>> }>
  >;
}

interface Document {
  readonly info: { readonly title: string; readonly description?: string };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/**
 * @param app the whole application: its registry holds every route's description
 * @param further what describes those that have no schema of their own; they are heard when somebody asks
 */
export function docsRoutes(app: Registry, further: readonly ((registry: Registry["openAPIRegistry"]) => void)[]) {
  const routes = createRouter();
  const described = once(() => {
    for (const [name, scheme] of SECURITY) app.openAPIRegistry.registerComponent("securitySchemes", name, scheme);
    for (const describe of further) describe(app.openAPIRegistry);
    return app;
  });
  const document = (origin: string) => described().getOpenAPI31Document({ ...ABOUT, servers: [{ url: origin }] });
  routes.get("/openapi.json", (c) => c.json(document(new URL(c.req.url).origin)));
  routes.get("/docs", (c) => {
    c.header(
      "content-security-policy",
      "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    return c.html(pageOf(document(new URL(c.req.url).origin) as unknown as Document));
  });
  routes.get("/docs/style.css", (c) => c.body(DOCS_STYLE, 200, { "content-type": "text/css; charset=utf-8" }));
  return routes;
}

function pageOf(document: Document): Html {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const tags = [...new Set(operations.flatMap((o) => o.operation.tags ?? []))];
  const schemas = Object.entries(document.components?.schemas ?? {});
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${document.info.title} API</title><link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<header><h1>${document.info.title} API</h1><p>${document.info.description ?? ""}</p><p><a href="/openapi.json">openapi.json</a></p></header>
<nav aria-label="Contents"><ul>${tags.map((tag) => html`<li><a href="#${tag}">${tag}</a></li>`)}<li><a href="#schemas">Schemas</a></li></ul></nav>
<main>
${tags.map(
  (tag) => html`<section id="${tag}"><h2>${tag}</h2>
${operations.filter((o) => o.operation.tags?.includes(tag)).map((o) => operationOf(o.path, o.method, o.operation))}</section>`,
)}
<section id="schemas"><h2>Schemas</h2>
${schemas.map(([name, schema]) => html`<article id="schema-${name}"><h3>${name}</h3>${schemaOf(schema)}</article>`)}
</section>
</main>
</body>
</html>`;
}

function operationOf(path: string, method: string, operation: Operation): Html {
  const tokens = (operation.security ?? []).flatMap((scheme) => Object.keys(scheme));
  const body = Object.entries(operation.requestBody?.content ?? {});
  return html`<article>
<h3><span class="method ${method}">${method.toUpperCase()}</span> <code>${path}</code></h3>
<p><strong>${operation.summary ?? ""}</strong> ${proseOf(operation.description)}</p>
${tokens.length ? html`<p class="token">Token: ${tokens.join(" or ")}</p>` : ""}
${operation.parameters?.length ? parametersOf(operation.parameters) : ""}
${body.map(([type, { schema }]) => html`<details><summary>Body: <code>${type}</code></summary>${schemaOf(schema)}</details>`)}
${Object.entries(operation.responses ?? {}).map(
  ([status, response]) => html`<details><summary><code>${status}</code> ${response.description ?? ""}</summary>
${Object.values(response.content ?? {}).map(({ schema }) => schemaOf(schema))}</details>`,
)}
</article>`;
}

/** Descriptions name parameters as Markdown does, between backticks. */
function proseOf(text = ""): Html[] {
  return text.split("`").map((part, i) => (i % 2 ? html`<code>${part}</code>` : html`${part}`));
}

function parametersOf(parameters: NonNullable<Operation["parameters"]>): Html {
  return html`<table><thead><tr><th>Parameter</th><th>In</th><th>Type</th><th></th></tr></thead><tbody>
${parameters.map(
  (p) =>
    html`<tr><td><code>${p.name}</code>${p.required ? "" : "?"}</td><td>${p.in}</td><td>${typeOf(p.schema)}</td><td>${p.description ?? p.schema?.description ?? ""}</td></tr>`,
)}</tbody></table>`;
}

function schemaOf(schema: Schema | undefined): Html {
  const properties = propertiesOf(schema);
  if (!properties.length) return html`<p>${typeOf(schema)}</p>`;
  return html`<table><thead><tr><th>Field</th><th>Type</th><th></th></tr></thead><tbody>
${properties.map(
  ([name, value, isRequired]) =>
    html`<tr><td><code>${name}</code>${isRequired ? "" : "?"}</td><td>${typeOf(value)}</td><td>${value.description ?? ""}</td></tr>`,
)}</tbody></table>`;
}

function propertiesOf(schema: Schema | undefined): [string, Schema, boolean][] {
  const own = Object.entries(schema?.properties ?? {}).map(([name, value]): [string, Schema, boolean] => [
    name,
    value,
    schema?.required?.includes(name) ?? false,
  ]);
  return [...(schema?.allOf ?? []).flatMap(propertiesOf), ...own];
}

/** A schema in short: a link, a list of words, a type. */
function typeOf(schema: Schema | undefined): Html {
  if (!schema) return html``;
  if (schema.$ref) return linkTo(schema.$ref);
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices) return html`${separated(choices.map(typeOf))}`;
  if (schema.enum) return html`${schema.enum.map((value) => JSON.stringify(value)).join(" | ")}`;
  if (schema.items) return html`array of ${typeOf(schema.items)}`;
  return html`${[schema.type ?? "any"].flat().join(" | ")}`;
}

function linkTo(ref: string): Html {
  const name = ref.slice(ref.lastIndexOf("/") + 1);
  return html`<a href="#schema-${name}">${name}</a>`;
}

function separated(parts: readonly Html[]): Html[] {
  return parts.flatMap((part, i) => (i ? [raw(" | "), part] : [part]));
}
