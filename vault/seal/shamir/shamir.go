// Package shamir divides the root key among people: any threshold of the shares
// give it back, fewer say nothing about it. It is the seal without a machine that
// could open the store alone.
//
// Shares are laid out as Vault's are, so that operators' tools and habits fit: one
// byte for each byte of the secret, and a last byte that is the share's x. Such a
// share cannot tell whether it is right. A [Check], kept beside the store in the
// clear, can: it names the share that is wrong before all of them are thrown away.
package shamir

import (
	"crypto/rand"
	"errors"
	"fmt"
)

// MaxShares is the most shares that a secret can be divided into: the points of
// the field but 0, where the secret itself lies.
const MaxShares = 255

// MaxSecret is the longest secret that is divided, in bytes.
const MaxSecret = 1 << 10

// Split divides secret into shares, of which any threshold give it back. The
// shares have the x 1, 2, … in this order, and belong to the caller.
func Split(secret []byte, shares, threshold int) ([][]byte, error) {
	switch {
	case len(secret) == 0 || len(secret) > MaxSecret:
		return nil, fmt.Errorf("shamir: a secret of %d bytes cannot be divided: give 1 to %d", len(secret), MaxSecret)
	case shares < 1 || shares > MaxShares:
		return nil, fmt.Errorf("shamir: %d shares: give 1 to %d", shares, MaxShares)
	case threshold < 1 || threshold > shares:
		return nil, fmt.Errorf("shamir: a threshold of %d with %d shares: give 1 to %[2]d", threshold, shares)
	case threshold == 1 && shares > 1:
		return nil, errors.New("shamir: a threshold of 1 makes every share the secret itself: give 2 or more, or a single share")
	}
	out := make([][]byte, shares)
	for i := range out {
		out[i] = make([]byte, len(secret)+1)
		out[i][len(secret)] = byte(i + 1)
	}
	polynomial := make([]byte, threshold)
	defer clear(polynomial)
	for i, b := range secret {
		polynomial[0] = b
		rand.Read(polynomial[1:]) // a highest coefficient of 0 included: to avoid it would tell something
		for _, share := range out {
			share[i] = evaluate(polynomial, share[len(secret)])
		}
	}
	return out, nil
}

// Combine gives back the secret of which shares are shares. It cannot know whether
// they are enough and right: [Check.Verify] does. The order is free.
func Combine(shares [][]byte) ([]byte, error) {
	if len(shares) == 0 {
		return nil, errors.New("shamir: no shares were given")
	}
	size := len(shares[0])
	xs := make([]byte, len(shares))
	for i, share := range shares {
		switch {
		case len(share) != size:
			return nil, fmt.Errorf("shamir: share %d has %d bytes where share 1 has %d: they are not of one secret", i+1, len(share), size)
		case size < 2 || size > MaxSecret+1:
			return nil, fmt.Errorf("shamir: share %d has %d bytes: a share has 2 to %d", i+1, size, MaxSecret+1)
		case share[size-1] == 0:
			return nil, fmt.Errorf("shamir: share %d is not a share: its last byte is 0", i+1)
		}
		xs[i] = share[size-1]
		for j := range i {
			if xs[j] == xs[i] {
				return nil, fmt.Errorf("shamir: shares %d and %d are the same one, or of two secrets", j+1, i+1)
			}
		}
	}
	secret := make([]byte, size-1)
	for i, w := range weights(xs) {
		for b := range secret {
			secret[b] ^= multiply(w, shares[i][b])
		}
	}
	return secret, nil
}
