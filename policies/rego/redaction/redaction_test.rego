package stanch.redaction_test

import data.stanch.redaction

now := 1000

# A finding on its way out to api.example.com, with parts of it replaced.
finding(parts) := object.union(
	{
		"now": now,
		"carrier": "egress",
		"hosts": ["api.example.com", "*.example.com", "*.com", "*"],
		"route": "/v1/charges",
		"principal": {"id": "shop/api"},
		"location": {"part": "header", "direction": "request", "name": "X-Key"},
		"finding": {"rule": "stripe-key", "class": "payment", "severity": "high"},
	},
	parts,
)

known(use) := {"finding": {"known": {"id": "kv/shop/stripe", "version": 3, "use": use}}}

known_at(carrier, direction, use) := object.union(known(use), {"carrier": carrier, "location": {"direction": direction}})

rule(id, action, when) := {"id": id, "action": action, "when": when}

decided(action, rules) := {
	"action": action,
	"style": "placeholder",
	"alert": false,
	"rotate": false,
	"propose": false,
	"rules": rules,
	"cache_seconds": 60,
}

proposed(action, rules) := object.union(decided(action, rules), {"propose": true})

leaked(action, rules) := object.union(decided(action, rules), {"alert": true, "rotate": true})

# Each condition is one that the finding meets; "other" is what it does not meet.
test_condition[note] if {
	some field, tc in {
		"carrier": {"exact": "egress", "glob": "e*s", "other": "egres"},
		"route": {"exact": "/v1/charges", "glob": "/*s", "other": "/v1/charge"},
		"principal": {"exact": "shop/api", "glob": "shop*", "other": "shop"},
		"part": {"exact": "header", "glob": "*er", "other": "body"},
		"direction": {"exact": "request", "glob": "req*", "other": "response"},
		"name": {"exact": "X-Key", "glob": "X-*", "other": "X"},
		"rule": {"exact": "stripe-key", "glob": "stripe-*", "other": "stripe"},
		"known": {"exact": "kv/shop/stripe", "glob": "kv/*", "other": ""},
		"class": {"exact": "payment", "glob": "pay*", "other": "paym"},
		"severity": {"exact": "high", "glob": "h*h", "other": "[h]igh"},
	}
	some kind, want in {
		"exact": decided("block", {"r"}),
		"glob": decided("block", {"r"}),
		"other": decided("allow", set()),
	}
	note := concat(" ", [field, kind])
	got := redaction.decision with input as finding(known("allowed"))
		with data.config.redaction.rules as {"*": [rule("r", "block", {field: tc[kind]})]}
	got == want
}

test_conditions[note] if {
	some note, tc in {
		"none": {"when": {}, "want": {"r"}},
		"all hold": {"when": {"carrier": "egress", "part": "header"}, "want": {"r"}},
		"one does not": {"when": {"carrier": "egress", "part": "body"}, "want": set()},
		"the other does not": {"when": {"carrier": "logs", "part": "header"}, "want": set()},
		"an unknown field": {"when": {"host": "*"}, "want": set()},
		"not known, empty": {"when": {"known": ""}, "want": {"r"}},
		"not known, anything": {"when": {"known": "*"}, "want": {"r"}},
		"not known, some": {"when": {"known": "kv/*"}, "want": set()},
		"a star takes dots and slashes": {"when": {"route": "/*/a.b"}, "want": {"r"}},
	}
	got := redaction.decision with input as finding({"route": "/v1/x.y/a.b"})
		with data.config.redaction.rules as {"*": [rule("r", "block", tc.when)]}
	got == decided(action_of(tc.want), tc.want)
}

action_of(rules) := "block" if {
	rules.r
} else := "redact"

