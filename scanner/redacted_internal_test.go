package scanner

import "testing"

func TestIsRedacted(t *testing.T) {
	for value, want := range map[string]bool{
		"[REDACTED]": true, "[REDACTED:aws-key]": true, "[REDACTED:aws-key:0a1b2c3d]": true, "[REDACTED:aws-key:0a1b2c3d": true,
		"%5BREDACTED%3Aaws-key%3A0a1b2c3d%5D": true, "[REDACTED:aws-key]**": true, "[REDACTED:aws-key]-": true,
		"": false, "REDACTED": false, "[REDACTED:aws-key]hunter2": false, "[REDACTEDhunter2": false, "[REDACTED:a:b:c:d]": false, "[other]": false,
	} {
		if got := isRedacted([]byte(value)); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}
