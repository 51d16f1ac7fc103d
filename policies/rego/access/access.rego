# METADATA
# title: Who may do what with a secret
# description: >-
#   A request is allowed if a grant or an ACL policy permits it and nothing denies it. Grants come
#   from grants.yaml, indexed by key of the principal, then by path; what the ACL policies say is in
#   input.acl. Settings are under `access` in config/data.yaml.
# schemas:
#   - input: schema.access.input
#   - data.config: schema.config.data
package stanch.access

# METADATA
# title: The decision on one request
# description: >-
#   Reasons say why it is denied, obligations what the caller has to do besides, cache_seconds how
#   long the decision holds if nothing but the time changes.
# entrypoint: true
decision := {
	"allow": true,
	"grants": grants,
	"reasons": set(),
	"obligations": obligations,
	"cache_seconds": cache_seconds,
} if {
	allow
} else := {
	"allow": false,
	"grants": grants,
	"reasons": deny,
	"obligations": set(),
	"cache_seconds": cache_seconds,
} if {
	permitted
} else := {
	"allow": false,
	"grants": set(),
	"reasons": (deny | unmet),
	"obligations": set(),
	"cache_seconds": cache_seconds,
}

# METADATA
# title: Whether the request is allowed
# description: For those who ask for nothing more.
default allow := false

allow if {
	grants != set()
	deny == set()
}

allow if {
	input.acl.allowed
	deny == set()
}

permitted if grants != set()

permitted if input.acl.allowed

# Identifiers of the grants that permit the request. An exact path and the subtrees around it are
# found by look-up, so how many grants there are does not matter.
grants contains grant.id if {
	some key in input.subject.keys
	by_prefix := data.index.grants[key]
	some prefix in input.resource.ancestors
	some grant in by_prefix[prefix]
	grant.capabilities[input.action.name]
	grant.expires_at > input.context.time
}

grants contains grant.id if {
	some key in input.subject.keys
	some grant in data.index.wildcards[key]
	grant.capabilities[input.action.name]
	grant.expires_at > input.context.time
	glob.match(grant.pattern, ["/"], input.resource.id)
}

grants contains id if {
	reason_given
	ticket_given
	some id in emergency
}

# Grants that count only in an emergency, with a reason and a ticket.
emergency contains grant.id if {
	some key in input.subject.keys
	by_prefix := data.index.break_glass[key]
	some prefix in input.resource.ancestors
	some grant in by_prefix[prefix]
	grant.capabilities[input.action.name]
	grant.expires_at > input.context.time
}

reason_given if count(trim_space(input.context.break_glass.reason)) >= 10

ticket_given if trim_space(input.context.break_glass.ticket) != ""

ticket_given if data.config.access.break_glass.ticket_required == false

# Denials win over every grant and every ACL policy, in an emergency too.
deny contains {"code": "acl_deny", "message": "an ACL policy denies this path"} if {
	"deny" in input.acl.capabilities
}

deny contains {"code": "environment_frozen", "message": "the environment is frozen: its secrets can be read but not changed"} if {
	input.action.name in {"write", "delete", "rotate"}
	data.config.access.environments[input.resource.properties.environment].frozen
}

deny contains {"code": "mfa_required", "message": "showing a secret to a person needs a second factor"} if {
	input.action.name == "reveal"
	input.subject.type == "human"
	not input.context.mfa
	reveal_needs_mfa
}

default reveal_needs_mfa := true

reveal_needs_mfa := data.config.access.reveal_needs_mfa

# What a request lacks that nothing permits.
unmet contains {"code": "no_grant", "message": "neither a grant nor an ACL policy permits this"}

unmet contains hint if {
	emergency != set()
	some hint in undeclared
}

undeclared contains {"code": "break_glass_reason", "message": "in an emergency this is permitted, with a reason of at least 10 characters"} if not reason_given

undeclared contains {"code": "break_glass_ticket", "message": "in an emergency this is permitted, with a ticket"} if not ticket_given

obligations contains "audit_reveal" if input.action.name == "reveal"

obligations contains "notify_owner" if {
	reason_given
	ticket_given
	count(emergency) > 0
}

# Grants expire; the engine keeps no decision beyond the next such time.
default cache_seconds := 60

cache_seconds := 0 if input.context.break_glass
