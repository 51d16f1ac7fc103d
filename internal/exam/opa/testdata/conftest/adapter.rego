# METADATA
# title: The gate policy for conftest
# description: conftest fails on what the package main denies.
package main

deny contains message if {
	some failure in data.stanch.gate.decision.failures
	message := sprintf("%s %s: %s", [failure.code, failure.fingerprint, failure.message])
}
