/** The frame of every page. */

import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { FORM_TOKEN_FIELD } from "../guard";
import type { Session } from "../session";

export interface Frame {
  readonly title: string;
  /** The path that the navigation marks as the present one. */
  readonly path: string;
  readonly session: Session;
  readonly formToken: string;
  readonly assets: Assets;
  /** What waits for a person, by path: said beside the entry of the navigation. */
  readonly waiting: Readonly<Record<string, string>>;
  /** What the search box holds. */
  readonly search?: string | undefined;
}

export interface Assets {
  readonly style: string;
  readonly script: string;
}

const NAVIGATION: readonly (readonly [path: string, label: string])[] = [
  ["/dashboard", "Overview"],
  ["/dashboard/suppressions", "Suppressions"],
  ["/dashboard/events", "Events"],
  ["/dashboard/quarantine", "Quarantine"],
  ["/dashboard/connections", "Connections"],
  ["/dashboard/sync", "Sync"],
  ["/dashboard/notifications", "Notifications"],
  ["/dashboard/import", "Import"],
  ["/dashboard/policy", "Policy"],
  ["/dashboard/try", "Try a bounce"],
  ["/dashboard/audit", "Audit trail"],
];

const DOCTYPE = raw("<!doctype html>");

/** A document without navigation: the sign-in. */
export function Bare({ title, assets, children }: { title: string; assets: Assets; children?: Child }) {
  return (
    <>
      {DOCTYPE}
      <html lang="en">
        <Head title={title} assets={assets} />
        <body>{children}</body>
      </html>
    </>
  );
}

/** A page for those who are signed in: navigation, search, sign-out, and what is on it. */
export function Page({ frame, children }: { frame: Frame; children?: Child }) {
  const { title, path, session, formToken, assets, waiting, search } = frame;
  return (
    <Bare title={title} assets={assets}>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <div class="shell">
        <header class="side">
          <div class="sticky">
            <a class="brand" href="/dashboard">
              <Mark />
              Bouncekeeper
            </a>
            <nav aria-label="Pages">
              <ul>
                {NAVIGATION.map(([href, label]) => (
                  <li>
                    <a href={href} aria-current={isCurrent(href, path) ? "page" : undefined}>
                      {label}
                      {waiting[href] === undefined ? null : (
                        <span class="count">
                          {waiting[href]}
                          <span class="visually-hidden"> waiting</span>
                        </span>
                      )}
                    </a>
                  </li>
                ))}
              </ul>
            </nav>
            <form class="who" method="post" action="/dashboard/sign-out">
              <input type="hidden" name={FORM_TOKEN_FIELD} value={formToken} />
              <div class="name">
                Signed in as <bdi>{session.actor}</bdi>
              </div>
              <button class="link" type="submit">
                Sign out
              </button>
            </form>
          </div>
        </header>
        <div class="main">
          <search class="search-box">
            <form class="search" action="/dashboard/recipients">
              <label class="visually-hidden" for="search">
                Find a recipient
              </label>
              <input
                id="search"
                name="q"
                type="search"
                placeholder="Find a recipient or a domain"
                value={search}
                maxlength={500}
                autocomplete="off"
                spellcheck={false}
              />
              <button type="submit">Find</button>
            </form>
          </search>
          <main id="main" tabindex={-1}>
            {children}
          </main>
          <footer class="soft small">
            Times are in <span data-zone>UTC</span>.
          </footer>
        </div>
      </div>
    </Bare>
  );
}

/** An envelope that comes back. */
function Mark() {
  return (
    <svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M3 6.5h13M3 6.5v11h8M3 6.5l6.5 5 6.5-5v3" />
      <path d="M21 18a5 5 0 1 1-1.6-5.4M20.6 9.6v3.4h-3.4" />
    </svg>
  );
}

function Head({ title, assets }: { title: string; assets: Assets }) {
  return (
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="robots" content="noindex" />
      <title>{`${title} · Bouncekeeper`}</title>
      <link rel="icon" href="data:," />
      <link rel="stylesheet" href={assets.style} />
      <script src={assets.script} defer></script>
    </head>
  );
}

function isCurrent(href: string, path: string): boolean {
  return href === "/dashboard" ? path === href : path === href || path.startsWith(`${href}/`);
}
