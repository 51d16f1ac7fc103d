package stanch.access_test

import data.stanch.access

now := 1000

index := {
	"grants": {
		"kubernetes/shop/api": {
			"kv/shop/prod/db": [grant("exact", ["read"], now + 1), grant("exact-past", ["write"], now)],
			"kv/shop/": [grant("subtree", ["list", "issue"], now + 1)],
			"": [grant("everything", ["sign"], now + 1)],
		},
		"group/shop": {"kv/shop/prod/db": [grant("team", ["rotate"], now + 1)]},
		"kubernetes/pay/api": {"kv/shop/prod/db": [grant("other", ["write"], now + 1)]},
	},
	"wildcards": {
		"kubernetes/shop/api": [every_db("pattern", ["issue"], now + 1), every_db("pattern-past", ["write"], now)],
		"kubernetes/pay/api": [every_db("pattern-other", ["write"], now + 1)],
	},
	"break_glass": {"kubernetes/shop/api": {
		"kv/shop/": [grant("emergency", ["admin", "list", "reveal"], now + 1), grant("emergency-past", ["delete"], now)],
		"kv/": [grant("emergency-wide", ["list"], now + 1)],
	}},
}

grant(id, can, expires_at) := {
	"id": id,
	"capabilities": {capability: true | some capability in can},
	"expires_at": expires_at,
}

every_db(id, can, expires_at) := object.union(grant(id, can, expires_at), {"pattern": "kv/*/prod/db"})

config := {
	"environments": {"frozen": {"frozen": true}, "thawed": {"frozen": false}},
	"reveal_needs_mfa": true,
	"break_glass": {"ticket_required": true},
}

# A request for the action, with parts of it replaced.
request(action, parts) := object.union(
	{
		"subject": {"type": "workload", "id": "shop/api", "keys": ["kubernetes/shop/api", "group/shop"]},
		"action": {"name": action},
		"resource": {
			"id": "kv/shop/prod/db",
			"ancestors": ["", "kv/", "kv/shop/", "kv/shop/prod/", "kv/shop/prod/db"],
			"properties": {"environment": "prod"},
		},
		"context": {"time": now, "mfa": false},
	},
	parts,
)

permitted_by_acl := {"acl": {"allowed": true, "capabilities": []}}

in_environment(name) := object.union(permitted_by_acl, {"resource": {"properties": {"environment": name}}})

by_human(mfa) := object.union(permitted_by_acl, {"subject": {"type": "human"}, "context": {"mfa": mfa}})

emergency(reason, ticket) := {"context": {"break_glass": {"reason": reason, "ticket": ticket}}}

declared := emergency("all is down", "INC-1")

allowed(grants, obligations, cache_seconds) := {
	"allow": true,
	"grants": grants,
	"reasons": set(),
	"obligations": obligations,
	"cache_seconds": cache_seconds,
}

denied(grants, codes, cache_seconds) := {
	"allow": false,
	"grants": grants,
	"reasons": {{"code": code, "message": messages[code]} | some code in codes},
	"obligations": set(),
	"cache_seconds": cache_seconds,
}

messages := {
	"acl_deny": "an ACL policy denies this path",
	"environment_frozen": "the environment is frozen: its secrets can be read but not changed",
	"mfa_required": "showing a secret to a person needs a second factor",
	"no_grant": "neither a grant nor an ACL policy permits this",
	"break_glass_reason": "in an emergency this is permitted, with a reason of at least 10 characters",
	"break_glass_ticket": "in an emergency this is permitted, with a ticket",
}

