// Package keyfile is the seal of a machine that holds a key apart from the store's
// disk: 32 random bytes in a file only its owner may read, or in an environment
// variable that the platform fills. It is read each time it is needed and not kept.
package keyfile

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"

	"github.com/stanch-dev/stanch/vault/seal"
)

// Kind is the seal's name.
const Kind = "keyfile"

// magic begins a blob and is bound to the locked key after it.
const magic = "stanch-keyfile-1\n"

// Seal is the seal of one key. It is immutable and safe for concurrent use.
type Seal struct{ reference string }

// New returns the seal of the key that reference names, see [seal.Read]. The key must be
// there and be in order already.
func New(reference string) (*Seal, error) {
	s := &Seal{reference}
	key, err := s.key()
	clear(key)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Kind returns [Kind].
func (*Seal) Kind() string { return Kind }

// Wrap encrypts key.
func (s *Seal) Wrap(ctx context.Context, key []byte) ([]byte, error) {
	wrapping, err := s.key()
	if err != nil {
		return nil, err
	}
	defer clear(wrapping)
	locked, err := seal.Lock(wrapping, []byte(magic), key)
	if err != nil {
		return nil, err
	}
	blob := append([]byte(magic), locked...)
	if err := seal.Verify(ctx, s, key, blob); err != nil {
		return nil, err
	}
	return blob, nil
}

// Unwrap decrypts a blob of Wrap. [seal.ErrWrongKey] means another key.
func (s *Seal) Unwrap(_ context.Context, blob []byte) ([]byte, error) {
	locked, ours := bytes.CutPrefix(blob, []byte(magic))
	if len(blob) > seal.MaxBlob || !ours {
		return nil, fmt.Errorf("keyfile seal: %d bytes that no key file of this version of stanch has wrapped", len(blob))
	}
	wrapping, err := s.key()
	if err != nil {
		return nil, err
	}
	defer clear(wrapping)
	return seal.Unlock(wrapping, []byte(magic), locked)
}

func (s *Seal) key() ([]byte, error) {
	text, err := seal.Read(s.reference, maxText)
	if err != nil {
		return nil, fmt.Errorf("keyfile seal: %w", err)
	}
	defer clear(text)
	key, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("keyfile seal: %s: %w", s.reference, err)
	}
	return key, nil
}

// Generate makes a key file of mode 0600 at path, in base64, and has read it back
// when it returns. A file that is there is left alone and is an error.
func Generate(path string) error {
	key := make([]byte, seal.KeySize)
	rand.Read(key)
	defer clear(key)
	text := append(base64.StdEncoding.AppendEncode(nil, key), '\n')
	defer clear(text)
	if err := writeNew(path, text); err != nil {
		return fmt.Errorf("keyfile seal: making a key file: %w", err)
	}
	back, err := (&Seal{"file:" + path}).key()
	defer clear(back)
	if err == nil && !bytes.Equal(back, key) {
		err = fmt.Errorf("keyfile seal: %s: reads back as another key: do not use it", path)
	}
	return err
}

// writeNew makes a file durable, its name included.
func writeNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
