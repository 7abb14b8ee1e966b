import { expect, it } from "vitest";
import type { WebhookRequest } from "../../src/providers/adapter";
import { azure } from "../../src/providers/azure";
import { describeAdapter } from "./contract";
import { sharedSecret } from "./senders";

describeAdapter({ adapter: azure, ...sharedSecret("/webhooks/azure") });

function options(search: string, headers: Record<string, string>): WebhookRequest {
  const url = new URL(`https://hooks.example.com/webhooks/azure${search}`);
  return { method: "OPTIONS", url, headers: new Headers(headers), body: new Uint8Array() };
}

it("lets those send CloudEvents who know the secret, and nobody else", () => {
  const origin = { "webhook-request-origin": "eventgrid.azure.net" };
  expect(azure.probe?.(options("?code=secret", origin), ["secret"])).toEqual({
    status: 200,
    headers: { "webhook-allowed-origin": "eventgrid.azure.net", "webhook-allowed-rate": "*" },
  });
  expect(azure.probe?.(options("?code=wrong", origin), ["secret"])).toEqual({ status: 401 });
  expect(azure.probe?.(options("", origin), ["secret"])).toEqual({ status: 401 });
  expect(azure.probe?.(options("?code=secret", {}), ["secret"])).toBeNull();
});
