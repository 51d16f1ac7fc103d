package entry

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sync"

	"github.com/stanch-dev/stanch/internal/secret"
)

// hashed begins every keyed hash in a log.
const hashed = "hmac-sha256:"

// Hasher turns values into keyed hashes: the same value gives the same text under the
// same salt. It is safe for concurrent use.
type Hasher struct{ pool sync.Pool }

// NewHasher returns a hasher with the salt of a device, which it keeps.
func NewHasher(salt secret.Bytes) *Hasher {
	return &Hasher{pool: sync.Pool{New: func() any { return hmac.New(sha256.New, salt.Reveal()) }}}
}

// Hash returns what stands for value in the log.
func (h *Hasher) Hash(value []byte) string { return string(h.append(nil, value)) }

func (h *Hasher) append(dst, value []byte) []byte {
	mac := h.pool.Get().(hash.Hash)
	mac.Reset()
	mac.Write(value)
	var sum [sha256.Size]byte
	dst = hex.AppendEncode(append(dst, hashed...), mac.Sum(sum[:0]))
	h.pool.Put(mac)
	return dst
}