test_most_specific[note] if {
	block := rule("block", "block", {})
	some note, tc in {
		"a host before a part of its name": {"api.example.com": [rule("wins", "allow", {})], "*.example.com": [block]},
		"a part of the name before any host": {"*.com": [rule("wins", "allow", {})], "*": [block]},
		"a condition before none": {"*": [rule("wins", "allow", {"carrier": "egress"}), block]},
		"a glob before none": {"*": [rule("wins", "allow", {"carrier": "e*"}), block]},
		"a text before a glob": {"*": [rule("wins", "allow", {"carrier": "egress"}), rule("block", "block", {"carrier": "e*"})]},
		"a glob before anything": {"*": [rule("wins", "allow", {"carrier": "e*"}), rule("block", "block", {"carrier": "*"})]},
		"two conditions before one": {"*": [
			rule("wins", "allow", {"carrier": "egress", "part": "header"}),
			rule("block", "block", {"carrier": "egress"}),
		]},
		"host and condition before a host": {"api.example.com": [rule("wins", "allow", {"carrier": "e*"}), block]},
		"host and condition before a condition": {
			"*.com": [rule("wins", "allow", {"carrier": "egress"})],
			"*": [rule("block", "block", {"carrier": "egress"})],
		},
		"other hosts are not meant": {"*": [rule("wins", "allow", {})], "example.com": [block]},
	}
	got := redaction.decision with input as finding({})
		with data.config.redaction.rules as tc
	got == decided("allow", {"wins"})
}

test_equally_specific[note] if {
	allow := rule("allow", "allow", {})
	some note, tc in {
		"redact before allow": {"rules": {"*": [allow, rule("redact", "redact", {})]}, "want": decided("redact", {"allow", "redact"})},
		"block before both": {
			"rules": {"*": [allow, rule("block", "block", {}), rule("redact", "redact", {})]},
			"want": decided("block", {"allow", "block", "redact"}),
		},
		"two that allow": {"rules": {"*": [allow, rule("also", "allow", {})]}, "want": decided("allow", {"allow", "also"})},
		"two parts of the host's name": {
			"rules": {"*.com": [allow], "*.example.com": [rule("block", "block", {})]},
			"want": decided("block", {"allow", "block"}),
		},
		"anything and no condition": {
			"rules": {"*": [allow, rule("block", "block", {"carrier": "*"})]},
			"want": decided("block", {"allow", "block"}),
		},
		"two globs and a text": {
			"rules": {"*": [rule("allow", "allow", {"carrier": "egress"}), rule("block", "block", {"part": "h*", "class": "p*"})]},
			"want": decided("block", {"allow", "block"}),
		},
		"a host and a condition": {
			"rules": {"api.example.com": [allow], "*": [rule("block", "block", {"carrier": "egress"})]},
			"want": decided("block", {"allow", "block"}),
		},
	}
	got := redaction.decision with input as finding({})
		with data.config.redaction.rules as tc.rules
	got == tc.want
}

test_not_known[note] if {
	some note, tc in {
		"no rule": {"rules": {}, "want": decided("redact", set())},
		"allow": {"rules": {"*": [rule("r", "allow", {})]}, "want": decided("allow", {"r"})},
		"redact": {"rules": {"*": [rule("r", "redact", {})]}, "want": decided("redact", {"r"})},
		"block": {"rules": {"*": [rule("r", "block", {})]}, "want": decided("block", {"r"})},
	}
	got := redaction.decision with input as finding({})
		with data.config.redaction.rules as tc.rules
	got == tc.want
}

test_known_without_rules[note] if {
	some note, tc in {
		"allowed, egress": {"carrier": "egress", "direction": "request", "use": "allowed", "want": decided("allow", set())},
		"allowed, ingress": {"carrier": "ingress", "direction": "request", "use": "allowed", "want": decided("allow", set())},
		"allowed, run": {"carrier": "run", "direction": "request", "use": "allowed", "want": decided("allow", set())},
		"allowed, response": {"carrier": "egress", "direction": "response", "use": "allowed", "want": leaked("redact", set())},
		"allowed, output of a run": {"carrier": "run", "direction": "none", "use": "allowed", "want": leaked("redact", set())},
		"allowed, logs": {"carrier": "logs", "direction": "request", "use": "allowed", "want": leaked("redact", set())},
		"allowed, repository": {"carrier": "repository", "direction": "none", "use": "allowed", "want": leaked("redact", set())},
		"unset, request": {"carrier": "egress", "direction": "request", "use": "unset", "want": proposed("redact", set())},
		"unset, run": {"carrier": "run", "direction": "request", "use": "unset", "want": proposed("redact", set())},
		"unset, ingress": {"carrier": "ingress", "direction": "request", "use": "unset", "want": decided("allow", set())},
		"unset, response": {"carrier": "egress", "direction": "response", "use": "unset", "want": leaked("redact", set())},
		"elsewhere, request": {"carrier": "egress", "direction": "request", "use": "elsewhere", "want": leaked("redact", set())},
		"a use that does not exist": {"carrier": "egress", "direction": "request", "use": "", "want": leaked("redact", set())},
	}
	got := redaction.decision with input as finding(known_at(tc.carrier, tc.direction, tc.use))
		with data.config.redaction.rules as {}
	got == tc.want
}

