package stanch.invariants_test

import data.stanch.invariants

test_violation[note] if {
	some note, tc in {
		"both": {"can": {"read", "reveal", "rotate"}, "want": {{"code": "rotates_and_reveals", "message": "whoever rotates a secret has no need to be shown it"}}},
		"only rotates": {"can": {"rotate"}, "want": set()},
		"only reveals": {"can": {"read", "reveal"}, "want": set()},
		"nothing": {"can": set(), "want": set()},
	}
	got := invariants.violation with input as {"can": tc.can}
	got == tc.want
}
