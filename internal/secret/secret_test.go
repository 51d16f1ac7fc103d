package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/internal/secret"
)

func TestNeverPrinted(t *testing.T) {
	plain := "very plain text"
	b := secret.Of([]byte(plain))
	holder := struct{ Value secret.Bytes }{b}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
		fmt.Fprintf(&out, verb, b)
		fmt.Fprintf(&out, verb, holder)
		fmt.Fprintf(&out, verb, &holder)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "secret", b, "holder", holder)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "secret", b, "holder", holder)
	if err := json.NewEncoder(&out).Encode(holder); err != nil {
		t.Fatal(err)
	}
	for _, leak := range []string{plain, fmt.Sprintf("%x", plain), fmt.Sprintf("%v", []byte(plain))} {
		if strings.Contains(strings.ToLower(out.String()), leak) {
			t.Errorf("printed as %q", leak)
		}
	}
	if string(b.Reveal()) != plain || b.Len() != len(plain) {
		t.Error("Reveal does not give the plaintext back")
	}
}
