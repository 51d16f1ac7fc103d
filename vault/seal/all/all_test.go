package all_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/vault/seal/all"
	"github.com/stanch-dev/stanch/vault/seal/keyfile"
	"github.com/stanch-dev/stanch/vault/seal/passphrase"
)

// TestEverySealOfTheTable is the suite a new seal runs in by standing in the table.
func TestEverySealOfTheTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := keyfile.Generate(path); err != nil {
		t.Fatal(err)
	}
	options := all.Options{Key: "file:" + path, Params: passphrase.Params{Time: 1, Memory: 64, Threads: 1}}
	key := bytes.Repeat([]byte{0x3c}, 32)
	blobs := map[string][]byte{}
	names := map[string]bool{}
	for _, kind := range all.Kinds() {
		if names[kind.Name] || kind.Doc == "" {
			t.Errorf("%s: twice in the table, or without a line of help", kind.Name)
		}
		names[kind.Name] = true
		if kind.New == nil {
			continue
		}
		s, err := kind.New(options)
		if err != nil {
			t.Fatalf("%s: %v", kind.Name, err)
		}
		if s.Kind() != kind.Name {
			t.Errorf("%s calls itself %s", kind.Name, s.Kind())
		}
		blob, err := s.Wrap(t.Context(), key)
		if err != nil {
			t.Fatalf("%s: %v", kind.Name, err)
		}
		if got, err := s.Unwrap(t.Context(), blob); err != nil || !bytes.Equal(got, key) {
			t.Errorf("%s: %v", kind.Name, err)
		}
		for other, blob := range blobs {
			if _, err := s.Unwrap(t.Context(), blob); err == nil {
				t.Errorf("%s opens a blob of %s", kind.Name, other)
			}
		}
		blobs[kind.Name] = blob
		if _, err := kind.New(all.Options{Key: "in the clear"}); err == nil || strings.Contains(err.Error(), "in the clear") {
			t.Errorf("%s, with the secret in the configuration: %v", kind.Name, err)
		}
	}
	if len(blobs) < 2 || !names["shamir"] {
		t.Errorf("the table has only %v", names)
	}
}

func TestFind(t *testing.T) {
	if k, err := all.Find("keyfile"); err != nil || k.Name != "keyfile" {
		t.Errorf("keyfile: %v, %v", k.Name, err)
	}
	if _, err := all.Find("keyfil"); err == nil || !strings.Contains(err.Error(), "keyfile") {
		t.Errorf("a name that is not there: %v", err)
	}
}