test_known_with_rules[note] if {
	some note, tc in {
		"allowed, allow": {"use": "allowed", "action": "allow", "want": decided("allow", {"r"})},
		"allowed, redact": {"use": "allowed", "action": "redact", "want": decided("redact", {"r"})},
		"allowed, block": {"use": "allowed", "action": "block", "want": decided("block", {"r"})},
		"unset, allow": {"use": "unset", "action": "allow", "want": proposed("allow", {"r"})},
		"unset, redact": {"use": "unset", "action": "redact", "want": proposed("redact", {"r"})},
		"unset, block": {"use": "unset", "action": "block", "want": proposed("redact", {"r"})},
		"elsewhere, allow": {"use": "elsewhere", "action": "allow", "want": leaked("redact", {"r"})},
		"elsewhere, redact": {"use": "elsewhere", "action": "redact", "want": leaked("redact", {"r"})},
		"elsewhere, block": {"use": "elsewhere", "action": "block", "want": leaked("block", {"r"})},
	}
	got := redaction.decision with input as finding(known(tc.use))
		with data.config.redaction.rules as {"*": [rule("r", tc.action, {})]}
	got == tc.want
}

test_expiry[note] if {
	some note, tc in {
		"no end": {"rule": {}, "want": decided("allow", {"r"})},
		"in its last second": {"rule": {"expires_at": now + 1}, "want": decided("allow", {"r"})},
		"expires now": {"rule": {"expires_at": now}, "want": decided("redact", set())},
		"at the beginning of time": {"rule": {"expires_at": 0}, "want": decided("redact", set())},
		"an end that is no time": {"rule": {"expires_at": "2999-01-31"}, "want": decided("redact", set())},
		"who and why": {"rule": {"expires_at": now + 1, "owner": "ann", "reason": "a test key"}, "want": decided("allow", {"r"})},
	}
	got := redaction.decision with input as finding({})
		with data.config.redaction.rules as {"*": [object.union(rule("r", "allow", {}), tc.rule)]}
	got == tc.want
}

# What has expired gives way to what is less specific, as if it were not there.
test_expired_among_others[note] if {
	allow := rule("allow", "allow", {})
	some note, tc in {
		"in force": {"expires_at": now + 1, "want": decided("block", {"block"})},
		"expired": {"expires_at": now, "want": decided("allow", {"allow"})},
	}
	block := object.union(rule("block", "block", {"carrier": "egress"}), {"expires_at": tc.expires_at, "style": "drop", "alert": true})
	got := redaction.decision with input as finding({})
		with data.config.redaction.rules as {"*": [allow, block]}
	object.union(got, {"style": "placeholder", "alert": false}) == tc.want
}

test_without_a_time[note] if {
	some note, tc in {
		"no end": {"rule": {}, "want": decided("allow", {"r"})},
		"an end": {"rule": {"expires_at": 1}, "want": decided("redact", set())},
	}
	got := redaction.decision with input as object.remove(finding({}), ["now"])
		with data.config.redaction.rules as {"*": [object.union(rule("r", "allow", {}), tc.rule)]}
	got == tc.want
}

