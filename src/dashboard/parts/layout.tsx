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
  /** What waits for a person, by path: a number beside the entry of the navigation. */
  readonly waiting?: Readonly<Record<string, number>> | undefined;
  /** What the search box holds. */
  readonly search?: string | undefined;
}

export interface Assets {
  readonly style: string;
  readonly script: string;
  /** Only of pages with charts. */
  readonly chart?: string | undefined;
}

const NAVIGATION: readonly (readonly [path: string, label: string])[] = [
  ["/dashboard", "Overview"],
  ["/dashboard/suppressions", "Suppressions"],
  ["/dashboard/events", "Events"],
  ["/dashboard/quarantine", "Quarantine"],
  ["/dashboard/connections", "Connections"],
  ["/dashboard/import", "Import"],
  ["/dashboard/try", "Try a bounce"],
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

export function Page({ frame, children }: { frame: Frame; children?: Child }) {
  const { title, path, session, formToken, assets, waiting = {}, search } = frame;
  return (
    <Bare title={title} assets={assets}>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <div class="shell">
        <div class="side">
          <a class="brand" href="/dashboard">
            Bouncekeeper
          </a>
          <nav aria-label="Pages">
            <ul>
              {NAVIGATION.map(([href, label]) => (
                <li>
                  <a href={href} aria-current={isCurrent(href, path) ? "page" : undefined}>
                    {label}
                    {waiting[href] ? <span class="count">{waiting[href]}</span> : null}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <form class="who" method="post" action="/dashboard/sign-out">
            <input type="hidden" name={FORM_TOKEN_FIELD} value={formToken} />
            <div class="name">Signed in as {session.actor}</div>
            <button class="link" type="submit">
              Sign out
            </button>
          </form>
        </div>
        <div class="main">
          <div class="top">
            <search class="search-box">
              <form class="search" action="/dashboard/recipients">
                <label class="visually-hidden" for="search">
                  Find a recipient
                </label>
                <input
                  id="search"
                  name="q"
                  type="search"
                  placeholder="Find a recipient"
                  value={search}
                  autocomplete="off"
                />
                <button type="submit">Find</button>
              </form>
            </search>
          </div>
          <main id="main">{children}</main>
        </div>
      </div>
    </Bare>
  );
}

function Head({ title, assets }: { title: string; assets: Assets }) {
  return (
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="robots" content="noindex" />
      <title>{`${title} · Bouncekeeper`}</title>
      <link rel="icon" href="data:," />
      <link rel="stylesheet" href={assets.style} />
      {assets.chart === undefined ? null : <script src={assets.chart} defer></script>}
      <script src={assets.script} defer></script>
    </head>
  );
}

function isCurrent(href: string, path: string): boolean {
  return href === "/dashboard" ? path === href : path === href || path.startsWith(`${href}/`);
}
