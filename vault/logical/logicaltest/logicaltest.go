// Package logicaltest calls backends without a store: what is kept is in memory, and
// requests come as they would behind the store's authorization.
package logicaltest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stanch-dev/stanch/vault/logical"
)

// Harness is a mounted backend. Its fields may be set before a call.
type Harness struct {
	Backend logical.Backend
	Storage *Memory
	Mount   logical.Mount
	Token   *logical.TokenInfo
	Now     time.Time
	Remote  string
}

// New mounts a backend.
func New(b logical.Backend) *Harness {
	h := &Harness{Backend: b, Storage: &Memory{}, Now: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC), Remote: "192.0.2.7"}
	h.Mount = logical.Mount{Path: "test/", Accessor: "test_1", DefaultTTL: 768 * time.Hour, MaxTTL: 768 * time.Hour, System: system{}}
	return h
}

// Do calls the handler of a path. Data is as a client writes it; a write is Create
// where the path says that nothing exists.
func (h *Harness) Do(ctx context.Context, op logical.Operation, path string, data map[string]any) (*logical.Response, error) {
	data, err := asJSON(data)
	if err != nil {
		return nil, err
	}
	for _, p := range h.Backend.Paths() {
		segments, ok := p.Match(path)
		if !ok {
			continue
		}
		fields, err := logical.ParseFields(p.Fields, data, segments)
		if err != nil {
			return nil, err
		}
		call := &logical.Call{
			Request: &logical.Request{ID: "test", Operation: op, Path: path, Data: data, Time: h.Now, Token: h.Token, Remote: h.Remote},
			Fields:  fields, Storage: h.Storage, Mount: &h.Mount,
		}
		if op == logical.Update && p.Exists != nil {
			exists, err := p.Exists(ctx, call)
			if err != nil {
				return nil, err
			}
			if !exists {
				call.Operation = logical.Create
			}
		}
		handler := p.Handlers[call.Operation]
		if handler == nil && call.Operation == logical.Create {
			handler = p.Handlers[logical.Update]
		}
		if handler == nil {
			return nil, logical.ErrUnsupported
		}
		return handler(ctx, call)
	}
	return nil, logical.ErrNoPath
}

// asJSON gives data the types it has when it came as JSON.
func asJSON(data map[string]any) (map[string]any, error) {
	if data == nil {
		return nil, nil
	}
	text, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var out map[string]any
	return out, dec.Decode(&out)
}

type system struct{}

func (system) Entity(context.Context, string) (*logical.Entity, error) { return nil, nil }
func (system) RevokePrefix(context.Context, string) error              { return nil }
func (system) Random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// Memory is a logical.Storage in memory. The zero value is empty. Functions given to
// Update are run twice, as a real store may.
type Memory struct {
	mu     sync.Mutex
	values map[string][]byte // guarded by mu
}

// View implements logical.Storage.
func (m *Memory) View(_ context.Context, f func(logical.Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return f(&tx{values: m.values})
}

// Update implements logical.Storage.
func (m *Memory) Update(_ context.Context, f func(logical.Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := f(&tx{values: maps.Clone(m.values), write: true}); err != nil {
		return err
	}
	t := &tx{values: maps.Clone(m.values), write: true}
	if err := f(t); err != nil {
		return err
	}
	m.values = t.values
	return nil
}

type tx struct {
	values map[string][]byte
	write  bool
}

var errReadOnly = errors.New("the transaction only reads")

func (t *tx) Get(name string, v any) (bool, error) {
	text, ok := t.values[name]
	if !ok {
		return false, nil
	}
	return true, json.Unmarshal(text, v)
}

func (t *tx) Put(name string, v any) error {
	if !t.write {
		return errReadOnly
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	if t.values == nil {
		t.values = map[string][]byte{}
	}
	t.values[name] = text.Bytes()
	return nil
}

func (t *tx) Delete(name string) error {
	if !t.write {
		return errReadOnly
	}
	delete(t.values, name)
	return nil
}

func (t *tx) List(folder, after string, limit int) ([]string, error) {
	seen := map[string]bool{}
	for name := range t.values {
		rest, ok := strings.CutPrefix(name, folder)
		if !ok {
			continue
		}
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			rest = rest[:i+1]
		}
		if rest > after {
			seen[rest] = true
		}
	}
	names := slices.Sorted(maps.Keys(seen))
	if limit > 0 && len(names) > limit {
		names = names[:limit]
	}
	return names, nil
}

func (t *tx) DeleteAll(folder string) error {
	if !t.write {
		return errReadOnly
	}
	for name := range t.values {
		if strings.HasPrefix(name, folder) {
			delete(t.values, name)
		}
	}
	return nil
}
