// Package space gives each mount its own part of the store.
//
// A [Space] is what an engine or auth method keeps things in ([logical.Storage]): JSON
// values under names with slashes, behind the barrier, below the mount's UUID and a
// kind. It can reach nothing of another mount, whatever names it uses.
package space

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/stanch-dev/stanch/vault/barrier"
	"github.com/stanch-dev/stanch/vault/logical"
)

// Space is the part of one mount, and of one kind of record. It is safe for concurrent
// use.
type Space struct {
	barrier *barrier.Barrier
	kind    barrier.Kind
	mount   [16]byte
}

var _ logical.Storage = (*Space)(nil)

// New returns the space of a mount, or for the zero UUID that of the store itself.
func New(b *barrier.Barrier, kind barrier.Kind, mount [16]byte) *Space {
	return &Space{b, kind, mount}
}

// View implements [logical.Storage].
func (s *Space) View(ctx context.Context, f func(logical.Tx) error) error {
	return s.barrier.View(ctx, func(t barrier.Tx) error { return f(&tx{s, t}) })
}

// Update implements [logical.Storage].
func (s *Space) Update(ctx context.Context, f func(logical.Tx) error) error {
	return s.barrier.Update(ctx, func(t barrier.Tx) error { return f(&tx{s, t}) })
}

// Clear deletes all that is in the space, in transactions of at most batch records, so
// that it can be of any size. If it is interrupted, it can be called again.
func (s *Space) Clear(ctx context.Context, batch int) error {
	for more := true; more; {
		err := s.Update(ctx, func(t logical.Tx) (err error) {
			more, err = t.(*tx).deleteSome("", batch)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tx is a transaction in one space.
type tx struct {
	space *Space
	tx    barrier.Tx
}

func (t *tx) path(name string) barrier.Path {
	return barrier.Path{Kind: t.space.kind, Mount: t.space.mount, Name: name}
}

var errName = errors.New("space: a name is not empty")

// Get implements [logical.Tx].
func (t *tx) Get(name string, v any) (bool, error) {
	if name == "" {
		return false, errName
	}
	text, err := t.tx.Get(t.path(name))
	if err != nil || text == nil {
		return false, err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return false, fmt.Errorf("space: a record is not what it should be: %T", v) // the error could hold some of it
	}
	return true, nil
}

// Put implements [logical.Tx].
func (t *tx) Put(name string, v any) error {
	if name == "" {
		return errName
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("space: %T cannot be kept", v)
	}
	return t.tx.Put(t.path(name), bytes.TrimSuffix(text.Bytes(), []byte("\n")))
}

// Delete implements [logical.Tx].
func (t *tx) Delete(name string) error {
	if name == "" {
		return errName
	}
	return t.tx.Delete(t.path(name))
}

// List implements [logical.Tx].
func (t *tx) List(folder, after string, limit int) ([]string, error) {
	return t.tx.List(t.path(strings.TrimSuffix(folder, "/")), after, limit)
}

// DeleteAll implements [logical.Tx].
func (t *tx) DeleteAll(folder string) error {
	_, err := t.deleteSome(folder, 0)
	return err
}

// deleteSome deletes at most limit records below a folder, all for 0, and reports
// whether there may be more.
func (t *tx) deleteSome(folder string, limit int) (more bool, err error) {
	var found []barrier.Path
	root := t.path(strings.TrimSuffix(folder, "/"))
	for path := range t.tx.Walk(root) {
		if path == root && folder != "" {
			continue // the record with the folder's own name
		}
		if found = append(found, path); len(found) == limit {
			more = true
			break
		}
	}
	if err := t.tx.Err(); err != nil {
		return false, err
	}
	for _, path := range found {
		if err := t.tx.Delete(path); err != nil {
			return false, err
		}
	}
	return more, nil
}
