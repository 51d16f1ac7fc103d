package chain

import (
	"crypto/ed25519"
	"fmt"
	"time"
)

// Reason is why a checkpoint was made.
type Reason string

const (
	// Opened pins what was there when the chain was taken up again.
	Opened Reason = "opened"
	// Running is made every so many lines and at intervals.
	Running Reason = "running"
	// Closed says that no line follows until the next Opened.
	Closed Reason = "closed"
)

// Checkpoint says, signed, that a chain had this line with this hash. Keep them where
// who can write the log cannot write.
type Checkpoint struct {
	Chain     string    `json:"chain"`
	Seq       uint64    `json:"seq"`
	Hash      Hash      `json:"hash"`
	Time      time.Time `json:"time"` // to the second, UTC
	Reason    Reason    `json:"reason"`
	Signature []byte    `json:"signature"`
}

// Sign returns a signed checkpoint of a chain at s.
func Sign(key ed25519.PrivateKey, chain string, s State, at time.Time, why Reason) Checkpoint {
	c := Checkpoint{Chain: chain, Seq: s.Seq, Hash: s.Hash, Time: at.UTC().Truncate(time.Second), Reason: why}
	c.Signature = ed25519.Sign(key, c.message())
	return c
}

// Valid reports whether the checkpoint was signed with the key that belongs to key.
func (c Checkpoint) Valid(key ed25519.PublicKey) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, c.message(), c.Signature)
}

// State returns the line that the checkpoint pins.
func (c Checkpoint) State() State { return State{Seq: c.Seq, Hash: c.Hash} }

func (c Checkpoint) message() []byte {
	return fmt.Appendf(nil, "stanch audit checkpoint 1\n%q\n%d\n%x\n%d\n%q", c.Chain, c.Seq, c.Hash[:], c.Time.Unix(), c.Reason)
}
