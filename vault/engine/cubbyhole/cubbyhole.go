// Package cubbyhole is the engine in which every token has a place of its own: nobody
// else, root included, sees what is there, and it ends with the token.
//
// A place is a folder whose name is random and stands in the token's record; so nothing
// in the storage says whose it is. The core gives the calling token as a [token.Caller]
// and calls [Clear] when a token has ended.
package cubbyhole

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"strings"
	"unicode"

	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/token"
)

const (
	maxName     = 2 << 10 // bytes
	maxSegments = 64
)

// New returns the engine.
func New() logical.Backend { return backend{} }

type backend struct{}

// Paths implements [logical.Backend].
func (backend) Paths() []logical.Path {
	return []logical.Path{{
		Pattern: "{path...?}",
		Doc:     "Values that only the calling token sees.",
		Fields:  []logical.Field{{Name: "path", Type: logical.String, Doc: "Name of the values, with slashes."}},
		Handlers: map[logical.Operation]logical.Handler{
			logical.Read: own(read), logical.Create: own(write), logical.Update: own(write), logical.Delete: own(remove), logical.List: own(list),
		},
		Exists: exists,
	}}
}

// Clear deletes all that a token has in the storage of the engine's mount. It is no
// error if that is nothing.
func Clear(ctx context.Context, s logical.Storage, e *token.Entry) error {
	if e.Cubbyhole == "" {
		return nil
	}
	return s.Update(ctx, func(tx logical.Tx) error { return tx.DeleteAll(e.Cubbyhole + "/") })
}

// values are those at a name. Numbers are json.Number, as they were written.
type values map[string]any

// UnmarshalJSON implements json.Unmarshaler.
func (v *values) UnmarshalJSON(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	return dec.Decode((*map[string]any)(v))
}

// place returns where the calling token's values of a request lie.
func place(ctx context.Context, c *logical.Call) (folder, name string, err error) {
	e := token.From(ctx).Entry
	if e == nil {
		return "", "", logical.ErrDenied
	}
	if e.Cubbyhole == "" {
		return "", "", logical.Invalid("cubbyhole operations are only supported by 'service' type tokens")
	}
	name = strings.TrimSuffix(c.Fields.String("path"), "/")
	if len(name) > maxName || strings.Count(name, "/") >= maxSegments || strings.ContainsFunc(name, unicode.IsControl) {
		return "", "", logical.Invalid("a path may have %d bytes in %d segments at most, and no control characters", maxName, maxSegments)
	}
	for segment := range strings.SplitSeq(name, "/") {
		if name != "" && (segment == "" || segment == "." || segment == "..") {
			return "", "", logical.Invalid("a path may not have empty or relative segments")
		}
	}
	return e.Cubbyhole + "/", name, nil
}

// own finds the place before it calls h with a transaction.
func own(h func(c *logical.Call, tx logical.Tx, folder, name string) (*logical.Response, error)) logical.Handler {
	return func(ctx context.Context, c *logical.Call) (r *logical.Response, err error) {
		folder, name, err := place(ctx, c)
		if err != nil {
			return nil, err
		}
		if name == "" && c.Operation != logical.List {
			return nil, logical.Invalid("missing path")
		}
		run := c.Storage.Update
		if c.Operation == logical.Read || c.Operation == logical.List {
			run = c.Storage.View
		}
		err = run(ctx, func(tx logical.Tx) (err error) {
			r, err = h(c, tx, folder, name)
			return err
		})
		return r, err
	}
}

func exists(ctx context.Context, c *logical.Call) (ok bool, err error) {
	folder, name, err := place(ctx, c)
	if err != nil || name == "" {
		return false, err
	}
	err = c.Storage.View(ctx, func(tx logical.Tx) (err error) {
		ok, err = tx.Get(folder+name, &values{})
		return err
	})
	return ok, err
}

func read(_ *logical.Call, tx logical.Tx, folder, name string) (*logical.Response, error) {
	var v values
	if ok, err := tx.Get(folder+name, &v); !ok || err != nil {
		return nil, err
	}
	return &logical.Response{Data: v}, nil
}

func write(c *logical.Call, tx logical.Tx, folder, name string) (*logical.Response, error) {
	v := values(maps.Clone(c.Data))
	if len(v) == 0 {
		return nil, logical.Invalid("missing data fields")
	}
	return nil, tx.Put(folder+name, v)
}

func remove(_ *logical.Call, tx logical.Tx, folder, name string) (*logical.Response, error) {
	return nil, tx.Delete(folder + name)
}

func list(_ *logical.Call, tx logical.Tx, folder, name string) (*logical.Response, error) {
	if name != "" {
		folder += name + "/"
	}
	names, err := tx.List(folder, "", 0)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{"keys": names}}, nil
}
