package barrier

import (
	"bytes"
	"iter"
	"slices"
	"strings"
)

// folder returns the key that those of all records below p begin with.
func (t Tx) folder(p Path) ([]byte, error) {
	p.Name = strings.TrimSuffix(p.Name, "/")
	return t.key(p)
}

// List returns the names right below p, in their order: of records as they are, of
// folders with "/" at the end; a name can be both. They begin after the name after,
// "" for the first, and are at most limit, 0 for all. It reads every name in the
// folder, since what the store has in order are encrypted names, but jumps over
// what lies in folders below.
func (t Tx) List(p Path, after string, limit int) ([]string, error) {
	prefix, err := t.folder(p)
	if err != nil {
		return nil, err
	}
	found := page{after: after, limit: limit}
	end := following(prefix)
	for from := prefix; from != nil; {
		from = t.listUntilFolder(prefix, from, end, &found)
	}
	if err := t.Err(); err != nil {
		return nil, err
	}
	return found.names(), nil
}

// listUntilFolder adds the names in from ≤ key < end, up to the first folder, and
// returns the key after that, nil if there was none or an error.
func (t Tx) listUntilFolder(prefix, from, end []byte, found *page) (next []byte) {
	for key := range t.store.Scan(from, end) {
		if len(key) == len(prefix) {
			continue // the record with the folder's own name
		}
		var name string
		var stop int
		if t.with(func(k *keys) (err error) {
			name, stop, err = k.segment(key, len(prefix))
			return err
		}) != nil {
			return nil
		}
		if stop < len(key) {
			found.add(name + "/")
			return following(key[:stop])
		}
		found.add(name)
	}
	return nil
}

// Walk yields the records at p and below it with their values, in no order that
// people would know. It ends at an error; Err then says which. A record that f of
// the transaction writes meanwhile may be seen or not.
func (t Tx) Walk(p Path) iter.Seq2[Path, []byte] {
	return func(yield func(Path, []byte) bool) {
		prefix, err := t.folder(p)
		if err != nil {
			return
		}
		for key, record := range t.store.Scan(prefix, following(prefix)) {
			var at Path
			err := t.with(func(k *keys) (err error) {
				at, err = k.decode(key)
				return err
			})
			if err != nil {
				return
			}
			value, err := t.open(at, key, record)
			if err != nil || !yield(at, value) {
				return
			}
		}
	}
}

// following returns the first key after all that begin with prefix.
func following(prefix []byte) []byte {
	next := bytes.Clone(prefix)
	for i := len(next) - 1; i >= 0; i-- {
		if next[i]++; next[i] != 0 {
			return next[:i+1]
		}
	}
	return nil // not reached: the first byte is a kind
}

// page collects the first names after one, holding at most twice its limit.
type page struct {
	after string
	limit int
	all   []string
}

func (p *page) add(name string) {
	if name <= p.after {
		return
	}
	p.all = append(p.all, name)
	if p.limit > 0 && len(p.all) >= 2*p.limit+64 {
		p.all = p.names()
	}
}

func (p *page) names() []string {
	slices.Sort(p.all)
	if p.limit > 0 && len(p.all) > p.limit {
		return p.all[:p.limit]
	}
	return p.all
}
