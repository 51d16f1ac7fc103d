package keyfile

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/stanch-dev/stanch/vault/seal"
)

// maxText is the most that is read of a key: the longest form and some space.
const maxText = 256

// parse reads a key in one of its forms, told apart by their lengths.
func parse(text []byte) ([]byte, error) {
	if len(text) == seal.KeySize {
		return bytes.Clone(text), nil
	}
	key := make([]byte, base64.StdEncoding.DecodedLen(maxText))
	defer clear(key)
	text = bytes.TrimSpace(text)
	var n int
	var err error
	switch len(text) {
	case hex.EncodedLen(seal.KeySize):
		n, err = hex.Decode(key, text)
	case base64.StdEncoding.EncodedLen(seal.KeySize):
		n, err = base64.StdEncoding.Decode(key, text)
	default:
		err = errors.New("length")
	}
	if err != nil || n != seal.KeySize {
		return nil, fmt.Errorf("%d bytes that are no key: it must be %d random bytes, raw, in hexadecimal or in base64", len(text), seal.KeySize)
	}
	return bytes.Clone(key[:n]), nil
}
