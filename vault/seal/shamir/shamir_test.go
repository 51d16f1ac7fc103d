package shamir_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/stanch-dev/stanch/vault/seal/shamir"
)

// TestVector holds the layout still: with f(x) = 0x2a + 0x05·x for the first byte and
// 0xff + 0x80·x for the second, worked out by hand.
func TestVector(t *testing.T) {
	shares := [][]byte{
		{0x2a ^ 0x05, 0xff ^ 0x80, 1}, // x = 1: the sum of the coefficients
		{0x2a ^ 0x0a, 0xff ^ 0x1b, 2}, // x = 2: 0x05 << 1; 0x80 << 1 reduced by 0x11b
		{0x2a ^ 0x14, 0xff ^ 0x36, 4},
	}
	for i := range shares {
		got, err := shamir.Combine([][]byte{shares[i], shares[(i+1)%3]})
		if err != nil {
			t.Fatal(err)
		}
		if want := []byte{0x2a, 0xff}; !bytes.Equal(got, want) {
			t.Errorf("shares %d and %d give %x, want %x", i, (i+1)%3, got, want)
		}
	}
}

func TestAnyThresholdGivesItBackAndFewerNever(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.SliceOfN(rapid.Byte(), 16, 48).Draw(t, "secret")
		n := rapid.IntRange(2, 12).Draw(t, "shares")
		k := rapid.IntRange(2, n).Draw(t, "threshold")
		shares, err := shamir.Split(secret, n, k)
		if err != nil {
			t.Fatal(err)
		}
		check := shamir.NewCheck(secret, shares...)
		some := rapid.Permutation(shares).Draw(t, "order")
		taken := rapid.IntRange(k, n).Draw(t, "taken")
		if got, err := check.Combine(some[:taken]); err != nil || !bytes.Equal(got, secret) {
			t.Fatalf("%d of %d shares, threshold %d: %v", taken, n, k, err)
		}
		if got, err := shamir.Combine(some[:k-1]); err != nil || bytes.Equal(got, secret) {
			t.Fatalf("%d shares, threshold %d: equal %v, %v", k-1, k, bytes.Equal(got, secret), err)
		}
		if _, err := check.Combine(some[:k-1]); !errors.Is(err, shamir.ErrWrongSecret) {
			t.Fatalf("%d shares, threshold %d: %v, want ErrWrongSecret", k-1, k, err)
		}
	})
}

// TestFewerSharesSayNothing divides the same byte again and again: what one share
// of a threshold of 2 shows must be any byte, whatever the secret is.
func TestFewerSharesSayNothing(t *testing.T) {
	for _, secret := range []byte{0, 1, 0xff} {
		var seen [256]bool
		for range 256 * 16 { // a byte is missed with a chance of e^-16
			shares, err := shamir.Split([]byte{secret}, 2, 2)
			if err != nil {
				t.Fatal(err)
			}
			seen[shares[0][0]] = true
		}
		for b, s := range seen {
			if !s {
				t.Errorf("secret %#x: the first share is never %#x", secret, b)
			}
		}
	}
}

func TestOneWrongShareIsNamed(t *testing.T) {
	secret := bytes.Repeat([]byte{7}, 32)
	shares, err := shamir.Split(secret, 5, 3)
	if err != nil {
		t.Fatal(err)
	}
	other, err := shamir.Split(secret, 5, 3) // the same secret, divided anew
	if err != nil {
		t.Fatal(err)
	}
	mistyped := bytes.Clone(shares[3])
	mistyped[9] ^= 1
	outside := bytes.Clone(shares[0])
	outside[32] = 77
	check := shamir.NewCheck(secret, shares...)
	for name, c := range map[string]struct {
		given [][]byte
		wrong int
	}{
		"mistyped":       {[][]byte{shares[0], shares[1], mistyped}, 2},
		"of another set": {[][]byte{other[0], shares[1], shares[2]}, 0},
		"unknown x":      {[][]byte{shares[4], outside, shares[2]}, 1},
		"empty":          {[][]byte{shares[4], {}, shares[2]}, 1},
	} {
		var wrong shamir.ErrWrongShare
		if _, err := check.Combine(c.given); !errors.As(err, &wrong) || wrong.Index != c.wrong {
			t.Errorf("%s: %v, want share %d to be named", name, err, c.wrong)
		}
	}
	bare := shamir.NewCheck(secret)
	if _, err := bare.Combine([][]byte{shares[0], shares[1], mistyped}); !errors.Is(err, shamir.ErrWrongSecret) {
		t.Errorf("without a check of the shares: %v, want ErrWrongSecret", err)
	}
}

