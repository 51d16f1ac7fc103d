package passphrase_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/vault/seal"
	"github.com/stanch-dev/stanch/vault/seal/passphrase"
)

// light is far below what Calibrate gives, so that tests are quick.
var light = passphrase.Params{Time: 1, Memory: 64, Threads: 2}

func newSeal(t testing.TB, text string, p passphrase.Params) *passphrase.Seal {
	t.Helper()
	s, err := passphrase.New(secret.Of([]byte(text)), p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWrap(t *testing.T) {
	key := bytes.Repeat([]byte{0xab}, 32)
	s := newSeal(t, "correct horse", light)
	blob, err := s.Wrap(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(blob, key[:8]) || bytes.Contains(blob, []byte("horse")) {
		t.Error("the blob holds what it hides")
	}
	again, err := s.Wrap(t.Context(), key)
	if err != nil || bytes.Equal(again, blob) {
		t.Errorf("wrapped twice, equal blobs: %v", err)
	}
	// The blob's own params count, so that a seal made later with higher ones reads it.
	later := newSeal(t, "correct horse", passphrase.Params{Time: 2, Memory: 128, Threads: 1})
	if got, err := later.Unwrap(t.Context(), blob); err != nil || !bytes.Equal(got, key) {
		t.Errorf("Unwrap: %v", err)
	}
	if _, err := newSeal(t, "correct Horse", light).Unwrap(t.Context(), blob); !errors.Is(err, seal.ErrWrongKey) {
		t.Errorf("another passphrase: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Unwrap(ended, blob); !errors.Is(err, context.Canceled) {
		t.Errorf("context ended: %v", err)
	}
	if blob, err := s.Wrap(t.Context(), nil); err == nil || blob != nil {
		t.Errorf("no key: %x, %v", blob, err)
	}
}

func TestAlteredBlob(t *testing.T) {
	s := newSeal(t, "correct horse", light)
	blob, err := s.Wrap(t.Context(), bytes.Repeat([]byte{0xab}, 32))
	if err != nil {
		t.Fatal(err)
	}
	const costs = len("stanch-passphrase-1\n")
	for i := range blob {
		altered := bytes.Clone(blob)
		altered[i] ^= 1
		if i >= costs && i < costs+8 {
			altered[i] ^= 0x80 // outside the limits but for the lowest bytes, which stay small
		}
		if i == costs+3 || i == costs+6 || i == costs+7 {
			altered[i] = blob[i] ^ 3
		}
		if _, err := s.Unwrap(t.Context(), altered); err == nil {
			t.Errorf("byte %d altered, and it opens", i)
		}
		if _, err := s.Unwrap(t.Context(), blob[:i]); err == nil {
			t.Errorf("cut to %d bytes, and it opens", i)
		}
	}
	greedy := bytes.Clone(blob)
	binary.BigEndian.PutUint32(greedy[costs+4:], passphrase.MaxMemory+1)
	if _, err := s.Unwrap(t.Context(), greedy); err == nil || errors.Is(err, seal.ErrWrongKey) {
		t.Errorf("more memory than is allowed: %v, want a refusal before any work", err)
	}
}

func TestNewRefuses(t *testing.T) {
	if _, err := passphrase.New(secret.Of(nil), light); err == nil {
		t.Error("an empty passphrase is taken")
	}
	for _, p := range []passphrase.Params{
		{Time: 0, Memory: 64, Threads: 1},
		{Time: 1, Memory: 64, Threads: 0},
		{Time: 1, Memory: 7, Threads: 1},
		{Time: 1, Memory: passphrase.MaxMemory + 1, Threads: 1},
		{Time: passphrase.MaxTime + 1, Memory: 64, Threads: 1},
		{Time: 1, Memory: 1 << 10, Threads: passphrase.MaxThreads + 1},
	} {
		if _, err := passphrase.New(secret.Of([]byte("x")), p); err == nil {
			t.Errorf("%+v is taken", p)
		}
	}
}

func FuzzUnwrap(f *testing.F) {
	s := newSeal(f, "correct horse", light)
	key := bytes.Repeat([]byte{0xab}, 32)
	blob, err := s.Wrap(f.Context(), key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(blob)
	f.Add(blob[:40])
	f.Add([]byte{})
	costs := len("stanch-passphrase-1\n")
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > costs+9 && (binary.BigEndian.Uint32(b[costs:]) > 2 || binary.BigEndian.Uint32(b[costs+4:]) > 1<<10) {
			t.Skip("within the limits, but too slow for a fuzz run")
		}
		if got, err := s.Unwrap(t.Context(), b); err == nil && !bytes.Equal(got, key) {
			t.Error("a blob nobody made opens")
		}
	})
}
