package token

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/vault/logical"
)

// Errors of this package whose texts are Vault's.
var (
	ErrAccessor = &logical.Error{Status: http.StatusBadRequest, Text: "invalid accessor"}
	ErrWrapping = &logical.Error{Status: http.StatusBadRequest, Text: "wrapping token is not valid or does not exist"}
)

// Lookup returns the token of an id. It is [logical.ErrDenied] for an id that is
// unknown, has expired, was revoked or is used up, after the same work for each: one
// record is read, that of the decoy if there is none. The entry says from where the
// token may be used, which Lookup does not check.
func (s *Store) Lookup(ctx context.Context, now time.Time, id secret.Bytes) (*Entry, error) {
	r, err := s.find(ctx, id)
	if err != nil {
		return nil, err
	}
	if r.valid(now) && r.Type == Batch && r.Parent != "" {
		if err := s.checkParent(ctx, now, r.Parent); err != nil {
			return nil, err
		}
	}
	if !r.valid(now) {
		return nil, logical.ErrDenied
	}
	return &r.Entry, nil
}

// find returns the record of an id, valid or not; the decoy for one that is unknown.
func (s *Store) find(ctx context.Context, id secret.Bytes) (r *record, err error) {
	text := id.Reveal()
	if len(text) > maxID {
		return nil, logical.ErrDenied
	}
	sealed, isBatch := bytes.CutPrefix(text, []byte(batchPrefix))
	var key string
	err = s.with(ctx, func(k *keys) (err error) {
		if isBatch {
			r, err = openBatch(k, sealed)
		} else {
			key = k.key(text)
		}
		return err
	})
	if err != nil || isBatch {
		return r, err
	}
	err = s.storage.View(ctx, func(tx logical.Tx) (err error) {
		if r, err = read(tx, key); r == nil && err == nil {
			r = &record{}
			_, err = tx.Get(decoyName, r)
		}
		return err
	})
	return r, err
}

// openBatch returns the record a batch token carries, or the decoy: what is not one of
// ours is no error, but unknown.
func openBatch(k *keys, text []byte) (*record, error) {
	aead, err := k.batch()
	if err != nil {
		return nil, err
	}
	d := decoy()
	sealed, err := base64.RawURLEncoding.Strict().AppendDecode(nil, text)
	if err != nil || len(sealed) < aead.NonceSize() || bytes.ContainsAny(text, "\r\n") { // the decoder skips those
		return &d, nil
	}
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], []byte(batchPrefix))
	if err != nil {
		return &d, nil
	}
	var e Entry
	if err := json.Unmarshal(plain, &e); err != nil || e.Type != Batch || e.Expires.IsZero() {
		return &d, nil
	}
	return &record{Entry: e}, nil
}

// LookupAccessor returns the token of an accessor, [ErrAccessor] if there is none or it
// is no longer valid.
func (s *Store) LookupAccessor(ctx context.Context, now time.Time, accessor string) (e *Entry, err error) {
	if len(accessor) != accessorLetters || strings.Trim(accessor, letters) != "" {
		return nil, ErrAccessor
	}
	err = s.storage.View(ctx, func(tx logical.Tx) error {
		key, err := ofAccessor(tx, accessor)
		if err != nil || key == "" {
			return err
		}
		r, err := read(tx, key)
		if err != nil {
			return err
		}
		if r.valid(now) {
			e = &r.Entry
		}
		return nil
	})
	if err == nil && e == nil {
		err = ErrAccessor
	}
	return e, err
}

// Accessors returns those of all tokens with a record, sorted: those behind after, at
// most limit, all for 0. Some may be of tokens that have just ended.
func (s *Store) Accessors(ctx context.Context, after string, limit int) (accessors []string, err error) {
	err = s.storage.View(ctx, func(tx logical.Tx) (err error) {
		accessors, err = page(tx, accessorFolder, after, limit)
		return err
	})
	return accessors, err
}
