# METADATA
# title: What happens to a finding in motion
# description: >-
#   Rules of config/data.yaml decide, by the host they are listed under and by their conditions:
#   the most specific one, among equals the strictest. What no rule is about is redacted, and a rule
#   that has expired is none. A known secret may go where its own metadata says; seen anywhere else
#   it is a leak, whatever rules say.
# schemas:
#   - input: schema.redaction.input
#   - data.config: schema.config.data
package stanch.redaction

# METADATA
# title: The decision on one finding
# description: >-
#   Alert and rotate ask for what follows a leak; propose, that the destination be added to the
#   uses of the secret. Cache_seconds is how long the decision holds if nothing but the time changes,
#   and no rule expires.
# entrypoint: true
decision := {
	"action": action,
	"style": style,
	"alert": alert,
	"rotate": rotate,
	"propose": propose,
	"rules": {rule.id | some rule in deciding},
	"cache_seconds": 60,
}

default action := "redact"

action := "block" if {
	"block" in asked
	not undecided
}

action := "allow" if {
	asked == {"allow"}
	not leaked
}

action := "allow" if {
	asked == set()
	allowed
}

action := "allow" if {
	asked == set()
	presented
	not leaked
}

default style := "placeholder"

# Rules that decide together seldom differ in style; if so, none of theirs shows a part by chance.
style := named if {
	count(styles) == 1
	some named in styles
}

styles contains rule.style if some rule in deciding

default alert := false

alert if leaked

alert if {
	some rule in deciding
	rule.alert
}

default rotate := false

rotate if leaked

rotate if {
	not undecided
	some rule in deciding
	rule.rotate
}

default propose := false

# In ingress the destination is this API, by the name that the client gave it: nothing to add to
# the uses of a secret.
propose if {
	undecided
	input.carrier != "ingress"
}

# A known secret is on its way to where it may go (allowed), or to where nobody has decided about
# yet (undecided). Wherever else it is seen, it has leaked.
allowed if {
	outgoing
	input.finding.known.use == "allowed"
}

undecided if {
	outgoing
	input.finding.known.use == "unset"
}

leaked if {
	input.finding.known
	not allowed
	not undecided
}

# What a client presents to the API it talks to is meant for it: a login has its password in the
# body, most requests have a token in a header. What is in a URL is not, since it ends in logs and
# referers. A cookie is meant for the client.
presented if {
	input.carrier == "ingress"
	input.location.direction == "request"
	input.location.part in {"header", "body"}
}

presented if {
	input.carrier == "ingress"
	input.location.direction == "response"
	input.location.name == "Set-Cookie"
}

outgoing if {
	input.carrier in {"egress", "ingress", "run"}
	input.location.direction == "request"
}

# What the deciding rules ask for: none, one or several actions.
asked := {rule.action | some rule in deciding}

deciding := matching[max(object.keys(matching))]

# The rules that are about this finding, by how specific they are.
matching[specificity(scope, rule.when)] contains rule if {
	some scope in input.hosts
	some rule in data.config.redaction.rules[scope]
	in_force(rule)
	every field, pattern in rule.when {
		matches(pattern, value[field])
	}
}

in_force(rule) if not rule.expires_at

# A time that is no number is none: any text would be later than every number.
in_force(rule) if {
	is_number(rule.expires_at)
	rule.expires_at > input.now
}

# What the conditions of a rule are about. A finding that is not known has the empty id.
value := {
	"carrier": input.carrier,
	"route": input.route,
	"principal": input.principal.id,
	"part": input.location.part,
	"direction": input.location.direction,
	"name": input.location.name,
	"rule": input.finding.rule,
	"known": object.get(input.finding, ["known", "id"], ""),
	"class": input.finding.class,
	"severity": input.finding.severity,
}

# A pattern is a text, or has * for anything.
matches(pattern, text) if pattern == text

matches(pattern, text) if {
	contains(pattern, "*")
	glob.match(pattern, null, text)
}

specificity(scope, when) := exactness(scope) + sum([exactness(pattern) | some pattern in when])

exactness(pattern) := 0 if {
	pattern == "*"
} else := 1 if {
	contains(pattern, "*")
} else := 2
