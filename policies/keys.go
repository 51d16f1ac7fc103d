package policies

import "github.com/open-policy-agent/opa/v1/ast"

// key are the keys of inputs, made once: an input is built for every decision.
var key = struct {
	subject, principal, typ, id, keys, properties, authMethod, groups, claims       *ast.Term
	action, name, resource, ancestors, environment, class, owner, kind              *ast.Term
	context, time, sourceIP, mfa, breakGlass, reason, ticket                        *ast.Term
	acl, allowed, policy, pattern, capabilities                                     *ast.Term
	carrier, host, hosts, route, location, part, direction, finding, rule, severity *ast.Term
	known, version, use, now                                                        *ast.Term
}{
	ast.StringTerm("subject"), ast.StringTerm("principal"), ast.StringTerm("type"), ast.StringTerm("id"), ast.StringTerm("keys"),
	ast.StringTerm("properties"), ast.StringTerm("auth_method"), ast.StringTerm("groups"), ast.StringTerm("claims"),
	ast.StringTerm("action"), ast.StringTerm("name"), ast.StringTerm("resource"), ast.StringTerm("ancestors"), ast.StringTerm("environment"),
	ast.StringTerm("class"), ast.StringTerm("owner"), ast.StringTerm("kind"),
	ast.StringTerm("context"), ast.StringTerm("time"), ast.StringTerm("source_ip"), ast.StringTerm("mfa"), ast.StringTerm("break_glass"),
	ast.StringTerm("reason"), ast.StringTerm("ticket"),
	ast.StringTerm("acl"), ast.StringTerm("allowed"), ast.StringTerm("policy"), ast.StringTerm("pattern"), ast.StringTerm("capabilities"),
	ast.StringTerm("carrier"), ast.StringTerm("host"), ast.StringTerm("hosts"), ast.StringTerm("route"), ast.StringTerm("location"),
	ast.StringTerm("part"), ast.StringTerm("direction"), ast.StringTerm("finding"), ast.StringTerm("rule"), ast.StringTerm("severity"),
	ast.StringTerm("known"), ast.StringTerm("version"), ast.StringTerm("use"), ast.StringTerm("now"),
}
