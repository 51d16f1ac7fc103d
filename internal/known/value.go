package known

import (
	"fmt"

	"github.com/stanch-dev/stanch/internal/secret"
)

// Limits of a value and its name, in bytes.
const (
	minNeedle = 8 // shorter values stand in ordinary text by chance
	maxValue  = 64 << 10
	maxName   = 128
)

// Value is a secret with its plaintext, for making a Set or an Index of it.
type Value struct {
	Secret
	Line  int // of the list it comes from; 0 if it comes from none
	Plain secret.Bytes
}

// Refused is a secret that a Set cannot find.
type Refused struct {
	Name string
	Line int // of the list it comes from; 0 if it comes from none
	Why  Why
}

// Why is a reason to refuse a secret.
type Why uint8

// The reasons, as they are written in index files.
const (
	TooShort       Why = iota + 1
	TooLong            // of either mode, like TooShort; the others are of an index
	TooEasy            // to guess
	TooManyReduced     // the reduced tier is full
	NoWindow           // it has no run of token characters of its own near its start
	reasons
)

func (w Why) String() string {
	switch w {
	case TooShort:
		return fmt.Sprintf("shorter than %d bytes", minNeedle)
	case TooLong:
		return fmt.Sprintf("longer than %d bytes", maxValue)
	case NoWindow:
		return fmt.Sprintf("no %d token characters in a row near its start", gateLen)
	case TooEasy:
		return fmt.Sprintf("less than %d bits of entropy", reducedFloor)
	case TooManyReduced:
		return fmt.Sprintf("less than %d bits of entropy, as %d others have", fullFloor, maxReduced)
	}
	return "unknown reason"
}
