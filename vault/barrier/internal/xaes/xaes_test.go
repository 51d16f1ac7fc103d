package xaes_test

import (
	"bytes"
	"crypto/sha3"
	"encoding/hex"
	"io"
	"testing"

	"github.com/stanch-dev/stanch/vault/barrier/internal/xaes"
)

func newAEAD(t testing.TB, key []byte) *xaes.AEAD {
	t.Helper()
	a, err := xaes.New(key)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestPublishedVectors are those of the specification: the subkey's highest bit is 0
// for the first key and 1 for the second.
func TestPublishedVectors(t *testing.T) {
	nonce, plain := []byte("ABCDEFGHIJKLMNOPQRSTUVWX"), []byte("XAES-256-GCM")
	for _, c := range []struct {
		key  byte
		data string
		want string
	}{
		{1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
		{3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
	} {
		a := newAEAD(t, bytes.Repeat([]byte{c.key}, xaes.KeySize))
		sealed, err := a.Seal(nil, nonce, plain, []byte(c.data))
		if err != nil || hex.EncodeToString(sealed) != c.want {
			t.Errorf("key %d: %x, want %s (%v)", c.key, sealed, c.want, err)
		}
		if back, err := a.Open(nil, nonce, sealed, []byte(c.data)); err != nil || !bytes.Equal(back, plain) {
			t.Errorf("key %d: Open: %v", c.key, err)
		}
	}
}

// TestAccumulated runs the specification's 10,000 random messages.
func TestAccumulated(t *testing.T) {
	random, digest := sha3.NewSHAKE128(), sha3.NewSHAKE128()
	take := func(n int) []byte {
		b := make([]byte, n)
		if _, err := io.ReadFull(random, b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	for range 10_000 {
		key, nonce := take(xaes.KeySize), take(xaes.NonceSize)
		plain := take(int(take(1)[0]))
		data := take(int(take(1)[0]))
		a := newAEAD(t, key)
		sealed, err := a.Seal(nil, nonce, plain, data)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := a.Open(nil, nonce, sealed, data); err != nil || !bytes.Equal(back, plain) {
			t.Fatalf("Open: %v", err)
		}
		digest.Write(sealed)
	}
	got := make([]byte, 32)
	io.ReadFull(digest, got)
	if want := "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939"; hex.EncodeToString(got) != want {
		t.Errorf("digest %x, want %s", got, want)
	}
}

func TestRefused(t *testing.T) {
	key, nonce := make([]byte, xaes.KeySize), make([]byte, xaes.NonceSize)
	a := newAEAD(t, key)
	sealed, err := a.Seal([]byte("before "), nonce, []byte("plain"), []byte("data"))
	if err != nil || !bytes.HasPrefix(sealed, []byte("before ")) {
		t.Fatalf("Seal does not append: %v", err)
	}
	sealed = sealed[len("before "):]
	if len(sealed) != len("plain")+xaes.Overhead {
		t.Errorf("%d bytes, want %d more than the plaintext", len(sealed), xaes.Overhead)
	}
	for i := range sealed {
		altered := bytes.Clone(sealed)
		altered[i] ^= 1
		if _, err := a.Open(nil, nonce, altered, []byte("data")); err == nil {
			t.Errorf("byte %d altered, and it opens", i)
		}
	}
	for i := range nonce {
		altered := bytes.Clone(nonce)
		altered[i] ^= 1
		if _, err := a.Open(nil, altered, sealed, []byte("data")); err == nil {
			t.Errorf("byte %d of the nonce altered, and it opens", i)
		}
	}
	if _, err := a.Open(nil, nonce, sealed, []byte("Data")); err == nil {
		t.Error("other data, and it opens")
	}
	if _, err := a.Open(nil, nonce[:23], sealed, []byte("data")); err == nil {
		t.Error("a short nonce is taken for opening")
	}
	if _, err := a.Seal(nil, nonce[:12], nil, nil); err == nil {
		t.Error("a short nonce is taken for sealing")
	}
	if _, err := xaes.New(key[:16]); err == nil {
		t.Error("a short key is taken")
	}
}

func BenchmarkSeal1k(b *testing.B) {
	a := newAEAD(b, make([]byte, xaes.KeySize))
	nonce, plain, out := make([]byte, xaes.NonceSize), make([]byte, 1000), make([]byte, 0, 2000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Seal(out, nonce, plain, nil); err != nil {
			b.Fatal(err)
		}
	}
}
