package kv

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/stanch-dev/stanch/vault/logical"
)

// Folders of the storage. A version's number comes behind the name of its secret, as a
// segment of its own.
const (
	metadataFolder = "metadata/"
	versionsFolder = "versions/"
)

// secretTx is a transaction on one secret.
type secretTx struct {
	logical.Tx
	name string
	meta *Metadata // nil for none
}

func load(tx logical.Tx, name string) (*secretTx, error) {
	s := &secretTx{Tx: tx, name: name}
	var m Metadata
	found, err := tx.Get(metadataFolder+name, &m)
	if err != nil {
		return nil, fmt.Errorf("reading the metadata of a secret: %w", err)
	}
	if found {
		s.meta = &m
	}
	return s, nil
}

func (s *secretTx) save() error { return s.Put(metadataFolder+s.name, s.meta) }

func (s *secretTx) current() uint64 {
	if s.meta == nil {
		return 0
	}
	return s.meta.Current
}

func (s *secretTx) dataName(version uint64) string {
	return versionsFolder + s.name + "/" + strconv.FormatUint(version, 10)
}

// versionRecord has the data of one version.
type versionRecord struct {
	Data payload `json:"data"`
}

// encodedRecord is a versionRecord as it is written.
type encodedRecord struct {
	Data json.RawMessage `json:"data"`
}

func (s *secretTx) readData(version uint64) (payload, error) {
	var r versionRecord
	found, err := s.Get(s.dataName(version), &r)
	if err == nil && !found {
		err = fmt.Errorf("it is missing")
	}
	if err != nil {
		return nil, fmt.Errorf("reading the data of version %d: %w", version, err)
	}
	return r.Data, nil
}

func (s *secretTx) deleteData(versions ...uint64) error {
	for _, version := range versions {
		if err := s.Delete(s.dataName(version)); err != nil {
			return err
		}
	}
	return nil
}

// update runs f in a transaction that may write. Who waits for another current version
// is told once it is committed.
func (b *V2) update(ctx context.Context, c *logical.Call, name string, f func(*secretTx) error) error {
	moved := false
	err := c.Storage.Update(ctx, func(tx logical.Tx) error {
		s, err := load(tx, name)
		if err != nil {
			return err
		}
		before := s.current()
		err = f(s)
		moved = s.current() != before
		return err
	})
	if err == nil && moved {
		b.watcher.Changed(name)
	}
	return err
}

// view runs f in a transaction that only reads.
func view(ctx context.Context, c *logical.Call, name string, f func(*secretTx) error) error {
	return c.Storage.View(ctx, func(tx logical.Tx) error {
		s, err := load(tx, name)
		if err != nil {
			return err
		}
		return f(s)
	})
}

// walkPage is how many names Walk reads in one transaction.
const walkPage = 256

// Walk calls visit for each secret of a mount of kv 2, in the order of the names' bytes.
// It reads in pages, each a transaction of its own that is over when visit is called: a
// secret that is written meanwhile is seen as it was or as it is, and no other is seen
// twice or missed. An error ends it, that of ctx too.
func Walk(ctx context.Context, storage logical.Storage, visit func(path string, m Metadata)) error {
	return walk(ctx, storage, "", visit)
}

func walk(ctx context.Context, storage logical.Storage, folder string, visit func(string, Metadata)) error {
	for after := ""; ; {
		var names []string
		var page []*Metadata // nil for folders
		err := storage.View(ctx, func(tx logical.Tx) (err error) {
			names, page, err = readPage(tx, folder, after)
			return err
		})
		if err != nil {
			return err
		}
		for i, name := range names {
			if err := ctx.Err(); err != nil {
				return err
			}
			if page[i] != nil {
				visit(folder+name, *page[i])
			} else if strings.HasSuffix(name, "/") {
				if err := walk(ctx, storage, folder+name, visit); err != nil {
					return err
				}
			}
		}
		if len(names) < walkPage {
			return nil
		}
		after = names[len(names)-1]
	}
}

func readPage(tx logical.Tx, folder, after string) (names []string, page []*Metadata, err error) {
	names, err = tx.List(metadataFolder+folder, after, walkPage)
	if err != nil {
		return nil, nil, err
	}
	page = make([]*Metadata, len(names))
	for i, name := range names {
		if strings.HasSuffix(name, "/") {
			continue
		}
		s, err := load(tx, folder+name)
		if err != nil {
			return nil, nil, err
		}
		page[i] = s.meta
	}
	return names, page, nil
}
