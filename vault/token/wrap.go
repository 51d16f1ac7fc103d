package token

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/vault/logical"
)

// WrapInfo is what is said of a wrapped answer.
type WrapInfo struct {
	Token        secret.Bytes // id of the wrapping token; empty in what LookupWrap returns
	Accessor     string
	TTL          time.Duration // that it was made with
	CreationTime time.Time
	CreationPath string
	// WrappedAccessor is that of a token, or of the like, in the answer.
	WrappedAccessor string
}

// Answer is what is to be wrapped.
type Answer struct {
	TTL             time.Duration
	Path            string          // of the request
	Payload         json.RawMessage // the whole answer as the client shall get it
	WrappedAccessor string
	DisplayName     string // of who asked
}

// wrapped is an answer as it is kept.
type wrapped struct {
	Payload  json.RawMessage `json:"payload"`
	TTL      time.Duration   `json:"ttl"`
	Created  time.Time       `json:"created"`
	Path     string          `json:"path"`
	Accessor string          `json:"accessor,omitempty"`
}

// Wrap keeps an answer for the one who has the wrapping token, which it makes.
func (s *Store) Wrap(ctx context.Context, now time.Time, a Answer) (*WrapInfo, error) {
	w := wrapped{a.Payload, a.TTL, now.UTC(), a.Path, a.WrappedAccessor}
	return s.wrap(ctx, now, a.DisplayName, w, nil)
}

// wrap does so, in one transaction with the end of the token that held it before, if any.
func (s *Store) wrap(ctx context.Context, now time.Time, name string, w wrapped, before func(logical.Tx) (wrapped, error)) (*WrapInfo, error) {
	id := []byte(servicePrefix + random(idLetters))
	e := Entry{Policies: []string{WrappingPolicy}, Path: w.Path, Name: name, NumUses: 1, TTL: w.TTL, ExplicitMax: w.TTL}
	if err := s.prepareService(ctx, now, id, &e); err != nil {
		return nil, err
	}
	e.Cubbyhole = "" // nothing that would outlive the answer
	err := s.storage.Update(ctx, func(tx logical.Tx) error {
		kept := w
		if before != nil {
			old, err := before(tx)
			if err != nil {
				return err
			}
			kept.Payload = old.Payload
		}
		if err := tx.Put(sharded(wrapFolder, e.key), kept); err != nil {
			return err
		}
		return s.insert(tx, now, &record{Entry: e})
	})
	if err != nil {
		return nil, err
	}
	info := w.info(e.Accessor)
	info.Token = secret.Of(id)
	return info, nil
}

func (w *wrapped) info(accessor string) *WrapInfo {
	return &WrapInfo{Accessor: accessor, TTL: w.TTL, CreationTime: w.Created, CreationPath: w.Path, WrappedAccessor: w.Accessor}
}

// Unwrap returns a wrapped answer and deletes it with its token, in one transaction: of
// several who come with the token, one gets it. For a token that is unknown, has
// expired, was used, or is no wrapping token, it is [ErrWrapping].
func (s *Store) Unwrap(ctx context.Context, now time.Time, id secret.Bytes) (payload json.RawMessage, err error) {
	e, err := s.wrapping(ctx, now, id)
	if err != nil {
		return nil, err
	}
	err = s.storage.Update(ctx, func(tx logical.Tx) error {
		w, err := s.take(tx, now, e.key)
		payload = w.Payload
		return err
	})
	if err != nil {
		return nil, err
	}
	return payload, nil
}

// LookupWrap returns what is said of a wrapped answer. Whoever asks need not be who may
// have it.
func (s *Store) LookupWrap(ctx context.Context, now time.Time, id secret.Bytes) (*WrapInfo, error) {
	e, err := s.wrapping(ctx, now, id)
	if err != nil {
		return nil, err
	}
	var w wrapped
	err = s.storage.View(ctx, func(tx logical.Tx) error { w, err = stored(tx, e.key); return err })
	if err != nil {
		return nil, err
	}
	return w.info(e.Accessor), nil
}

// Rewrap moves a wrapped answer to a new token, which lives as long as the old one did.
// The old one ends. The path stays that of the request which made the answer.
func (s *Store) Rewrap(ctx context.Context, now time.Time, id secret.Bytes) (*WrapInfo, error) {
	e, err := s.wrapping(ctx, now, id)
	if err != nil {
		return nil, err
	}
	var w wrapped
	err = s.storage.View(ctx, func(tx logical.Tx) error { w, err = stored(tx, e.key); return err })
	if err != nil {
		return nil, err
	}
	w.Created = now.UTC()
	return s.wrap(ctx, now, e.Name, w, func(tx logical.Tx) (wrapped, error) { return s.take(tx, now, e.key) })
}

// wrapping returns the entry of a wrapping token.
func (s *Store) wrapping(ctx context.Context, now time.Time, id secret.Bytes) (*Entry, error) {
	r, err := s.find(ctx, id)
	if errors.Is(err, logical.ErrDenied) || err == nil && (!r.valid(now) || r.key == "" || !r.Wrapping()) {
		return nil, ErrWrapping
	}
	if err != nil {
		return nil, err
	}
	return &r.Entry, nil
}

// stored returns the answer of a wrapping token.
func stored(tx logical.Tx, key string) (w wrapped, err error) {
	ok, err := tx.Get(sharded(wrapFolder, key), &w)
	if err == nil && !ok {
		err = ErrWrapping
	}
	return w, err
}

// take returns the answer of a wrapping token and ends the token. It has no children and
// nothing outside this storage, so that it is gone at once.
func (s *Store) take(tx logical.Tx, now time.Time, key string) (wrapped, error) {
	r, err := read(tx, key)
	if err != nil {
		return wrapped{}, err
	}
	if !r.valid(now) {
		return wrapped{}, ErrWrapping
	}
	w, err := stored(tx, key)
	if err != nil {
		return wrapped{}, err
	}
	return w, s.remove(tx, r)
}
