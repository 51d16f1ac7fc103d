# METADATA
# title: Whether a build passes with the findings of a scan
# description: >-
#   A finding fails the build if its severity is one that config/data.yaml names and it is neither
#   in the baseline nor waived. A secret that is live is never let pass.
# schemas:
#   - input: schema.gate.input
#   - data.config: schema.config.data
package stanch.gate

# METADATA
# title: The decision on one scan
# description: Every failure says which finding it is about; waived are those that a waiver let pass.
# entrypoint: true
default decision := {
	"pass": false,
	"failures": {{
		"code": "incomplete_input",
		"fingerprint": "",
		"message": "the input has no list of findings, one lacks its fingerprint, rule, file or line, or gate.fail_on is not configured",
	}},
	"waived": set(),
}

decision := {"pass": count(failures) == 0, "failures": failures, "waived": waived} if {
	is_array(data.config.gate.fail_on)
	every finding in input.findings {
		identified(finding)
	}
}

failures contains failure("live_secret", finding, "this secret works: rotate it; no baseline and no waiver lets it pass") if {
	some finding in input.findings
	live(finding)
}

failures contains failure("new_finding", finding, sprintf("%s in %s:%d", [finding.rule, finding.file, finding.line])) if {
	some finding in counted
	finding.fingerprint in unwaived
}

failures contains failure("expired_waiver", waiver, sprintf("the waiver of %s has expired", [waiver.owner])) if {
	some waiver in data.config.gate.waivers
	complete(waiver)
	waiver.fingerprint in unwaived
}

failures contains failure("invalid_waiver", waiver, "a waiver needs an owner, a reason and the time it expires") if {
	some waiver in data.config.gate.waivers
	not complete(waiver)
}

failure(code, about, message) := {"code": code, "fingerprint": about.fingerprint, "message": message}

# What failures say of a finding. Without it a failure would be lost.
identified(finding) if {
	finding.fingerprint
	finding.rule
	finding.file
	finding.line
}

live(finding) if finding.known

live(finding) if finding.verified

# Findings that count: severe enough, new, and not live, which is a failure of its own.
counted contains finding if {
	some finding in input.findings
	severity(finding) in data.config.gate.fail_on
	not finding.fingerprint in baseline
	not live(finding)
}

# A severity that is missing or unknown counts as high.
severity(finding) := finding.severity if {
	finding.severity in {"low", "medium", "critical"}
} else := "high"

# Fingerprints stand in sets that are made once: with thousands of findings and a long baseline,
# to go through a list for each finding takes longer than a decision may.
baseline := {fingerprint | some fingerprint in input.baseline}

waivable := {waiver.fingerprint |
	some waiver in data.config.gate.waivers
	complete(waiver)
	waiver.expires_at > input.now
}

waived := fingerprints & waivable

unwaived := fingerprints - waivable

fingerprints := {finding.fingerprint | some finding in counted}

# A time that is no number is none: any text would be later than every number.
complete(waiver) if {
	waiver.owner != ""
	waiver.reason != ""
	is_number(waiver.expires_at)
	waiver.expires_at > 0
}
