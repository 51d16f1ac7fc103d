# METADATA
# title: What is wrong with the age and upkeep of a secret
# description: Asked once for each secret, with its metadata only. Limits stand in config/data.yaml, by class.
# schemas:
#   - input: schema.rotation.input
#   - data.config: schema.config.data
package stanch.rotation

# METADATA
# title: Everything wrong with one secret
# description: Empty if all is well.
# entrypoint: true
findings contains finding("leaked", "critical", "seen where it must not be, and not rotated since") if {
	input.secret.leaked_at
	not rotated_since_leak
}

findings contains finding("overdue", "high", sprintf("%d days old; at most %d are allowed", [age, max_age])) if age > max_age

findings contains finding("due_soon", "low", sprintf("%d days old; at most %d are allowed", [age, max_age])) if {
	age <= max_age
	age > max_age - class.warn_days
}

findings contains finding("never_rotated", "medium", "never rotated since it was created") if {
	input.secret.kind != "dynamic"
	not input.secret.rotated_at
	age > class.warn_days
}

findings contains finding("owner_missing", "medium", "nobody owns it, so nobody will rotate it") if {
	object.get(input.secret, "owner", "") == ""
}

findings contains finding("static_where_dynamic", "medium", sprintf("%s can give credentials that expire by themselves", [input.secret.system])) if {
	input.secret.kind == "static"
	input.secret.system in data.config.rotation.dynamic_systems
}

findings contains finding("unused", "low", sprintf("not read for %d days", [idle])) if idle > class.unused_days

findings contains finding("too_many_versions", "medium", message) if {
	input.secret.live_versions > class.max_live_versions
	message := sprintf("%d versions are live; at most %d are allowed", [input.secret.live_versions, class.max_live_versions])
}

finding(code, severity, message) := {"code": code, "severity": severity, "message": message}

rotated_since_leak if input.secret.rotated_at > input.secret.leaked_at

# The limits of the secret's class. One that is not configured is decided as default.
class := limits if {
	limits := data.config.rotation.classes[input.secret.class]
} else := data.config.rotation.classes["default"]

max_age := object.get(input.secret, "max_age_days", class.max_age_days)

age := days_since(object.get(input.secret, "rotated_at", input.secret.created_at))

idle := days_since(object.get(input.secret, "last_read_at", input.secret.created_at))

# Whole days, so that a limit of 90 days is passed when the 91st is over.
days_since(time) := floor((input.now - time) / 86400)
