package stanch.rotation_test

import data.stanch.rotation

day := 86400

now := 200 * day

config := {
	"classes": {
		"default": {"max_age_days": 90, "warn_days": 14, "unused_days": 60, "max_live_versions": 3},
		"short": {"max_age_days": 30, "warn_days": 7, "unused_days": 20, "max_live_versions": 2},
	},
	"dynamic_systems": ["postgres", "mysql"],
}

# A secret that is well, with parts of it replaced.
secret(parts) := object.union(
	{
		"id": "kv/shop/db",
		"class": "payment",
		"kind": "rotated",
		"system": "postgres",
		"owner": "shop",
		"created_at": 0,
		"rotated_at": now - day,
		"last_read_at": now,
		"live_versions": 1,
	},
	parts,
)

found(code, severity, message) := {"code": code, "severity": severity, "message": message}

aged(code, severity, age, most) := found(code, severity, sprintf("%d days old; at most %d are allowed", [age, most]))

overdue(age, most) := aged("overdue", "high", age, most)

due_soon(age, most) := aged("due_soon", "low", age, most)

never_rotated := found("never_rotated", "medium", "never rotated since it was created")

owner_missing := found("owner_missing", "medium", "nobody owns it, so nobody will rotate it")

leak := found("leaked", "critical", "seen where it must not be, and not rotated since")

unused(days) := found("unused", "low", sprintf("not read for %d days", [days]))

test_age[note] if {
	some note, tc in {
		"well": {"rotated_at": (now - (77 * day)) + 1, "want": set()},
		"76 days": {"rotated_at": now - (76 * day), "want": set()},
		"77 days": {"rotated_at": now - (77 * day), "want": {due_soon(77, 90)}},
		"90 days": {"rotated_at": now - (90 * day), "want": {due_soon(90, 90)}},
		"a second short of 91 days": {"rotated_at": (now - (91 * day)) + 1, "want": {due_soon(90, 90)}},
		"91 days": {"rotated_at": now - (91 * day), "want": {overdue(91, 90)}},
		"in the future": {"rotated_at": now + day, "want": set()},
	}
	got := rotation.findings with input as {"now": now, "secret": secret({"rotated_at": tc.rotated_at})}
		with data.config.rotation as config
	got == tc.want
}

test_class[note] if {
	some note, tc in {
		"its class": {"parts": {"class": "short"}, "want": {overdue(31, 30)}},
		"another class": {"parts": {"class": "payment"}, "want": set()},
		"no class": {"parts": {"class": ""}, "want": set()},
		"its own age": {"parts": {"class": "payment", "max_age_days": 30}, "want": {overdue(31, 30)}},
		"its own age, longer": {"parts": {"class": "short", "max_age_days": 31}, "want": {due_soon(31, 31)}},
	}
	got := rotation.findings with input as {"now": now, "secret": secret(object.union({"rotated_at": now - (31 * day)}, tc.parts))}
		with data.config.rotation as config
	got == tc.want
}

test_never_rotated[note] if {
	some note, tc in {
		"14 days": {"age": 14, "kind": "rotated", "want": set()},
		"15 days": {"age": 15, "kind": "rotated", "want": {never_rotated}},
		"dynamic": {"age": 15, "kind": "dynamic", "want": set()},
		"due soon": {"age": 77, "kind": "rotated", "want": {never_rotated, due_soon(77, 90)}},
		"overdue": {"age": 91, "kind": "rotated", "want": {never_rotated, overdue(91, 90)}},
	}
	never := object.remove(secret({"kind": tc.kind, "created_at": now - (tc.age * day)}), {"rotated_at"})
	got := rotation.findings with input as {"now": now, "secret": never}
		with data.config.rotation as config
	got == tc.want
}

test_owner[note] if {
	some note, tc in {
		"nobody": {"secret": secret({"owner": ""}), "want": {owner_missing}},
		"not said": {"secret": object.remove(secret({}), {"owner"}), "want": {owner_missing}},
		"somebody": {"secret": secret({"owner": "pay"}), "want": set()},
	}
	got := rotation.findings with input as {"now": now, "secret": tc.secret}
		with data.config.rotation as config
	got == tc.want
}

test_static_where_dynamic[note] if {
	some note, tc in {
		"static": {"kind": "static", "system": "postgres", "want": {"postgres"}},
		"static in another system": {"kind": "static", "system": "mysql", "want": {"mysql"}},
		"static, no other way": {"kind": "static", "system": "stripe", "want": set()},
		"rotated": {"kind": "rotated", "system": "postgres", "want": set()},
		"dynamic": {"kind": "dynamic", "system": "postgres", "want": set()},
	}
	got := rotation.findings with input as {"now": now, "secret": secret({"kind": tc.kind, "system": tc.system})}
		with data.config.rotation as config
	got == {found("static_where_dynamic", "medium", sprintf("%s can give credentials that expire by themselves", [system])) | some system in tc.want}
}

test_unused[note] if {
	some note, tc in {
		"60 days": {"secret": secret({"last_read_at": now - (60 * day)}), "want": set()},
		"a second short of 61 days": {"secret": secret({"last_read_at": (now - (61 * day)) + 1}), "want": set()},
		"61 days": {"secret": secret({"last_read_at": now - (61 * day)}), "want": {unused(61)}},
		"short class": {"secret": secret({"class": "short", "last_read_at": now - (21 * day)}), "want": {unused(21)}},
		"never read": {"secret": object.remove(secret({}), {"last_read_at"}), "want": {unused(200)}},
		"never read, young": {"secret": object.remove(secret({"created_at": now}), {"last_read_at"}), "want": set()},
	}
	got := rotation.findings with input as {"now": now, "secret": tc.secret}
		with data.config.rotation as config
	got == tc.want
}

test_too_many_versions[note] if {
	some note, tc in {
		"none": {"parts": {"live_versions": 0}, "want": set()},
		"as many as allowed": {"parts": {"live_versions": 3}, "want": set()},
		"one more": {"parts": {"live_versions": 4}, "want": {"4 versions are live; at most 3 are allowed"}},
		"one more, short class": {
			"parts": {"class": "short", "live_versions": 3},
			"want": {"3 versions are live; at most 2 are allowed"},
		},
	}
	got := rotation.findings with input as {"now": now, "secret": secret(tc.parts)}
		with data.config.rotation as config
	got == {found("too_many_versions", "medium", message) | some message in tc.want}
}

test_leaked[note] if {
	rotated := now - day
	some note, tc in {
		"after it was rotated": {"secret": secret({"leaked_at": rotated + 1}), "want": {leak}},
		"when it was rotated": {"secret": secret({"leaked_at": rotated}), "want": {leak}},
		"before it was rotated": {"secret": secret({"leaked_at": rotated - 1}), "want": set()},
		"never rotated": {
			"secret": object.remove(secret({"created_at": rotated, "leaked_at": rotated - 1}), {"rotated_at"}),
			"want": {leak},
		},
	}
	got := rotation.findings with input as {"now": now, "secret": tc.secret}
		with data.config.rotation as config
	got == tc.want
}

test_everything_at_once if {
	got := rotation.findings with input as {"now": now, "secret": {
		"class": "default",
		"kind": "static",
		"system": "postgres",
		"created_at": 0,
		"live_versions": 5,
		"leaked_at": now,
	}}
		with data.config.rotation as config
	got == {
		leak, never_rotated, overdue(200, 90), owner_missing, unused(200),
		found("static_where_dynamic", "medium", "postgres can give credentials that expire by themselves"),
		found("too_many_versions", "medium", "5 versions are live; at most 3 are allowed"),
	}
}
