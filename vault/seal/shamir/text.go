package shamir

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
)

// Hex returns a share as lower-case hexadecimal digits, the form of Vault's `keys`.
func Hex(share []byte) string { return hex.EncodeToString(share) }

// Base64 returns a share in standard base64 with padding, the form of Vault's `keys_base64`.
func Base64(share []byte) string { return base64.StdEncoding.EncodeToString(share) }

// Parse reads a share in either form, with space around it. What can be read as
// hexadecimal is: a share of 32 bytes and its x never looks so in base64.
func Parse(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > 2*(MaxSecret+1) {
		return nil, errShareText
	}
	if share, err := hex.DecodeString(text); err == nil {
		return share, nil
	}
	if share, err := base64.StdEncoding.DecodeString(text); err == nil {
		return share, nil
	}
	return nil, errShareText
}

// errShareText quotes nothing: the text may be a share with one letter wrong.
var errShareText = errors.New("shamir: a key share must be hexadecimal or base64, as it was shown when it was made")
