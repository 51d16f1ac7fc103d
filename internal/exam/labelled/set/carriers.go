package set

// carrier is a kind of file: how a value stands in it, and what else does.
type carrier struct {
	name, ext string
	assign    string // FIELD and VALUE are filled in
	style     func(field string) string
	escape    func(value string) string // nil: values stand as they are
	head      string
	tail      string
	filler    []string // lines that hold no secret, as forms
}

// carriers are the kinds of files.
var carriers = []carrier{
	{
		name: "env", ext: ".env", assign: "FIELD=VALUE", style: upper,
		filler: []string{"# {verb} the {thing} service", "LOG_LEVEL=debug", "{service}_TIMEOUT={int:1-90}s", "HTTP_ADDR=:{int:3000-9999}", "REGION=eu-west-{int:1-3}", "FEATURE_{word}=true"},
	},
	{
		name: "python", ext: ".py", assign: "FIELD = \"VALUE\"", style: snake, escape: backslashes, head: "import os\n\n",
		filler: []string{"def {verb}_{thing}(client, {thing}_id):", "    return client.{verb}({thing}_id, timeout={int:1-90})", "", "    # {verb} before the {thing} is closed", "{word}_LIMIT = {int:10-9000}", "logger.info(\"{verb} %s\", {thing})"},
	},
	{
		name: "javascript", ext: ".js", assign: "const FIELD = 'VALUE';", style: camel, escape: backslashes, head: "'use strict';\n\n",
		filler: []string{"function {verb}{word}({thing}) {", "  return client.{verb}({thing}.id, { timeout: {int:100-9000} });", "}", "// {verb} before the {thing} is closed", "module.exports = { {verb}, {word} };", "const {word} = require('./{word}');"},
	},
	{
		name: "go", ext: ".go", assign: "\tFIELD := \"VALUE\"", style: camel, escape: backslashes, head: "package main\n\nfunc main() {\n", tail: "}\n",
		filler: []string{"\tif err := {verb}(ctx, {thing}ID); err != nil {", "\t\treturn fmt.Errorf(\"{verb} {thing}: %w\", err)", "\t}", "\t// {verb} before the {thing} is closed", "\tconst {word}Limit = {int:10-9000}", "\tlog.Printf(\"{verb} %d\", len({thing}s))"},
	},
	{
		name: "java", ext: ".java", assign: "    private static final String FIELD = \"VALUE\";", style: upper, escape: backslashes, head: "public class Settings {\n", tail: "}\n",
		filler: []string{"    public {thing} {verb}(long id) {", "        return repository.{verb}(id).orElseThrow();", "    }", "    // {verb} before the {thing} is closed", "    private final int {word} = {int:10-9000};", "    @Override"},
	},
	{
		name: "yaml", ext: ".yaml", assign: "  FIELD: \"VALUE\"", style: snake, escape: backslashes, head: "{service}:\n",
		filler: []string{"  # {verb} before the {thing} is closed", "  replicas: {int:1-9}", "  timeout: {int:1-90}s", "  host: {host}", "  {word}: true", "  image: registry.example.com/{service}:{int:1-9}.{int:0-20}"},
	},
	{
		name: "json", ext: ".json", assign: "  \"FIELD\": \"VALUE\",", style: camel, escape: backslashes, head: "{\n", tail: "  \"version\": 1\n}\n",
		filler: []string{"  \"{word}\": {int:10-9000},", "  \"host\": \"{host}\",", "  \"{thing}s\": [\"{word}\", \"{word}\"],", "  \"enabled\": true,", "  \"description\": \"{verb} the {thing} before it is closed\","},
	},
	{
		name: "toml", ext: ".toml", assign: "FIELD = 'VALUE'", style: snake, head: "[{service}]\n",
		filler: []string{"# {verb} before the {thing} is closed", "retries = {int:1-9}", "host = \"{host}\"", "{word} = [\"{thing}\", \"{thing}\"]"},
	},
	{
		name: "properties", ext: ".properties", assign: "app.FIELD=VALUE", style: dotted,
		filler: []string{"# {verb} before the {thing} is closed", "server.port={int:3000-9999}", "spring.application.name={service}", "logging.level.com.example.{word}=DEBUG"},
	},
	{
		name: "terraform", ext: ".tf", assign: "  FIELD = \"VALUE\"", style: snake, escape: backslashes, head: "resource \"example_service\" \"{service}\" {\n", tail: "}\n",
		filler: []string{"  # {verb} before the {thing} is closed", "  name = \"{service}-{word}\"", "  count = {int:1-9}", "  tags = { team = \"{word}\" }"},
	},
	{
		name: "shell", ext: ".sh", assign: "export FIELD='VALUE'", style: upper, head: "#!/bin/sh\nset -eu\n",
		filler: []string{"# {verb} before the {thing} is closed", "cd /srv/{service}", "[ -d \"{word}\" ] || mkdir {word}", "echo \"{verb} {thing}\"", "for {thing} in {word} {word}; do :; done"},
	},
	{
		name: "xml", ext: ".xml", assign: "  <FIELD>VALUE</FIELD>", style: camel, escape: entities, head: "<settings>\n", tail: "</settings>\n",
		filler: []string{"  <!-- {verb} before the {thing} is closed -->", "  <host>{host}</host>", "  <limit>{int:10-9000}</limit>", "  <{word} enabled=\"true\"/>"},
	},
	{
		name: "logfmt", ext: ".log", assign: "time=2026-03-02T08:15:{int:10-59}Z level=debug msg=\"{verb} {thing}\" FIELD=VALUE host={host} took={int:1-900}ms", style: snake, escape: quoted,
		filler: []string{"time=2026-03-02T08:15:{int:10-59}Z level=info msg=\"{verb} {thing}\" trace={hex:32} status=200", "time=2026-03-02T08:15:{int:10-59}Z level=warn msg=\"retry {verb}\" attempt={int:1-5} host={host}"},
	},
	{
		name: "json-log", ext: ".log", assign: `{"ts":"2026-03-02T08:15:{int:10-59}Z","level":"debug","msg":"{verb} {thing}","FIELD":"VALUE","host":"{host}"}`, style: snake, escape: backslashes,
		filler: []string{`{"ts":"2026-03-02T08:15:{int:10-59}Z","level":"info","msg":"{verb} {thing}","id":"{uuid}","ms":{int:1-900}}`, `{"ts":"2026-03-02T08:15:{int:10-59}Z","level":"warn","msg":"retry","user":"{user}","trace":"{hex:32}"}`},
	},
}
