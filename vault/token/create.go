package token

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/vault/logical"
)

// Vault's prefixes of ids, and how many letters come after those of service tokens.
// The length of ids is that which generate-root of Vault gives to root tokens.
const (
	servicePrefix   = "hvs."
	batchPrefix     = "hvb."
	idLetters       = 24
	accessorLetters = 24
)

// Limits of what a token may carry. An id is a header of each request, and a batch
// token is all in its id.
const (
	maxID      = 8 << 10  // bytes
	maxEntry   = 64 << 10 // bytes, as JSON
	maxChosen  = 256      // bytes of an id that a client chooses
	maxCarried = 4 << 10  // bytes, as JSON, of a batch token
)

// Create makes a token of what e says: its type, policies, parent, times. It lives for
// e.TTL from now; only root tokens may have none, and never expire. What the store
// gives it (accessor, cubbyhole, expiry) is in the entry returned. The id is there and
// nowhere else. An error that a client has to know is a [logical.Error].
func (s *Store) Create(ctx context.Context, now time.Time, e Entry) (secret.Bytes, *Entry, error) {
	if err := assignable(e.Policies); err != nil {
		return secret.Bytes{}, nil, err
	}
	if e.Type == Batch {
		return s.createBatch(ctx, now, e)
	}
	id := []byte(servicePrefix + random(idLetters))
	made, err := s.createService(ctx, now, id, e)
	return secret.Of(id), made, err
}

// CreateAs makes a service token with an id of the caller's choice.
func (s *Store) CreateAs(ctx context.Context, now time.Time, id secret.Bytes, e Entry) (*Entry, error) {
	text := string(id.Reveal())
	switch {
	case strings.HasPrefix(text, servicePrefix):
		return nil, logical.Invalid("custom token ID cannot have the 'hvs.' prefix")
	case strings.HasPrefix(text, "s."):
		return nil, logical.Invalid("custom token ID cannot have the 's.' prefix")
	case strings.Contains(text, "."):
		return nil, logical.Invalid("custom token ID cannot have a '.' in the value")
	case text == "" || len(text) > maxChosen:
		return nil, logical.Invalid("custom token ID must have 1 to %d bytes", maxChosen)
	}
	if err := assignable(e.Policies); err != nil {
		return nil, err
	}
	return s.createService(ctx, now, id.Reveal(), e)
}

func assignable(policies []string) error {
	if slices.Contains(Policies(policies), WrappingPolicy) {
		return logical.Invalid("cannot assign policy %q", WrappingPolicy)
	}
	return nil
}

// prepare checks what is common to all tokens and sets their times.
func prepare(now time.Time, e *Entry) error {
	e.Policies = Policies(e.Policies)
	e.Created, e.Expires, e.Renewed = now.UTC(), time.Time{}, time.Time{}
	e.Accessor, e.Cubbyhole, e.key = "", "", ""
	switch {
	case e.TTL > 0:
		e.Expires = now.Add(e.TTL).UTC()
	case e.TTL < 0 || !e.Root():
		return logical.Invalid("a token needs a time to live")
	}
	if e.NumUses < 0 {
		return logical.Invalid("number of uses cannot be negative")
	}
	return nil
}

func (s *Store) createService(ctx context.Context, now time.Time, id []byte, e Entry) (*Entry, error) {
	if err := s.prepareService(ctx, now, id, &e); err != nil {
		return nil, err
	}
	err := s.storage.Update(ctx, func(tx logical.Tx) error {
		if other, err := read(tx, e.key); other != nil || err != nil {
			if err == nil {
				err = logical.Invalid("cannot create a token with a duplicate ID")
			}
			return err
		}
		return s.insert(tx, now, &record{Entry: e})
	})
	if err != nil {
		return nil, err
	}
	return &e, nil
}

// prepareService gives an entry all that a service token has.
func (s *Store) prepareService(ctx context.Context, now time.Time, id []byte, e *Entry) error {
	if err := prepare(now, e); err != nil {
		return err
	}
	e.Type, e.Accessor, e.Cubbyhole = Service, random(accessorLetters), random(24)
	if text, err := json.Marshal(e); err != nil || len(text) > maxEntry {
		return logical.Invalid("the token's policies and metadata are too long: at most %d bytes as JSON", maxEntry)
	}
	return s.with(ctx, func(k *keys) error { e.key = k.key(id); return nil })
}

// insert puts a new record, its accessor, its link and its item.
func (s *Store) insert(tx logical.Tx, now time.Time, r *record) error {
	if r.Parent != "" {
		parent, err := read(tx, r.Parent)
		if err != nil {
			return err
		}
		if !parent.valid(now) {
			return logical.ErrDenied
		}
		if err := tx.Put(childName(r.Parent, r.key), link{}); err != nil {
			return err
		}
	}
	if !r.Expires.IsZero() {
		if err := s.schedule(tx, r, r.Expires); err != nil {
			return err
		}
	}
	if err := tx.Put(sharded(accessorFolder, r.Accessor), pointer{r.key}); err != nil {
		return err
	}
	return r.put(tx)
}

func (s *Store) createBatch(ctx context.Context, now time.Time, e Entry) (secret.Bytes, *Entry, error) {
	if err := prepare(now, &e); err != nil {
		return secret.Bytes{}, nil, err
	}
	if e.Root() {
		return secret.Bytes{}, nil, logical.Invalid("batch tokens cannot be root tokens")
	}
	if e.NumUses != 0 || e.Period != 0 || e.ExplicitMax != 0 {
		return secret.Bytes{}, nil, logical.Invalid("batch tokens cannot have a number of uses, a period or an explicit maximum")
	}
	e.Renewable, e.Internal = false, nil
	plain, err := json.Marshal(e)
	if err != nil || len(plain) > maxCarried {
		return secret.Bytes{}, nil, logical.Invalid("a batch token carries its policies and metadata: at most %d bytes as JSON", maxCarried)
	}
	if e.Parent != "" {
		if err := s.checkParent(ctx, now, e.Parent); err != nil {
			return secret.Bytes{}, nil, err
		}
	}
	var id []byte
	err = s.with(ctx, func(k *keys) error {
		aead, err := k.batch()
		if err != nil {
			return err
		}
		nonce := make([]byte, aead.NonceSize())
		rand.Read(nonce)
		sealed := aead.Seal(nonce, nonce, plain, []byte(batchPrefix))
		id = base64.RawURLEncoding.AppendEncode([]byte(batchPrefix), sealed)
		return nil
	})
	return secret.Of(id), &e, err
}

func (s *Store) checkParent(ctx context.Context, now time.Time, key string) error {
	var parent *record
	err := s.storage.View(ctx, func(tx logical.Tx) (err error) {
		parent, err = read(tx, key)
		return err
	})
	if err == nil && !parent.valid(now) {
		err = logical.ErrDenied
	}
	return err
}

// Policies returns names of policies as Vault keeps them: in lower case, sorted, each
// once; root alone if it is among them.
func Policies(names []string) []string {
	all := make([]string, 0, len(names))
	for _, name := range names {
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			all = append(all, name)
		}
	}
	if slices.Contains(all, rootPolicy) {
		return []string{rootPolicy}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