# What a client presents to the API it talks to, and a cookie, where no rule decides.
test_ingress[note] if {
	some note, tc in {
		"a header": {"part": "header", "use": [], "want": decided("allow", set())},
		"a body": {"part": "body", "use": [], "want": decided("allow", set())},
		"a url": {"part": "url", "use": [], "want": decided("redact", set())},
		"an error": {"part": "error", "use": [], "want": decided("redact", set())},
		"the header of a response": {"direction": "response", "part": "header", "use": [], "want": decided("redact", set())},
		"the body of a response": {"direction": "response", "part": "body", "use": [], "want": decided("redact", set())},
		"a cookie": {"direction": "response", "part": "header", "name": "Set-Cookie", "use": [], "want": decided("allow", set())},
		"a cookie on its way out": {
			"carrier": "egress", "direction": "response", "part": "header", "name": "Set-Cookie", "use": [],
			"want": decided("redact", set()),
		},
		"a field of that name in a request": {"part": "url", "name": "Set-Cookie", "use": [], "want": decided("redact", set())},
		"known, a cookie": {
			"direction": "response", "part": "header", "name": "Set-Cookie", "use": ["unset"],
			"want": leaked("redact", set()),
		},
		"a header on its way out": {"carrier": "egress", "part": "header", "use": [], "want": decided("redact", set())},
		"known, allowed": {"part": "header", "use": ["allowed"], "want": decided("allow", set())},
		"known, unset": {"part": "body", "use": ["unset"], "want": decided("allow", set())},
		"known, elsewhere": {"part": "header", "use": ["elsewhere"], "want": leaked("redact", set())},
		"known, unset, a url": {"part": "url", "use": ["unset"], "want": decided("redact", set())},
		"known, unset, a response": {"direction": "response", "part": "body", "use": ["unset"], "want": leaked("redact", set())},
	}
	about := {
		"carrier": object.get(tc, "carrier", "ingress"),
		"location": {
			"direction": object.get(tc, "direction", "request"),
			"part": tc.part, "name": object.get(tc, "name", ""),
		},
		"finding": object.union_n([known(use).finding | some use in tc.use]),
	}
	got := redaction.decision with input as finding(about)
		with data.config.redaction.rules as {}
	got == tc.want
}

# A rule, however general, decides instead.
test_ingress_rules[note] if {
	some note, tc in {
		"blocked": {"action": "block", "when": {"rule": "stripe-*"}, "want": decided("block", {"r"})},
		"redacted": {"action": "redact", "when": {}, "want": decided("redact", {"r"})},
		"about others": {"action": "block", "when": {"rule": "aws-*"}, "want": decided("allow", set())},
	}
	got := redaction.decision with input as finding({"carrier": "ingress"})
		with data.config.redaction.rules as {"*": [rule("r", tc.action, tc.when)]}
	got == tc.want
}

test_what_follows[note] if {
	unknown := {}
	some note, tc in {
		"a style": {"parts": unknown, "rules": [{"style": "length"}], "want": {"style": "length"}},
		"two styles": {"parts": unknown, "rules": [{"style": "sealed"}, {"style": "drop"}, {}], "want": {"style": "placeholder"}},
		"alert": {"parts": unknown, "rules": [{"alert": true}, {"alert": false}], "want": {"alert": true}},
		"no alert": {"parts": unknown, "rules": [{"alert": false}], "want": {}},
		"rotate": {"parts": unknown, "rules": [{"rotate": false}, {"rotate": true}], "want": {"rotate": true}},
		"no rotation": {"parts": unknown, "rules": [{"rotate": false}], "want": {}},
		"an allowed use": {"parts": known("allowed"), "rules": [{"alert": true, "rotate": true}], "want": {"alert": true, "rotate": true}},
		"an unset use is not rotated": {
			"parts": known("unset"), "rules": [{"alert": true, "rotate": true}],
			"want": {"alert": true, "propose": true},
		},
		"a leak is, whatever the rule": {
			"parts": known("elsewhere"), "rules": [{"alert": false, "rotate": false}],
			"want": {"alert": true, "rotate": true},
		},
	}
	rules := [object.union(rule("r", "redact", {"part": "header"}), extra) | some extra in tc.rules]
	loser := object.union(rule("loser", "redact", {}), {"style": "any", "alert": true, "rotate": true})
	got := redaction.decision with input as finding(tc.parts)
		with data.config.redaction.rules as {"*": array.concat(rules, [loser])}
	got == object.union(decided("redact", {"r"}), tc.want)
}
