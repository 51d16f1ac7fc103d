package stanch.gate_test

import data.stanch.gate

now := 1000

# A finding with parts of it replaced.
finding(parts) := object.union({"fingerprint": "fp", "rule": "aws-key", "file": "a/b.go", "line": 7, "severity": "low"}, parts)

waiver(parts) := object.union({"fingerprint": "fp", "owner": "ann", "reason": "a test key", "expires_at": now + 1}, parts)

config(waivers) := {"fail_on": ["low", "high"], "waivers": waivers}

passed(waived) := {"pass": true, "failures": set(), "waived": waived}

failed(failures) := failed_besides(failures, set())

failed_besides(failures, waived) := {"pass": false, "failures": failures, "waived": waived}

failure(code, message) := {"code": code, "fingerprint": "fp", "message": message}

new_finding := failure("new_finding", "aws-key in a/b.go:7")

live_secret := failure("live_secret", "this secret works: rotate it; no baseline and no waiver lets it pass")

expired_waiver := failure("expired_waiver", "the waiver of ann has expired")

invalid_waiver := failure("invalid_waiver", "a waiver needs an owner, a reason and the time it expires")

incomplete := failed({{
	"code": "incomplete_input",
	"fingerprint": "",
	"message": "the input has no list of findings, one lacks its fingerprint, rule, file or line, or gate.fail_on is not configured",
}})

test_severity[note] if {
	some note, tc in {
		"low fails": {"severity": "low", "want": failed({new_finding})},
		"medium passes": {"severity": "medium", "want": passed(set())},
		"high fails": {"severity": "high", "want": failed({new_finding})},
		"critical passes": {"severity": "critical", "want": passed(set())},
		"none counts as high": {"severity": "", "want": failed({new_finding})},
		"unknown counts as high": {"severity": "Low", "want": failed({new_finding})},
	}
	got := gate.decision with input as {"now": now, "findings": [finding({"severity": tc.severity})], "baseline": []}
		with data.config.gate as config([])
	got == tc.want
}

test_every_severity[severity] if {
	some severity in ["low", "medium", "high", "critical"]
	got := gate.decision with input as {"now": now, "findings": [finding({"severity": severity})], "baseline": []}
		with data.config.gate as {"fail_on": [severity], "waivers": []}
	got == failed({new_finding})
}

test_baseline[note] if {
	some note, tc in {
		"no findings": {"input": {"now": now, "findings": [], "baseline": ["fp"]}, "want": passed(set())},
		"an old finding": {"input": {"now": now, "findings": [finding({})], "baseline": ["x", "fp"]}, "want": passed(set())},
		"a new finding": {"input": {"now": now, "findings": [finding({})], "baseline": ["x"]}, "want": failed({new_finding})},
		"no baseline": {"input": {"now": now, "findings": [finding({})]}, "want": failed({new_finding})},
		"old and new": {
			"input": {"now": now, "findings": [finding({"fingerprint": "x"}), finding({})], "baseline": ["x"]},
			"want": failed({new_finding}),
		},
		"two new": {
			"input": {"now": now, "findings": [finding({"fingerprint": "x", "rule": "r", "file": "f", "line": 1}), finding({})], "baseline": []},
			"want": failed({new_finding, {"code": "new_finding", "fingerprint": "x", "message": "r in f:1"}}),
		},
	}
	got := gate.decision with input as tc.input
		with data.config.gate as config([])
	got == tc.want
}

