// Package kv is the engine that keeps what somebody else has made: named secrets, each
// an object of values. Its two versions speak the API of Vault's kv 1 and kv 2.
//
// [NewV1] keeps one value per name. [NewV2] keeps versions, which can be deleted,
// brought back and destroyed, and adds what Vault does not have:
//
//   - Stages. A version may be written as "pending", without becoming the one that
//     readers get, and promoted later; the one before stays as "previous". Who knows
//     nothing of stages sees that the latest version is the current one.
//   - A [Schema] beside the custom metadata: who owns a secret, how old it may become,
//     where it may be used. [Walk] goes over all of them.
//   - A [Watcher]: a read that waits until there is another current version.
//
// Each request is one transaction. There is one record per secret with its metadata,
// and one per version with its data; what is kept of all versions in the first is a few
// dozen bytes each, so that a secret may have many.
package kv

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"unicode"

	"github.com/stanch-dev/stanch/vault/logical"
)

// Limits, in bytes where nothing else is said. With the longest name, a key of the
// barrier stays well below that of the storage.
const (
	maxName     = 2 << 10
	maxSegments = 128
	maxData     = 32 << 20 // of the data of one version, as JSON
)

// payload is the data of a secret. Its numbers are json.Number, as they were written.
type payload map[string]any

// UnmarshalJSON implements json.Unmarshaler.
func (p *payload) UnmarshalJSON(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	return dec.Decode((*map[string]any)(p))
}

// encode returns data as JSON, or an error for the client if it is too long.
func encode(data map[string]any) (json.RawMessage, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(data); err != nil {
		return nil, err
	}
	if text.Len() > maxData {
		return nil, &logical.Error{Status: http.StatusRequestEntityTooLarge, Text: "the data of a secret may have 32 MiB at most"}
	}
	return text.Bytes(), nil
}

// onSecret is a handler of a path that names a secret.
type onSecret func(ctx context.Context, c *logical.Call, name string) (*logical.Response, error)

// named checks the name before it calls h.
func named(h onSecret) logical.Handler {
	return func(ctx context.Context, c *logical.Call) (*logical.Response, error) {
		name := c.Fields.String("path")
		if name == "" {
			if c.Operation == logical.Read {
				return nil, nil
			}
			return nil, logical.Invalid("missing path")
		}
		if err := checkName(name); err != nil {
			return nil, err
		}
		return h(ctx, c, name)
	}
}

// checkName returns an error for names that no secret can have.
func checkName(name string) error {
	if len(name) > maxName || strings.Count(name, "/") >= maxSegments {
		return logical.Invalid("the path is too long: at most %d bytes in %d segments", maxName, maxSegments)
	}
	if strings.ContainsFunc(name, unicode.IsControl) {
		return logical.Invalid("the path contains control characters")
	}
	for segment := range strings.SplitSeq(name, "/") {
		switch segment {
		case "":
			return logical.Invalid("the path contains an empty segment")
		case ".", "..":
			return logical.Invalid("relative paths not supported")
		}
	}
	return nil
}

// pathField is the name of the secret.
var pathField = logical.Field{Name: "path", Type: logical.String, Doc: "Name of the secret, with slashes."}

// pageFields are those of LIST.
var pageFields = []logical.Field{
	{Name: "after", Type: logical.String, Doc: "List what comes after this name only; it need not exist.", Query: true},
	{Name: "limit", Type: logical.Int, Doc: "List so many names at most; 0: all.", Query: true},
}

// list answers LIST with the names below a folder of the storage.
func list(ctx context.Context, c *logical.Call, folder string) (*logical.Response, error) {
	if name := c.Fields.String("path"); name != "" {
		if err := checkName(name); err != nil {
			return nil, err
		}
		folder += name + "/"
	}
	page, err := logical.ParseFields(pageFields, c.Data, nil)
	if err != nil {
		return nil, err
	}
	var names []string
	err = c.Storage.View(ctx, func(tx logical.Tx) (err error) {
		names, err = tx.List(folder, page.String("after"), max(page.Int("limit"), 0))
		return err
	})
	if err != nil || len(names) == 0 {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{"keys": names}}, nil
}