test_grants[note] if {
	elsewhere := {"resource": {"id": "kv/pay/prod/db", "ancestors": ["", "kv/", "kv/pay/", "kv/pay/prod/", "kv/pay/prod/db"]}}
	deeper := {"resource": {"id": "kv/pay/eu/prod/db", "ancestors": ["", "kv/", "kv/pay/", "kv/pay/eu/", "kv/pay/eu/prod/", "kv/pay/eu/prod/db"]}}
	some note, tc in {
		"an exact path, in its last second": {"action": "read", "want": allowed({"exact"}, set(), 60)},
		"a subtree": {"action": "list", "want": allowed({"subtree"}, set(), 60)},
		"everything": {"action": "sign", "want": allowed({"everything"}, set(), 60)},
		"the second key": {"action": "rotate", "want": allowed({"team"}, set(), 60)},
		"a path and a pattern": {"action": "issue", "want": allowed({"subtree", "pattern"}, set(), 60)},
		"a pattern": {"action": "issue", "parts": elsewhere, "want": allowed({"pattern"}, set(), 60)},
		"a pattern stays within a segment": {"action": "issue", "parts": deeper, "want": denied(set(), {"no_grant"}, 60)},
		"another path": {"action": "read", "parts": elsewhere, "want": denied(set(), {"no_grant"}, 60)},
		"expired now": {"action": "write", "want": denied(set(), {"no_grant"}, 60)},
		"nobody's capability": {"action": "dance", "want": denied(set(), {"no_grant"}, 60)},
		"another principal": {"action": "read", "parts": {"subject": {"keys": ["kubernetes/pay/api"]}}, "want": denied(set(), {"no_grant"}, 60)},
		"no keys": {"action": "read", "parts": {"subject": {"keys": []}}, "want": denied(set(), {"no_grant"}, 60)},
	}
	got := access.decision with input as request(tc.action, object.get(tc, "parts", {}))
		with data.index as index
		with data.config.access as config
	got == tc.want
}

test_acl[note] if {
	some note, tc in {
		"permits": {"action": "write", "acl": {"allowed": true, "capabilities": ["write"]}, "want": allowed(set(), set(), 60)},
		"says nothing": {"action": "write", "acl": {"allowed": false, "capabilities": []}, "want": denied(set(), {"no_grant"}, 60)},
		"says nothing of what is granted": {"action": "read", "acl": {"allowed": false, "capabilities": []}, "want": allowed({"exact"}, set(), 60)},
		"denies what is granted": {"action": "read", "acl": {"allowed": false, "capabilities": ["read", "deny"]}, "want": denied({"exact"}, {"acl_deny"}, 60)},
		"denies and permits": {"action": "write", "acl": {"allowed": true, "capabilities": ["deny"]}, "want": denied(set(), {"acl_deny"}, 60)},
		"denies what nothing permits": {"action": "write", "acl": {"allowed": false, "capabilities": ["deny"]}, "want": denied(set(), {"acl_deny", "no_grant"}, 60)},
	}
	got := access.decision with input as request(tc.action, {"acl": tc.acl})
		with data.index as index
		with data.config.access as config
	got == tc.want
}

test_frozen_environment[note] if {
	frozen := denied(set(), {"environment_frozen"}, 60)
	some note, tc in {
		"write": {"action": "write", "environment": "frozen", "want": frozen},
		"delete": {"action": "delete", "environment": "frozen", "want": frozen},
		"rotate": {"action": "rotate", "environment": "frozen", "want": denied({"team"}, {"environment_frozen"}, 60)},
		"read": {"action": "read", "environment": "frozen", "want": allowed({"exact"}, set(), 60)},
		"admin": {"action": "admin", "environment": "frozen", "want": allowed(set(), set(), 60)},
		"thawed": {"action": "write", "environment": "thawed", "want": allowed(set(), set(), 60)},
		"not configured": {"action": "write", "environment": "prod", "want": allowed(set(), set(), 60)},
		"no environment": {"action": "write", "environment": "", "want": allowed(set(), set(), 60)},
	}
	got := access.decision with input as request(tc.action, in_environment(tc.environment))
		with data.index as index
		with data.config.access as config
	got == tc.want
}

test_reveal[note] if {
	shown := allowed(set(), {"audit_reveal"}, 60)
	refused := denied(set(), {"mfa_required"}, 60)
	some note, tc in {
		"a person": {"action": "reveal", "parts": by_human(false), "config": config, "want": refused},
		"a person of whom no factor is known": {
			"action": "reveal", "parts": object.union(permitted_by_acl, {"subject": {"type": "human"}, "context": null}), "config": config,
			"want": refused,
		},
		"a person with a second factor": {"action": "reveal", "parts": by_human(true), "config": config, "want": shown},
		"a workload": {"action": "reveal", "parts": permitted_by_acl, "config": config, "want": shown},
		"a person who reads": {"action": "read", "parts": by_human(false), "config": config, "want": allowed({"exact"}, set(), 60)},
		"no factor asked for": {"action": "reveal", "parts": by_human(false), "config": {"reveal_needs_mfa": false}, "want": shown},
		"not configured": {"action": "reveal", "parts": by_human(false), "config": {}, "want": refused},
		"nothing permits it": {
			"action": "reveal", "parts": {"subject": {"type": "human", "keys": []}}, "config": config,
			"want": denied(set(), {"mfa_required", "no_grant"}, 60),
		},
	}
	got := access.decision with input as request(tc.action, tc.parts)
		with data.index as index
		with data.config.access as tc.config
	got == tc.want
}