test_waiver[note] if {
	some note, tc in {
		"in its last second": {"waivers": [waiver({})], "want": passed({"fp"})},
		"expires now": {"waivers": [waiver({"expires_at": now})], "want": failed({new_finding, expired_waiver})},
		"of another finding": {"waivers": [waiver({"fingerprint": "x"})], "want": failed({new_finding})},
		"expired, of another finding": {"waivers": [waiver({"fingerprint": "x", "expires_at": now})], "want": failed({new_finding})},
		"expired, and one that is not": {"waivers": [waiver({"expires_at": now}), waiver({})], "want": passed({"fp"})},
		"no owner": {"waivers": [waiver({"owner": ""})], "want": failed({new_finding, invalid_waiver})},
		"no reason": {"waivers": [waiver({"reason": ""})], "want": failed({new_finding, invalid_waiver})},
		"no expiry": {"waivers": [waiver({"expires_at": 0})], "want": failed({new_finding, invalid_waiver})},
		"a date for an expiry": {"waivers": [waiver({"expires_at": "2000-01-31"})], "want": failed({new_finding, invalid_waiver})},
		"owner not said": {"waivers": [object.remove(waiver({}), {"owner"})], "want": failed({new_finding, invalid_waiver})},
		"reason not said": {"waivers": [object.remove(waiver({}), {"reason"})], "want": failed({new_finding, invalid_waiver})},
		"expiry not said": {"waivers": [object.remove(waiver({}), {"expires_at"})], "want": failed({new_finding, invalid_waiver})},
		"expired in the first second of all": {"waivers": [waiver({"expires_at": 1})], "want": failed({new_finding, expired_waiver})},
		"a valid one makes no other valid": {
			"waivers": [waiver({}), waiver({"owner": ""})],
			"want": failed_besides({invalid_waiver}, {"fp"}),
		},
	}
	got := gate.decision with input as {"now": now, "findings": [finding({})], "baseline": []}
		with data.config.gate as config(tc.waivers)
	got == tc.want
}

test_waiver_not_needed[note][about] if {
	some note, tc in {
		"expired": {"waivers": [waiver({"expires_at": now})], "want": passed(set())},
		"valid": {"waivers": [waiver({})], "want": passed(set())},
		"invalid": {"waivers": [waiver({"reason": ""})], "want": failed({invalid_waiver})},
	}
	some about, findings in {
		"no finding": [],
		"one that passes": [finding({"severity": "medium"})],
		"an old one": [finding({"fingerprint": "old"})],
	}
	got := gate.decision with input as {"now": now, "findings": findings, "baseline": ["old"]}
		with data.config.gate as config(tc.waivers)
	got == tc.want
}

test_waived_among_others if {
	got := gate.decision with input as {"now": now, "findings": [finding({}), finding({"fingerprint": "waived"})], "baseline": []}
		with data.config.gate as config([waiver({"fingerprint": "waived"})])
	got == failed_besides({new_finding}, {"waived"})
}

test_no_time if {
	got := gate.decision with input as {"findings": [finding({})], "baseline": []}
		with data.config.gate as config([waiver({})])
	got == failed({new_finding, expired_waiver})
}

test_live[note] if {
	some note, tc in {
		"known": {"parts": {"known": {"id": "kv/a", "version": 1}}, "want": failed({live_secret})},
		"verified": {"parts": {"verified": true}, "want": failed({live_secret})},
		"of a severity that passes": {"parts": {"verified": true, "severity": "medium"}, "want": failed({live_secret})},
		"tried, and does not work": {"parts": {"verified": false}, "want": passed(set())},
	}
	got := gate.decision with input as {"now": now, "findings": [finding(tc.parts)], "baseline": ["fp"]}
		with data.config.gate as config([])
	got == tc.want
}

test_live_is_not_waived[note] if {
	some note, waivers in {"valid": [waiver({})], "expired": [waiver({"expires_at": now})]}
	got := gate.decision with input as {"now": now, "findings": [finding({"verified": true})], "baseline": []}
		with data.config.gate as config(waivers)
	got == failed({live_secret})
}

test_incomplete[note] if {
	some note, tc in {
		"no input": {"input": {}, "config": config([])},
		"findings are null": {"input": {"findings": null}, "config": config([])},
		"findings are a text": {"input": {"findings": "none"}, "config": config([])},
		"no fingerprint": {"input": {"findings": [object.remove(finding({}), {"fingerprint"})]}, "config": config([])},
		"no rule": {"input": {"findings": [object.remove(finding({}), {"rule"})]}, "config": config([])},
		"no file": {"input": {"findings": [object.remove(finding({}), {"file"})]}, "config": config([])},
		"no line": {"input": {"findings": [object.remove(finding({}), {"line"})]}, "config": config([])},
		"one of two": {"input": {"findings": [finding({}), object.remove(finding({}), {"line"})]}, "config": config([])},
		"nothing configured": {"input": {"findings": []}, "config": {}},
		"fail_on is a text": {"input": {"findings": []}, "config": {"fail_on": "high"}},
	}
	got := gate.decision with input as tc.input
		with data.config.gate as tc.config
	got == incomplete
}