func TestCheckIsKeptAsJSONAndHoldsNothing(t *testing.T) {
	secret := []byte("thirty-two bytes of a root key..")
	shares, err := shamir.Split(secret, 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(shamir.NewCheck(secret, shares...))
	if err != nil {
		t.Fatal(err)
	}
	for _, plain := range append([][]byte{secret}, shares...) {
		if s := string(text); strings.Contains(s, shamir.Base64(plain)[:16]) || strings.Contains(s, shamir.Hex(plain)[:16]) || strings.Contains(s, string(plain)) {
			t.Error("the check holds what it checks")
		}
	}
	var back shamir.Check
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if got, err := back.Combine(shares[1:]); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("after JSON: %v", err)
	}
	if again := shamir.NewCheck(secret); bytes.Equal(again.Secret, back.Secret) {
		t.Error("two checks of one secret are equal: they are not salted")
	}
}

func TestRefused(t *testing.T) {
	for name, f := range map[string]func() error{
		"no secret":           func() error { _, err := shamir.Split(nil, 3, 2); return err },
		"long secret":         func() error { _, err := shamir.Split(make([]byte, shamir.MaxSecret+1), 3, 2); return err },
		"no shares":           func() error { _, err := shamir.Split([]byte{1}, 0, 0); return err },
		"256 shares":          func() error { _, err := shamir.Split([]byte{1}, 256, 2); return err },
		"threshold 0":         func() error { _, err := shamir.Split([]byte{1}, 3, 0); return err },
		"threshold of more":   func() error { _, err := shamir.Split([]byte{1}, 3, 4); return err },
		"threshold 1 of many": func() error { _, err := shamir.Split([]byte{1}, 3, 1); return err },
		"none given":          func() error { _, err := shamir.Combine(nil); return err },
		"one byte":            func() error { _, err := shamir.Combine([][]byte{{1}}); return err },
		"lengths":             func() error { _, err := shamir.Combine([][]byte{{1, 1}, {1, 2, 2}}); return err },
		"x of 0":              func() error { _, err := shamir.Combine([][]byte{{1, 1}, {1, 0}}); return err },
		"same x":              func() error { _, err := shamir.Combine([][]byte{{1, 1}, {2, 1}}); return err },
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if shares, err := shamir.Split([]byte{9}, 1, 1); err != nil || len(shares) != 1 {
		t.Errorf("a single share: %v", err)
	}
	if shares, err := shamir.Split([]byte{9}, shamir.MaxShares, shamir.MaxShares); err != nil || len(shares) != shamir.MaxShares {
		t.Errorf("as many shares as can be: %v", err)
	}
}

func TestText(t *testing.T) {
	share, err := hex.DecodeString("00ff10" + strings.Repeat("a5", 30))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{shamir.Hex(share), strings.ToUpper(shamir.Hex(share)), shamir.Base64(share), " " + shamir.Base64(share) + "\n"} {
		if got, err := shamir.Parse(text); err != nil || !bytes.Equal(got, share) {
			t.Errorf("Parse of a form of %d characters: %v", len(text), err)
		}
	}
	for _, text := range []string{"", "not a share!", "abc", strings.Repeat("00", shamir.MaxSecret+2)} {
		if _, err := shamir.Parse(text); err == nil {
			t.Errorf("Parse(%.20q) should be refused", text)
		} else if len(text) > 4 && strings.Contains(err.Error(), text) {
			t.Errorf("the error quotes the text: %v", err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "00ff", "AP8Q", "=", "0g"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		share, err := shamir.Parse(text)
		if err != nil {
			return
		}
		if again, err := shamir.Parse(shamir.Hex(share)); err != nil || !bytes.Equal(again, share) {
			t.Errorf("%x is read back as %x, %v", share, again, err)
		}
		if secret, err := shamir.Combine([][]byte{share}); err == nil && len(secret) != len(share)-1 {
			t.Error("a secret of another length")
		}
	})
}

func BenchmarkCombine(b *testing.B) {
	shares, err := shamir.Split(make([]byte, 32), 5, 3)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := shamir.Combine(shares[:3]); err != nil {
			b.Fatal(err)
		}
	}
}
