package barrier

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/daead/subtle"

	"github.com/stanch-dev/stanch/vault/storage"
)

// A key in the store is
//
//	kind, 1 byte ‖ mount, 16 bytes ‖ segments, each: length, 2 bytes ‖ AES-SIV
//
// Each segment is encrypted alone, bound to the key before it: so that a folder is
// a prefix that can be scanned, and equal names in different folders look different.
// Equal names must give equal keys, so the encryption is deterministic (RFC 5297).
// What can be seen are the shape of the tree, how long segments are, and which
// record changes when.
const (
	headSize    = 1 + 16
	lengthSize  = 2
	sivOverhead = 16
)

// namer encrypts the segments of one mount.
type namer struct {
	key []byte // kept by siv too, not copied
	siv *subtle.AESSIV
}

// namer returns the namer of a mount, from the second time on out of a map. The key
// that names are encrypted under is never rotated: a name must be found again.
func (k *keys) namer(mount [16]byte) (namer, error) {
	if n, ok := k.namers.Load(mount); ok {
		return n.(namer), nil
	}
	key, err := hkdf.Key(sha256.New, k.ring.names, nil, "stanch barrier names 1\x00"+string(mount[:]), subtle.AESSIVKeySize)
	if err != nil {
		return namer{}, err
	}
	siv, err := subtle.NewAESSIV(key)
	if err != nil {
		return namer{}, err
	}
	kept, there := k.namers.LoadOrStore(mount, namer{key, siv})
	if there {
		clear(key)
	}
	return kept.(namer), nil
}

// encode returns the key of p in the store.
func (k *keys) encode(p Path) ([]byte, error) {
	segments, err := p.segments()
	if err != nil {
		return nil, err
	}
	size := headSize
	for _, segment := range segments {
		size += lengthSize + len(segment) + sivOverhead
	}
	if size > storage.MaxKey {
		return nil, fmt.Errorf("%w: %s is too long: encrypted it has %d bytes, at most %d are possible", ErrPath, quoteName(p.Name), size, storage.MaxKey)
	}
	n, err := k.namer(p.Mount)
	if err != nil {
		return nil, err
	}
	key := append(append(make([]byte, 0, size), byte(p.Kind)), p.Mount[:]...)
	for _, segment := range segments {
		sealed, err := n.siv.EncryptDeterministically([]byte(segment), key)
		if err != nil {
			return nil, err
		}
		key = binary.BigEndian.AppendUint16(key, uint16(len(sealed)))
		key = append(key, sealed...)
	}
	return key, nil
}

// segment decrypts the segment of key that begins at from, and says where it ends.
func (k *keys) segment(key []byte, from int) (name string, end int, err error) {
	if len(key) < from+lengthSize {
		return "", 0, damagedKey(key)
	}
	start := from + lengthSize
	end = start + int(binary.BigEndian.Uint16(key[from:]))
	if len(key) < end {
		return "", 0, damagedKey(key)
	}
	n, err := k.namer([16]byte(key[1:headSize]))
	if err != nil {
		return "", 0, err
	}
	plain, err := n.siv.DecryptDeterministically(key[start:end], key[:from])
	if err != nil {
		return "", 0, damagedKey(key)
	}
	return string(plain), end, nil
}

// decode returns the path of a key in the store.
func (k *keys) decode(key []byte) (Path, error) {
	if len(key) < headSize {
		return Path{}, damagedKey(key)
	}
	p := Path{Kind: Kind(key[0]), Mount: [16]byte(key[1:headSize])}
	for from := headSize; from < len(key); {
		name, end, err := k.segment(key, from)
		if err != nil {
			return Path{}, err
		}
		if p.Name != "" {
			p.Name += "/"
		}
		p.Name += name
		from = end
	}
	return p, nil
}

// damagedKey shows the key as it lies in the store: its name cannot be read.
func damagedKey(key []byte) error {
	return fmt.Errorf("%w: the name of the record with the key %x… in the store does not decrypt", ErrDamaged, key[:min(len(key), 64)])
}
