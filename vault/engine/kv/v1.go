package kv

import (
	"context"
	"encoding/json"
	"time"

	"github.com/stanch-dev/stanch/vault/logical"
)

// valuesFolder has the data of kv 1 by name.
const valuesFolder = "values/"

type v1 struct{}

// NewV1 returns a mount of kv 1: one value per name, without versions.
func NewV1() logical.Backend { return v1{} }

// Paths implements logical.Backend.
func (v1) Paths() []logical.Path {
	return []logical.Path{{
		Pattern: "{path...?}",
		Doc:     "Write, read, delete and list secrets. The value of ttl inside a secret tells its readers when to read it again.",
		Fields:  []logical.Field{pathField},
		Handlers: map[logical.Operation]logical.Handler{
			logical.Read:   named(readValue),
			logical.Update: named(writeValue),
			logical.Delete: named(deleteValue),
			logical.List: func(ctx context.Context, c *logical.Call) (*logical.Response, error) {
				return list(ctx, c, valuesFolder)
			},
		},
		Exists: exists(valuesFolder),
	}}
}

// exists reports whether a record with the name of the secret is in a folder.
func exists(folder string) func(context.Context, *logical.Call) (bool, error) {
	return func(ctx context.Context, c *logical.Call) (found bool, err error) {
		name := c.Fields.String("path")
		if name == "" {
			return false, nil
		}
		if err := checkName(name); err != nil {
			return false, err
		}
		err = c.Storage.View(ctx, func(tx logical.Tx) (err error) {
			found, err = tx.Get(folder+name, new(json.RawMessage))
			return err
		})
		return found, err
	}
}

func readValue(ctx context.Context, c *logical.Call, name string) (*logical.Response, error) {
	var data payload
	var found bool
	err := c.Storage.View(ctx, func(tx logical.Tx) (err error) {
		found, err = tx.Get(valuesFolder+name, &data)
		return err
	})
	if err != nil || !found {
		return nil, err
	}
	return &logical.Response{Data: data, TTL: ttl(data, c.Mount.DefaultTTL)}, nil
}

// ttl returns how long the value is good for, as its writer has said in it.
func ttl(data payload, otherwise time.Duration) time.Duration {
	raw, ok := data["ttl"]
	if !ok {
		raw = data["lease"]
	}
	said, err := logical.ParseFields([]logical.Field{{Name: "ttl", Type: logical.Duration}}, map[string]any{"ttl": raw}, nil)
	if err != nil || !said.Has("ttl") {
		return otherwise
	}
	return said.Duration("ttl")
}

func writeValue(ctx context.Context, c *logical.Call, name string) (*logical.Response, error) {
	if len(c.Data) == 0 {
		return nil, logical.Invalid("missing data fields")
	}
	text, err := encode(c.Data)
	if err != nil {
		return nil, err
	}
	return nil, c.Storage.Update(ctx, func(tx logical.Tx) error { return tx.Put(valuesFolder+name, text) })
}

func deleteValue(ctx context.Context, c *logical.Call, name string) (*logical.Response, error) {
	return nil, c.Storage.Update(ctx, func(tx logical.Tx) error { return tx.Delete(valuesFolder + name) })
}
