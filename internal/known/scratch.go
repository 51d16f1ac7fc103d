package known

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"github.com/stanch-dev/stanch/internal/bitmap"
)

// Scratch is working memory of Find. The zero value is ready; it is for one
// goroutine at a time, and may be used with any number of sets and texts.
type Scratch struct {
	words   [blockBytes / 64]uint64
	mac     hash.Hash
	keys    *Keys // of mac
	buf     []byte
	spans   []span
	entries []uint32
	lookUp  lookUp
	// spent is how many confirmations were made of late, times the bytes that pay for one.
	spent       int
	unconfirmed int
}

const (
	blockBytes = 4096 // of text whose bitmap is made in one go, so that both stay in the nearest cache
	// Confirmations cost a microsecond each, and whoever knows a window can ask for one
	// every few bytes. Ordinary logs need a hundred and fifty a megabyte with 100,000 secrets.
	maxConfirmations   = 4000 // at once
	bytesPerConfirming = 1 << 20 / maxConfirmations
)

// Unconfirmed returns how many matches were reported of secrets in an index without
// being confirmed, since there were too many candidates.
func (sc *Scratch) Unconfirmed() int { return sc.unconfirmed }

// use makes sc ready for digests under the keys.
func (sc *Scratch) use(k *Keys) {
	if sc.keys != k {
		sc.keys, sc.mac = k, hmac.New(sha256.New, k.digest[:])
	}
}

// digest returns the digest of a value of the secret of an ID. The ID is part of it,
// so that a guess is tested against one secret at a time.
func (sc *Scratch) digest(id string, value []byte) (d digest) {
	sc.mac.Reset()
	sc.buf = append(binary.LittleEndian.AppendUint32(sc.buf[:0], uint32(len(id))), id...)
	sc.mac.Write(sc.buf)
	sc.mac.Write(value)
	sc.buf = sc.mac.Sum(sc.buf[:0])
	return digest(sc.buf)
}

// read pays for confirmations with bytes that were looked at.
func (sc *Scratch) read(bytes int) { sc.spent = max(0, sc.spent-bytes) }

// mayConfirm reports whether one more confirmation can be made, and counts it.
func (sc *Scratch) mayConfirm() bool {
	if sc.spent > (maxConfirmations-1)*bytesPerConfirming {
		sc.unconfirmed++
		return false
	}
	sc.spent += bytesPerConfirming
	return true
}

// bitmap returns which bytes of text, of one block at most, are token bytes.
func (sc *Scratch) bitmap(text []byte) []uint64 {
	tokens.Classify(sc.words[:], text)
	return sc.words[:bitmap.Words(len(text))]
}
