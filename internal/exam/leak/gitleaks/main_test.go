package main

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// token is a made-up token of a form that gitleaks knows, in parts.
var token = strings.Join([]string{"gh", "p_", "7hQ2mXv9Kd4Rt1Zs8", "Lw6Yb3Nc5Pf0Gj2Ua1e"}, "")

func TestFilter(t *testing.T) {
	known := filepath.Join(t.TempDir(), "known")
	if err := os.WriteFile(known, []byte("a=the known one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	encoded := base64.StdEncoding.EncodeToString([]byte("user:" + token + " or so"))
	input := "one\ntoken " + token + " two\nthe known one\nblob " + encoded + " three\nfour"
	want := "one\ntoken REDACTED two\nREDACTED\nblob REDACTED three\nfour"
	for _, whole := range []bool{false, true} {
		var out strings.Builder
		if err := run(&out, strings.NewReader(input), whole, known); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), token) || out.String() != want {
			t.Errorf("whole %v: %q", whole, strings.ReplaceAll(out.String(), token, "<the token>"))
		}
	}
}
