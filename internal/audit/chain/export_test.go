package chain

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"io"
)

// VerifyText is Verify of one file with this content, read in small pieces.
func VerifyText(text []byte, checkpoints []Checkpoint, key ed25519.PublicKey) Report {
	open := func(string) (*lines, error) {
		r := bytes.NewReader(text)
		return &lines{file: io.NopCloser(r), r: bufio.NewReaderSize(r, 100)}, nil
	}
	return verify(open, []string{"log"}, checkpoints, key)
}
