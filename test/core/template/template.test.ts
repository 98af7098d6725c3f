import { describe, expect, test } from "vitest";
import { renderTemplate } from "../../../src/core/template/execute.ts";

const DATA = { Name: "hello", Namespace: "default", Domain: "example.com", Labels: { tier: "gold" }, Annotations: {} };

function render(template: string): string {
  const rendered = renderTemplate(template, DATA);
  return rendered.ok ? rendered.text : `error: ${rendered.message}`;
}

/** Expected texts are what Go's text/template gives for a struct with these fields. */
describe("a template gives what Go gives", () => {
  test.each([
    ["plain", "plain"],
    ["{{.Name}}.{{ .Domain }}", "hello.example.com"],
    ["a {{- .Name -}} b", "ahellob"],
    ["{{/* said to nobody */}}x", "x"],
    ['{{"a}}b"}}{{`c`}}', "a}}bc"],
    ["{{.Labels.tier}}", "gold"],
    ["{{.Labels.region}}", "<no value>"],
    ['{{index .Labels "tier"}}-{{index .Labels "region"}}', "gold-"],
    ["{{.Labels}} {{.Annotations}}", "map[tier:gold] map[]"],
    ["{{if .Labels.region}}a{{else}}b{{end}}", "b"],
    ["{{if .Labels}}{{if .Annotations}}a{{else}}b{{end}}c{{end}}", "bc"],
    ['{{if eq .Labels.tier "iron"}}1{{else if eq .Labels.tier "gold"}}2{{else}}3{{end}}', "2"],
    ['{{if eq .Name "a" "hello"}}one of{{end}}', "one of"],
    ['{{eq .Labels.region "eu"}} {{ne .Name "x"}} {{not .Annotations}}', "false true true"],
    ['{{if and .Name (eq .Namespace "default")}}yes{{end}}', "yes"],
    ["{{or .Labels.region .Name}}", "hello"],
    ["{{and .Labels.region .NoSuch}}", "<no value>"],
    ["}} {", "}} {"],
  ])("%s", (template, text) => {
    expect(render(template)).toBe(text);
  });
});

describe("a template that cannot be is told why", () => {
  test.each([
    ["{{.Name", "unclosed action"],
    ["{{", "unclosed action"],
    ["{{}}", "missing value in an action"],
    ["{{if .Name}}x", "{{if}} has no {{end}}"],
    ["{{if .Name}}x{{else}}y", "{{else}} has no {{end}}"],
    ["x{{end}}", "unexpected {{end}}"],
    ["{{if}}x{{end}}", "missing value in an action"],
    ["{{.NoSuch}}", "can't evaluate field NoSuch; there are .Name, .Namespace, .Domain, .Labels, .Annotations"],
    ["{{.Name.First}}", "can't evaluate field First in a text"],
    ["{{range .Labels}}x{{end}}", '"range" is not supported; there are if, else, end and index, eq, ne, and, or, not'],
    ["{{.Name | upper}}", 'unexpected "|" in {{.Name | upper}}'],
    ["{{$x}}", 'unexpected "$" in an action'],
    ['{{eq "a"}}', "wrong number of arguments for eq"],
    ['{{eq .Labels "a"}}', "eq: incompatible types for comparison"],
    ['{{index .Name "a"}}', "index needs a map and one text"],
    ['{{(eq .Name "a"}}', "unclosed left paren"],
    ['{{"\\q"}}', 'unknown escape in "\\q"'],
    ["(".repeat(1_025), "longer than 1024 characters"],
    [`{{${"(".repeat(1_000)}}}`, 'unexpected "" in an action'],
  ])("%.40s", (template, problem) => {
    expect(render(template)).toBe(`error: ${problem}`);
  });
});