test_break_glass[note] if {
	short := emergency("all down!", "INC-1")
	some note, tc in {
		"a reason and a ticket": {"action": "admin", "parts": declared, "want": allowed({"emergency"}, {"notify_owner"}, 0)},
		"ten characters": {"action": "admin", "parts": emergency(" all down!! ", "INC-1"), "want": allowed({"emergency"}, {"notify_owner"}, 0)},
		"nine characters": {"action": "admin", "parts": short, "want": denied(set(), {"no_grant", "break_glass_reason"}, 0)},
		"nine characters and blanks": {"action": "admin", "parts": emergency(" all down! ", "INC-1"), "want": denied(set(), {"no_grant", "break_glass_reason"}, 0)},
		"no ticket": {"action": "admin", "parts": emergency("all is down", ""), "want": denied(set(), {"no_grant", "break_glass_ticket"}, 0)},
		"a blank ticket": {"action": "admin", "parts": emergency("all is down", " "), "want": denied(set(), {"no_grant", "break_glass_ticket"}, 0)},
		"not declared": {"action": "admin", "want": denied(set(), {"no_grant", "break_glass_reason", "break_glass_ticket"}, 60)},
		"with an everyday grant": {"action": "list", "parts": declared, "want": allowed({"subtree", "emergency", "emergency-wide"}, {"notify_owner"}, 0)},
		"everyday grant, not declared": {"action": "list", "want": allowed({"subtree"}, set(), 60)},
		"everyday grant, reason too short": {"action": "list", "parts": short, "want": allowed({"subtree"}, set(), 0)},
		"everyday grant, no ticket": {"action": "list", "parts": emergency("all is down", ""), "want": allowed({"subtree"}, set(), 0)},
		"everyday grant only": {"action": "read", "parts": declared, "want": allowed({"exact"}, set(), 0)},
		"to show a secret": {"action": "reveal", "parts": declared, "want": allowed({"emergency"}, {"audit_reveal", "notify_owner"}, 0)},
		"expired now": {"action": "delete", "parts": declared, "want": denied(set(), {"no_grant"}, 0)},
		"another principal": {
			"action": "admin", "parts": object.union(declared, {"subject": {"keys": ["group/shop"]}}),
			"want": denied(set(), {"no_grant"}, 0),
		},
		"another path": {
			"action": "admin", "parts": object.union(declared, {"resource": {"ancestors": ["", "kv/", "kv/pay"]}}),
			"want": denied(set(), {"no_grant"}, 0),
		},
		"a denial stands": {
			"action": "admin", "parts": object.union(declared, {"acl": {"capabilities": ["deny"]}}),
			"want": denied({"emergency"}, {"acl_deny"}, 0),
		},
	}
	got := access.decision with input as request(tc.action, object.get(tc, "parts", {}))
		with data.index as index
		with data.config.access as config
	got == tc.want
}

test_ticket_required[note] if {
	some note, tc in {
		"not required": {
			"config": {"break_glass": {"ticket_required": false}}, "parts": emergency("all is down", ""),
			"want": allowed({"emergency"}, {"notify_owner"}, 0),
		},
		"not required, not declared": {
			"config": {"break_glass": {"ticket_required": false}}, "parts": {},
			"want": denied(set(), {"no_grant", "break_glass_reason"}, 60),
		},
		"not configured": {
			"config": {"break_glass": {}}, "parts": emergency("all is down", ""),
			"want": denied(set(), {"no_grant", "break_glass_ticket"}, 0),
		},
	}
	got := access.decision with input as request("admin", tc.parts)
		with data.index as index
		with data.config.access as tc.config
	got == tc.want
}

test_allow[note] if {
	some note, tc in {
		"granted": {"action": "read", "parts": {}, "want": true},
		"not granted": {"action": "dance", "parts": {}, "want": false},
		"denied": {"action": "read", "parts": {"acl": {"capabilities": ["deny"]}}, "want": false},
	}
	got := access.allow with input as request(tc.action, tc.parts)
		with data.index as index
		with data.config.access as config
	got == tc.want
}
