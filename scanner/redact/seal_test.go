package redact_test

import (
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// sealKey returns a new key, to seal to and to open with.
func sealKey(tb testing.TB) (*redact.SealKey, hpke.PrivateKey) {
	tb.Helper()
	private, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	key, err := redact.ParseSealKey([]byte(base64.RawURLEncoding.EncodeToString(private.PublicKey().Bytes())))
	if err != nil {
		tb.Fatal(err)
	}
	open, err := hpke.NewDHKEMPrivateKey(private)
	if err != nil {
		tb.Fatal(err)
	}
	return key, open
}

// open reads what stands in a sealed placeholder, as the store does: the name, the
// location, the value, and what names the epoch.
func open(key hpke.PrivateKey, text string) (fields []string, err error) {
	parts := strings.Split(strings.Trim(text, "[]"), ":")
	sealed, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	plain, err := hpke.Open(key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(redact.SealInfo+parts[1]), sealed)
	if err != nil {
		return nil, err
	}
	for range 3 {
		end := 2 + int(binary.BigEndian.Uint16(plain))
		fields, plain = append(fields, string(plain[2:end])), plain[end:]
	}
	return append(fields, string(plain[:4])), nil
}

func TestSeal(t *testing.T) {
	public, private := sealKey(t)
	r := newRedactor().SealTo(public)
	for _, value := range []string{"x", "hunter2", random(40), "\x00\xff binary 世", strings.Repeat("k", redact.MaxSealed)} {
		s := plain("x", value, "x")
		s.Name, s.Location = "prod/db "+strings.Repeat("n", 300), strings.Repeat("l", 300)
		text := replaced(t, r, redact.Sealed, s)
		if n := redact.IsPlaceholder([]byte(text+"]"), func(label []byte) bool { return string(label) == redact.Label(s.Name) }); n != len(text) {
			t.Fatalf("%d bytes: %d are known as a placeholder of %d", len(value), n, len(text))
		}
		got, err := open(private, text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{s.Name[:255], s.Location[:255], value}, got[:3]); diff != "" {
			t.Errorf("%d bytes: -want +got\n%s", len(value), diff)
		}
		if other, err := open(private, replaced(t, redact.New().SealTo(public), redact.Sealed, s)); err != nil || other[3] == got[3] {
			t.Errorf("two epochs are both %x, %v", got[3], err)
		}
		if again := replaced(t, r, redact.Sealed, s); again == text {
			t.Error("sealing twice gives the same")
		}
	}
	s := plain("x", strings.Repeat("k", redact.MaxSealed+1), "x")
	if got := replaced(t, r, redact.Sealed, s); got != "[REDACTED:r]" {
		t.Errorf("too long: %.100q", got)
	}
}

// TestSealedIsBound changes what is around a value, and the value.
func TestSealedIsBound(t *testing.T) {
	public, private := sealKey(t)
	text := replaced(t, newRedactor().SealTo(public), redact.Sealed, plain("x", "hunter2", "x"))
	if _, err := open(private, text); err != nil {
		t.Fatal(err)
	}
	_, other := sealKey(t)
	if _, err := open(other, text); err == nil {
		t.Error("another key opens it")
	}
	if _, err := open(private, strings.Replace(text, ":r:", ":q:", 1)); err == nil {
		t.Error("it opens under another name")
	}
	for i := strings.LastIndex(text, ":") + 1; i < len(text)-2; i++ {
		changed := []byte(text)
		changed[i] ^= 1 // another character of base64, or none
		if _, err := open(private, string(changed)); err == nil {
			t.Errorf("it opens with byte %d changed", i)
		}
	}
}

// TestSealedLength tells no more of a value's length than a multiple of 32.
func TestSealedLength(t *testing.T) {
	public, _ := sealKey(t)
	lengths := map[int]bool{}
	for size := 1; size <= 64; size++ {
		text := replaced(t, newRedactor().SealTo(public), redact.Sealed, plain("x", random(size), "x"))
		lengths[len(text)] = true
	}
	if len(lengths) > 3 {
		t.Errorf("64 lengths of values have %d of their own", len(lengths))
	}
}

func TestParseSealKey(t *testing.T) {
	private, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw := private.PublicKey().Bytes()
	encode := func(kind string, key any) string {
		der, err := x509.MarshalPKIXPublicKey(key)
		if kind != "PUBLIC KEY" {
			der, err = x509.MarshalPKCS8PrivateKey(key)
		}
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	p256, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := encode("PUBLIC KEY", private.PublicKey())
	for _, tt := range []struct{ name, text, fails string }{
		{"PEM", good, ""},
		{"base64url", base64.RawURLEncoding.EncodeToString(raw) + "\n", ""},
		{"base64url with padding", base64.URLEncoding.EncodeToString(raw), ""},
		{"empty", "", "public key"},
		{"words", "no key at all", "base64url"},
		{"short", base64.RawURLEncoding.EncodeToString(raw[1:]), "public key"},
		{"two", good + good, "nothing else"},
		{"private", encode("PRI"+"VATE KEY", private), "PUBLIC KEY"},
		{"another curve", encode("PUBLIC KEY", p256.PublicKey()), "X25519"},
		{"broken PEM", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: raw})), "asn1"},
		{"zero", base64.RawURLEncoding.EncodeToString(make([]byte, 32)), "everybody"},
	} {
		key, err := redact.ParseSealKey([]byte(tt.text))
		if tt.fails == "" && (err != nil || key == nil) || tt.fails != "" && (err == nil || !strings.Contains(err.Error(), tt.fails)) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.fails)
		}
	}
}

// TestSealKeepsRedactor holds that the redactor it came from still seals nothing,
// and that both give equal tags.
func TestSealKeepsRedactor(t *testing.T) {
	public, _ := sealKey(t)
	r := newRedactor()
	sealing := r.SealTo(public)
	s := &redact.Secret{Name: "r", Value: secret.Of([]byte(random(40)))}
	want := replaced(t, r, redact.Placeholder, s)
	if got := replaced(t, r, redact.Sealed, s); got != want {
		t.Errorf("without a key: %s", got)
	}
	if got := replaced(t, sealing, redact.Placeholder, s); got != want {
		t.Errorf("with a key the placeholder is %s, want %s", got, want)
	}
}
