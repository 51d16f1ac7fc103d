package token

import (
	"strings"
	"time"

	"github.com/stanch-dev/stanch/vault/lease"
	"github.com/stanch-dev/stanch/vault/logical"
)

// shard is how many letters of a name are the name of a folder: a folder of a million
// tokens is 4096 folders of 250, since the storage reads a folder as a whole.
const shard = 2

// sharded returns where something lies below a folder.
func sharded(folder, name string) string {
	if len(name) <= shard {
		return folder + name
	}
	return folder + name[:shard] + "/" + name[shard:]
}

// page returns the first names that are sharded below a folder, in their order: those
// behind after, at most limit, all for 0.
func page(tx logical.Tx, folder, after string, limit int) (names []string, err error) {
	shards, err := tx.List(folder, "", 0)
	if err != nil {
		return nil, err
	}
	for _, dir := range shards {
		first := strings.TrimSuffix(dir, "/")
		behind := ""
		if strings.HasPrefix(after, first) {
			behind = after[len(first):]
		} else if first < after {
			continue
		}
		left := 0
		if limit > 0 {
			if left = limit - len(names); left == 0 {
				return names, nil
			}
		}
		rest, err := tx.List(folder+dir, behind, left)
		if err != nil {
			return nil, err
		}
		for _, name := range rest {
			names = append(names, first+name)
		}
	}
	return names, nil
}

// read returns the record of a key, nil for none.
func read(tx logical.Tx, key string) (*record, error) {
	if key == "" {
		return nil, nil
	}
	var r record
	ok, err := tx.Get(sharded(tokenFolder, key), &r)
	if !ok || err != nil {
		return nil, err
	}
	r.key = key
	return &r, nil
}

func (r *record) put(tx logical.Tx) error { return tx.Put(sharded(tokenFolder, r.key), r) }

// childName is that of the link from a parent to a child.
func childName(parent, child string) string {
	return sharded(family(parent), child)
}

// family returns the folder of a token's children.
func family(parent string) string { return sharded(childFolder, parent) + "/" }

// link is what lies at the name of a child.
type link struct{}

// pointer is what lies at an accessor.
type pointer struct {
	Key string `json:"key"`
}

// decoyName is where a record of no token lies.
const decoyName = "decoy"

// decoy returns a record that takes as long to read as a usual one. It has expired.
func decoy() record {
	past := time.Unix(0, 0).UTC()
	return record{Due: past, Entry: Entry{
		Type: Service, Accessor: strings.Repeat("0", accessorLetters), Parent: strings.Repeat("0", 43), Policies: []string{"default", "nobody"},
		Path: "auth/token/create", Name: "token", Created: past, Expires: past, TTL: time.Hour, Renewable: true, Cubbyhole: strings.Repeat("0", 24),
	}}
}

// itemKind is that of the store's items in the queue; their ids are keys of tokens.
const itemKind = "token"

func (r *record) item() lease.Item { return lease.Item{At: r.Due, Kind: itemKind, ID: r.key} }

// schedule moves the record's item in the queue, or adds it; the record has to be put
// afterwards.
func (s *Store) schedule(tx logical.Tx, r *record, at time.Time) error {
	if !r.Due.IsZero() {
		if err := s.queue.Remove(tx, r.item()); err != nil {
			return err
		}
	}
	r.Due = at
	return s.queue.Add(tx, r.item())
}

// remove deletes a token and everything the store has of it but its children's links.
func (s *Store) remove(tx logical.Tx, r *record) error {
	if !r.Due.IsZero() {
		if err := s.queue.Remove(tx, r.item()); err != nil {
			return err
		}
	}
	names := []string{sharded(tokenFolder, r.key), sharded(accessorFolder, r.Accessor)}
	if r.Parent != "" {
		names = append(names, childName(r.Parent, r.key))
	}
	if r.Wrapping() {
		names = append(names, sharded(wrapFolder, r.key))
	}
	for _, name := range names {
		if err := tx.Delete(name); err != nil {
			return err
		}
	}
	return nil
}
