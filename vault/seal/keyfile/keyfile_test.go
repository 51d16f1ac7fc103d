package keyfile_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/vault/seal"
	"github.com/stanch-dev/stanch/vault/seal/keyfile"
)

func TestGenerate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seal.key")
	if err := keyfile.Generate(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	before, _ := os.ReadFile(path)
	if err := keyfile.Generate(path); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second Generate: %v", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Fatal("the key file was written over")
	}
}

// newSeal returns the seal of a new key file, and its path.
func newSeal(t *testing.T) (*keyfile.Seal, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "seal.key")
	if err := keyfile.Generate(path); err != nil {
		t.Fatal(err)
	}
	s, err := keyfile.New("file:" + path)
	if err != nil {
		t.Fatal(err)
	}
	return s, path
}

func TestWrap(t *testing.T) {
	s, path := newSeal(t)
	key := bytes.Repeat([]byte{0xcd}, 32)
	blob, err := s.Wrap(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(blob, key[:8]) {
		t.Error("the blob holds the key")
	}
	if got, err := s.Unwrap(t.Context(), blob); err != nil || !bytes.Equal(got, key) {
		t.Errorf("Unwrap: %v", err)
	}
	for i := range blob {
		altered := bytes.Clone(blob)
		altered[i] ^= 1
		if _, err := s.Unwrap(t.Context(), altered); err == nil {
			t.Errorf("byte %d altered, and it opens", i)
		}
		if _, err := s.Unwrap(t.Context(), blob[:i]); err == nil {
			t.Errorf("cut to %d bytes, and it opens", i)
		}
	}
	if blob, err := s.Wrap(t.Context(), nil); err == nil || blob != nil {
		t.Errorf("no key: %x, %v", blob, err)
	}

	wrong, _ := newSeal(t)
	if _, err := wrong.Unwrap(t.Context(), blob); !errors.Is(err, seal.ErrWrongKey) {
		t.Errorf("another key file: %v", err)
	}
	// The key is read when it is needed: a mode that has become too open is refused then.
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Unwrap(t.Context(), blob); err == nil || !strings.Contains(err.Error(), "chmod 0600") {
		t.Errorf("mode 0644: %v", err)
	}
}

func TestFormsOfAKey(t *testing.T) {
	raw := append(bytes.Repeat([]byte{0x0a, 0xf1}, 15), "\n\n"...) // space at the end of a raw key is the key's
	root := bytes.Repeat([]byte{0xcd}, 32)
	path := filepath.Join(t.TempDir(), "key")
	var blob []byte
	for _, text := range []string{
		string(raw),
		hex.EncodeToString(raw) + "\n",
		" " + strings.ToUpper(hex.EncodeToString(raw)),
		base64.StdEncoding.EncodeToString(raw) + "\r\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := keyfile.New("file:" + path)
		if err != nil {
			t.Fatalf("a key of %d bytes: %v", len(text), err)
		}
		if blob == nil {
			if blob, err = s.Wrap(t.Context(), root); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := s.Unwrap(t.Context(), blob); err != nil || !bytes.Equal(got, root) {
			t.Errorf("a key of %d bytes is another one: %v", len(text), err)
		}
	}
	t.Setenv("STANCH_TEST_KEY", base64.StdEncoding.EncodeToString(raw))
	s, err := keyfile.New("env:STANCH_TEST_KEY")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Unwrap(t.Context(), blob); err != nil || !bytes.Equal(got, root) {
		t.Errorf("from the environment: %v", err)
	}
	for _, text := range []string{"", "short", strings.Repeat("zz", 32), strings.Repeat("!", 44), strings.Repeat("a", 4096)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := keyfile.New("file:" + path); err == nil {
			t.Errorf("%.10q is taken for a key", text)
		} else if text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("the error quotes the file: %v", err)
		}
	}
}
