package shamir

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// ErrWrongSecret is what the shares give when they are not enough, or of another secret.
var ErrWrongSecret = errors.New("shamir: the shares give another key than this store's: they are too few, or of another store or an older rekey")

// ErrWrongShare names a share that is not one of the secret's.
type ErrWrongShare struct {
	Index int // its place among the shares that were given, from 0
}

func (e ErrWrongShare) Error() string {
	return fmt.Sprintf("shamir: share %d of those given is not of this store: look for a typing error, or for a share from before the last rekey", e.Index+1)
}

// Check recognises a secret and its shares without holding them. It may lie in the
// clear beside what the secret opens, for secrets that cannot be guessed: a root
// key has 256 bits, and so has each share of it. It is made to be kept as JSON.
type Check struct {
	Salt   []byte          `json:"salt"`             // 16 random bytes
	Secret []byte          `json:"secret"`           // digest of the secret
	Shares map[byte][]byte `json:"shares,omitempty"` // digest of each share, by its x
}

// NewCheck returns the check of a secret and of the shares it was divided into;
// without the shares, a wrong one is noticed but not named.
func NewCheck(secret []byte, shares ...[]byte) Check {
	c := Check{Salt: make([]byte, 16), Shares: make(map[byte][]byte, len(shares))}
	rand.Read(c.Salt)
	c.Secret = c.digest("secret", secret)
	for _, share := range shares {
		c.Shares[share[len(share)-1]] = c.digest("share", share)
	}
	return c
}

func (c Check) digest(what string, value []byte) []byte {
	mac := hmac.New(sha256.New, c.Salt)
	mac.Write([]byte("stanch shamir check " + what + "\x00"))
	mac.Write(value)
	return mac.Sum(nil)
}

// Verify returns [ErrWrongSecret] unless secret is the one.
func (c Check) Verify(secret []byte) error {
	if !hmac.Equal(c.Secret, c.digest("secret", secret)) {
		return ErrWrongSecret
	}
	return nil
}

// VerifyShare reports whether share is one of the secret's, so that a mistyped share is
// refused when it is entered. It is true for any share when the check knows none.
func (c Check) VerifyShare(share []byte) bool {
	if len(c.Shares) == 0 {
		return true
	}
	if len(share) == 0 {
		return false
	}
	want, known := c.Shares[share[len(share)-1]]
	return known && hmac.Equal(want, c.digest("share", share))
}

// Combine gives back the secret, or an [ErrWrongShare] for the first share that is
// not of it, or [ErrWrongSecret] for shares that are right but too few.
func (c Check) Combine(shares [][]byte) ([]byte, error) {
	for i, share := range shares {
		if !c.VerifyShare(share) {
			return nil, ErrWrongShare{Index: i}
		}
	}
	secret, err := Combine(shares)
	if err != nil {
		return nil, err
	}
	if err := c.Verify(secret); err != nil {
		clear(secret)
		return nil, err
	}
	return secret, nil
}
