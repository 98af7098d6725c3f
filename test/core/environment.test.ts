import { describe, expect, it } from "vitest";
import { expandVariables, podCommandLine, podEnvironment } from "../../src/core/environment.ts";
import type { PodTemplate } from "../../src/core/protocol/pod.ts";

describe("$(NAME) expansion", () => {
  // Expected values: the examples of Kubernetes' documentation and its expansion rules.
  it.each([
    ["$(A)-$(B)", "1-2"],
    ["$$(A)", "$(A)"],
    ["$$$(A)", "$1"],
    ["$$$$(A)", "$$(A)"],
    ["$(MISSING)", "$(MISSING)"],
    ["$A ${A} $ $", "$A ${A} $ $"],
    ["$(A", "$(A"],
    ["$(toString)", "$(toString)"],
    ["plain", "plain"],
  ])("turns %s into %s", (text, expanded) => {
    expect(expandVariables(text, { A: "1", B: "2" })).toBe(expanded);
  });
});

const template: PodTemplate = {
  namespace: "default",
  service: "hello",
  configuration: "hello",
  revision: "hello-00001",
  driver: "process",
  image: "",
  command: ["node"],
  args: ["--port=$(PORT)", "$(GREETING)"],
  env: [
    { name: "NAME", value: "you" },
    { name: "GREETING", value: "hello $(NAME) of $(K_SERVICE), not $(LATER)" },
    { name: "LATER", value: "x" },
    { name: "PORT", value: "1" },
  ],
  containerPort: 8080,
  protocol: "http1",
  containerConcurrency: 0,
  timeoutSec: 300,
  responseStartTimeoutSec: 0,
  idleTimeoutSec: 0,
  readinessProbe: {
    handler: { type: "tcp" },
    periodSec: 0,
    timeoutSec: 0,
    successThreshold: 1,
    failureThreshold: 3,
    initialDelaySec: 0,
  },
  progressDeadlineSec: 600,
};

describe("a pod's environment", () => {
  const environment = podEnvironment(template, 20_001, { PATH: "/bin" });

  it("refers only to what stands before, and sets Knative's variables", () => {
    expect(environment).toEqual({
      PATH: "/bin",
      PORT: "20001",
      K_SERVICE: "hello",
      K_CONFIGURATION: "hello",
      K_REVISION: "hello-00001",
      NAME: "you",
      GREETING: "hello you of hello, not $(LATER)",
      LATER: "x",
    });
  });

  it("is what the command line is expanded from", () => {
    expect(podCommandLine(template, environment)).toEqual(["node", "--port=20001", "hello you of hello, not $(LATER)"]);
  });
});

it("leaves a value from a ConfigMap or Secret as it is", () => {
  const env = [
    { name: "A", value: "1" },
    { name: "B", value: "$(A)", isLiteral: true },
    { name: "C", value: "$(B)" },
  ];
  expect(podEnvironment({ ...template, env }, 1, {})).toMatchObject({ B: "$(A)", C: "$(A)" });
});
