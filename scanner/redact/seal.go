package redact

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/hpke"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"errors"
)

const (
	// SealInfo begins the info of every sealed value, which its label ends: who
	// writes another name in front of it cannot have it opened.
	SealInfo = "stanch sealed 1\n"
	// MaxSealed is the longest value that is sealed, in bytes. A private key of RSA
	// with 4096 bits has 3.3 KB.
	MaxSealed = 4096

	padTo          = 32      // bytes
	maxContext     = 255     // bytes of the name, and of the location
	sealedOverhead = 32 + 16 // the encapsulated key of X25519, the tag of AES-GCM
	maxSealedPlain = 3*2 + 2*maxContext + MaxSealed + tagSize + padTo
	// maxSealedText is the length of the longest sealed value.
	maxSealedText = len(sealedOpening) + maxLabel + len(":") + (sealedOverhead+maxSealedPlain+2)/3*4 + len("]")
)

// SealKey is the public key that values are sealed to, of X25519.
type SealKey struct{ key hpke.PublicKey }

// ParseSealKey reads a public key: a PEM block PUBLIC KEY, or the key's 32 bytes in
// base64url. Blanks around it are ignored.
func ParseSealKey(text []byte) (*SealKey, error) {
	text = bytes.TrimSpace(text)
	key, err := parseX25519(text)
	if err != nil {
		return nil, err
	}
	sealTo, err := hpke.NewDHKEMPublicKey(key)
	if err != nil {
		return nil, err
	}
	k := &SealKey{sealTo}
	if _, err := k.seal("", nil); err != nil {
		return nil, errors.New("the public key is of those that everybody can open")
	}
	return k, nil
}

func parseX25519(text []byte) (*ecdh.PublicKey, error) {
	block, rest := pem.Decode(text)
	if block == nil {
		raw, err := base64.RawURLEncoding.DecodeString(string(bytes.TrimRight(text, "=")))
		if err != nil {
			return nil, errors.New("a public key is a PEM block PUBLIC KEY or 32 bytes in base64url")
		}
		return ecdh.X25519().NewPublicKey(raw)
	}
	if block.Type != "PUBLIC KEY" || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("the file must have one PEM block PUBLIC KEY and nothing else")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	if key, ok := key.(*ecdh.PublicKey); ok && key.Curve() == ecdh.X25519() {
		return key, nil
	}
	return nil, errors.New("the public key is not one of X25519")
}

// SealTo returns a redactor like r whose style Sealed encrypts to key.
func (r *Redactor) SealTo(key *SealKey) *Redactor {
	return &Redactor{key: r.key, sealTo: key}
}

// seal returns value encrypted for the store, or nil if it cannot be.
//
// It is HPKE (RFC 9180) in base mode, with X25519, HKDF-SHA256 and AES-256-GCM; the
// encapsulated key and the ciphertext are written in base64url. The plaintext is the
// full name, the location and the value, each behind its length in 2 bytes, then 4
// bytes that tell which epoch key the node had, then zeros up to a multiple of 32.
func (r *Redactor) seal(s *Secret, value []byte) []byte {
	if r.sealTo == nil || len(value) == 0 || len(value) > MaxSealed {
		return nil
	}
	label := Label(s.Name)
	var text []byte
	for _, field := range []string{first(s.Name, maxContext), first(s.Location, maxContext), string(value)} {
		text = binary.BigEndian.AppendUint16(text, uint16(len(field)))
		text = append(text, field...)
	}
	text = append(text, r.epoch()...)
	text = append(text, make([]byte, -len(text)&(padTo-1))...)
	sealed, err := r.sealTo.seal(label, text)
	if err != nil {
		return nil
	}
	text = append([]byte(sealedOpening), label+":"...)
	return append(base64.RawURLEncoding.AppendEncode(text, sealed), ']')
}

func (k *SealKey) seal(label string, text []byte) ([]byte, error) {
	return hpke.Seal(k.key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(SealInfo+label), text)
}

func first(text string, n int) string { return text[:min(len(text), n)] }

// epoch names the epoch key without telling it.
func (r *Redactor) epoch() []byte {
	h := hmac.New(sha256.New, r.key[:])
	h.Write([]byte("stanch epoch"))
	return h.Sum(nil)[:tagSize]
}

// isCiphertext reports whether text has the length and the characters of what seal
// writes behind the label.
func isCiphertext(text []byte) bool {
	raw, err := base64.RawURLEncoding.Strict().AppendDecode(nil, text)
	return err == nil && len(raw) > sealedOverhead && (len(raw)-sealedOverhead)%padTo == 0
}
