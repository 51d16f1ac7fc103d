package seal_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/vault/seal"
)

func TestLockIsBoundToKeyAndHeader(t *testing.T) {
	key, other := bytes.Repeat([]byte{1}, seal.KeySize), bytes.Repeat([]byte{2}, seal.KeySize)
	plain, header := []byte("a root key"), []byte("header")
	locked, err := seal.Lock(key, header, plain)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(locked, plain) {
		t.Fatal("the blob holds the key")
	}
	if got, err := seal.Unlock(key, header, locked); err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("Unlock: %v", err)
	}
	if again, err := seal.Lock(key, header, plain); err != nil || bytes.Equal(again, locked) {
		t.Errorf("locked twice, equal blobs: %v", err)
	}
	if _, err := seal.Unlock(other, header, locked); !errors.Is(err, seal.ErrWrongKey) {
		t.Errorf("another key: %v", err)
	}
	if _, err := seal.Unlock(key, []byte("Header"), locked); !errors.Is(err, seal.ErrWrongKey) {
		t.Errorf("another header: %v", err)
	}
	for i := range locked {
		altered := bytes.Clone(locked)
		altered[i] ^= 0x10
		if _, err := seal.Unlock(key, header, altered); !errors.Is(err, seal.ErrWrongKey) {
			t.Errorf("byte %d altered: %v", i, err)
		}
		if _, err := seal.Unlock(key, header, locked[:i]); !errors.Is(err, seal.ErrWrongKey) {
			t.Errorf("cut to %d bytes: %v", i, err)
		}
	}
	for name, err := range map[string]error{
		"short key":   second(seal.Lock(key[:31], header, plain)),
		"empty plain": second(seal.Lock(key, header, nil)),
		"long plain":  second(seal.Lock(key, header, make([]byte, seal.MaxKey+1))),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func second(_ []byte, err error) error { return err }

// forgetful wraps into a blob that gives another key, as a broken service might.
type forgetful struct{ back []byte }

func (forgetful) Kind() string                                   { return "forgetful" }
func (f forgetful) Wrap(context.Context, []byte) ([]byte, error) { return []byte("blob"), nil }
func (f forgetful) Unwrap(_ context.Context, blob []byte) ([]byte, error) {
	if f.back == nil {
		return nil, seal.ErrWrongKey
	}
	return bytes.Clone(f.back), nil
}

func TestVerify(t *testing.T) {
	key := []byte("the right key")
	if err := seal.Verify(t.Context(), forgetful{key}, key, nil); err != nil {
		t.Errorf("a right blob: %v", err)
	}
	if err := seal.Verify(t.Context(), forgetful{[]byte("the wrong key")}, key, nil); err == nil {
		t.Error("a blob of another key passes")
	}
	if err := seal.Verify(t.Context(), forgetful{}, key, nil); !errors.Is(err, seal.ErrWrongKey) {
		t.Errorf("a blob that does not open: %v", err)
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Setenv("STANCH_TEST_SEAL", "content")
	t.Setenv("STANCH_TEST_EMPTY", "")
	private := write("private", 0o600)
	if err := os.Symlink(write("open", 0o644), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		reference string
		limit     int
		refused   string // part of the error; empty when it can be read
	}{
		{"file:" + private, 7, ""},
		{"file:" + write("readonly", 0o400), 7, ""},
		{"env:STANCH_TEST_SEAL", 7, ""},
		{"file:" + private, 6, "more than 6 bytes"},
		{"env:STANCH_TEST_SEAL", 6, "at most 6"},
		{"file:" + write("group", 0o640), 7, "chmod 0600"},
		{"file:" + filepath.Join(dir, "open"), 7, "chmod 0600"},
		{"file:" + filepath.Join(dir, "link"), 7, "chmod 0600"},
		{"file:" + dir, 7, "not a regular file"},
		{"file:" + filepath.Join(dir, "missing"), 7, "no such file"},
		{"env:STANCH_TEST_EMPTY", 7, "not set"},
		{"env:", 7, "file:PATH or env:NAME"},
		{"content", 7, "file:PATH or env:NAME"},
		{"vault:content", 7, "file:PATH or env:NAME"},
	} {
		got, err := seal.Read(c.reference, c.limit)
		switch {
		case c.refused == "" && (err != nil || string(got) != "content"):
			t.Errorf("%s: %v", c.reference, err)
		case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)):
			t.Errorf("%s: %v, want an error with %q", c.reference, err, c.refused)
		case err != nil && strings.Contains(err.Error(), "content"):
			t.Errorf("%s: the error quotes the secret: %v", c.reference, err)
		}
	}
}
