// Package passphrase is the seal of a single machine or a laptop: the root key is
// encrypted under a key that argon2id makes from a passphrase. The blob holds its
// own salt and costs, so that they can rise with the years, and is worth as much
// as the passphrase is hard to guess.
package passphrase

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/debug"

	"golang.org/x/crypto/argon2"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/vault/seal"
)

// Kind is the seal's name.
const Kind = "passphrase"

// A blob is
//
//	magic ‖ time, 4 bytes ‖ memory, 4 bytes ‖ threads, 1 byte ‖ salt ‖ locked key
//
// and all before the locked key is bound to it.
const (
	magic      = "stanch-passphrase-1\n"
	saltSize   = 16
	headerSize = len(magic) + 4 + 4 + 1 + saltSize
)

// Seal is the seal of one passphrase. It is immutable and safe for concurrent use.
type Seal struct {
	passphrase secret.Bytes
	params     Params
}

// New returns the seal of a passphrase, which it keeps without copying. The params
// are used for wrapping, where zero ones are those [Calibrate] finds then; unwrapping
// goes by those in the blob.
func New(passphrase secret.Bytes, params Params) (*Seal, error) {
	if passphrase.Len() == 0 {
		return nil, errors.New("passphrase seal: the passphrase is empty")
	}
	if params != (Params{}) {
		if err := params.check(); err != nil {
			return nil, err
		}
	}
	return &Seal{passphrase, params}, nil
}

// Kind returns [Kind].
func (*Seal) Kind() string { return Kind }

// Wrap encrypts key under the passphrase and a salt of its own.
func (s *Seal) Wrap(ctx context.Context, key []byte) ([]byte, error) {
	params := s.params
	if params == (Params{}) {
		params = Calibrate(0)
	}
	salt := make([]byte, saltSize)
	rand.Read(salt)
	header := append(params.append([]byte(magic)), salt...)
	wrapping, err := s.derive(ctx, params, salt)
	if err != nil {
		return nil, err
	}
	defer clear(wrapping)
	locked, err := seal.Lock(wrapping, header, key)
	if err != nil {
		return nil, err
	}
	blob := append(header, locked...)
	if err := seal.Verify(ctx, s, key, blob); err != nil {
		return nil, err
	}
	return blob, nil
}

// Unwrap decrypts a blob of Wrap. [seal.ErrWrongKey] means another passphrase.
func (s *Seal) Unwrap(ctx context.Context, blob []byte) ([]byte, error) {
	if len(blob) > seal.MaxBlob || len(blob) <= headerSize || !bytes.HasPrefix(blob, []byte(magic)) {
		return nil, fmt.Errorf("passphrase seal: %d bytes that no passphrase of this version of stanch has wrapped", len(blob))
	}
	header, locked := blob[:headerSize], blob[headerSize:]
	costs := header[len(magic):]
	params := Params{binary.BigEndian.Uint32(costs), binary.BigEndian.Uint32(costs[4:]), costs[8]}
	if err := params.check(); err != nil {
		return nil, err
	}
	wrapping, err := s.derive(ctx, params, costs[9:])
	if err != nil {
		return nil, err
	}
	defer clear(wrapping)
	return seal.Unlock(wrapping, header, locked)
}

// derive gives the memory of argon2id back to the system when it is done: it is
// needed once a start, and is several times what the server itself takes.
func (s *Seal) derive(ctx context.Context, p Params, salt []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	key := p.derive(s.passphrase.Reveal(), salt)
	if p.Memory >= 16<<10 {
		debug.FreeOSMemory()
	}
	return key, nil
}

func (p Params) derive(passphrase, salt []byte) []byte {
	return argon2.IDKey(passphrase, salt, p.Time, p.Memory, p.Threads, seal.KeySize)
}

func (p Params) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, p.Time)
	b = binary.BigEndian.AppendUint32(b, p.Memory)
	return append(b, p.Threads)
}
