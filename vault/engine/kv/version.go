package kv

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/stanch-dev/stanch/vault/logical"
)

// The stages, as clients write them.
const (
	stageCurrent  = "current"
	stagePending  = "pending"
	stagePrevious = "previous"
)

// Metadata is what is known of a secret beside its values. Numbers of versions begin
// at 1; 0 is none.
type Metadata struct {
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`          // when the last version was written
	Changed time.Time `json:"changed,omitzero"` // when another version last became the current one

	Versions []Version `json:"versions,omitempty"` // those that are kept, in order
	Latest   uint64    `json:"latest,omitempty"`   // the highest number given yet
	Oldest   uint64    `json:"oldest,omitempty"`   // that is kept; 0 while none had to go

	// The stages. Current is what readers get, Pending what is about to become that,
	// Previous what was it before.
	Current  uint64 `json:"current,omitempty"`
	Pending  uint64 `json:"pending,omitempty"`
	Previous uint64 `json:"previous,omitempty"`

	MaxVersions        int               `json:"max_versions,omitempty"` // 0: the mount's
	CASRequired        bool              `json:"cas_required,omitempty"`
	DeleteVersionAfter time.Duration     `json:"delete_version_after,omitempty"` // 0: the mount's
	Custom             map[string]string `json:"custom,omitempty"`
	Schema             *Schema           `json:"stanch,omitempty"` // nil: nobody has said anything
}

// Version is what is known of one version of a secret.
type Version struct {
	Number    uint64    `json:"n"`
	Created   time.Time `json:"c"`
	Deleted   time.Time `json:"d,omitzero"` // may be to come; zero: never
	Destroyed bool      `json:"x,omitempty"`
}

// Readable reports whether the version is neither deleted nor destroyed.
func (v *Version) Readable(now time.Time) bool {
	return !v.Destroyed && (v.Deleted.IsZero() || v.Deleted.After(now))
}

// Version returns the version with a number, nil for none. It points into m.
func (m *Metadata) Version(number uint64) *Version {
	i, ok := slices.BinarySearchFunc(m.Versions, number, func(v Version, n uint64) int { return cmp.Compare(v.Number, n) })
	if !ok {
		return nil
	}
	return &m.Versions[i]
}

// Live returns how many versions can be read.
func (m *Metadata) Live(now time.Time) (n int) {
	for i := range m.Versions {
		if m.Versions[i].Readable(now) {
			n++
		}
	}
	return n
}

// stage returns the version that has a stage, 0 for none.
func (m *Metadata) stage(name string) (version uint64, known bool) {
	switch name {
	case "", stageCurrent:
		return m.Current, true
	case stagePending:
		return m.Pending, true
	case stagePrevious:
		return m.Previous, true
	}
	return 0, false
}

// add appends a version that ends at end, and returns those that have to go since more
// than keep are there. What is current or pending stays, whatever its age.
func (m *Metadata) add(now, end time.Time, pending bool, keep int) (dropped []uint64) {
	m.Latest++
	m.Versions = append(m.Versions, Version{Number: m.Latest, Created: now, Deleted: end})
	m.Updated = now
	if pending {
		m.Pending = m.Latest
	} else {
		m.setCurrent(m.Latest, now)
	}
	if m.Latest < uint64(keep) {
		return nil
	}
	floor := m.Latest - uint64(keep)
	m.Versions = slices.DeleteFunc(m.Versions, func(v Version) bool {
		goes := v.Number <= floor && v.Number != m.Current && v.Number != m.Pending
		if goes {
			dropped = append(dropped, v.Number)
		}
		return goes
	})
	m.Oldest = m.Versions[0].Number
	if m.Version(m.Previous) == nil {
		m.Previous = 0
	}
	return dropped
}

// setCurrent moves the stages so that a version is the current one.
func (m *Metadata) setCurrent(number uint64, now time.Time) {
	if m.Pending == number {
		m.Pending = 0
	}
	if m.Current == number {
		return
	}
	m.Previous, m.Current, m.Changed = m.Current, number, now
}

func (b *V2) onStages() logical.Path {
	return logical.Path{
		Pattern: "stages/{path...}",
		Doc: "Read which versions have the stages current, pending and previous (0: none), or promote one: " +
			"the version given as current becomes it, and the one before is previous. Any version that can be read may be promoted, so this is the way back, too.",
		Fields: []logical.Field{
			pathField, casField,
			{Name: "current", Type: logical.Int, Doc: "The version to promote."},
		},
		Handlers: map[logical.Operation]logical.Handler{logical.Read: named(readStages), logical.Update: named(b.promote)},
	}
}

func (m *Metadata) showStages() *logical.Response {
	return &logical.Response{Data: map[string]any{stageCurrent: m.Current, stagePending: m.Pending, stagePrevious: m.Previous}}
}

func readStages(ctx context.Context, c *logical.Call, name string) (*logical.Response, error) {
	var r *logical.Response
	err := view(ctx, c, name, func(s *secretTx) error {
		if r = nil; s.meta != nil {
			r = s.meta.showStages()
		}
		return nil
	})
	return r, err
}

// promote makes a version the current one. Of the version that is it already, it
// changes nothing.
func (b *V2) promote(ctx context.Context, c *logical.Call, name string) (*logical.Response, error) {
	number := c.Fields.Int(stageCurrent)
	if number <= 0 {
		return nil, logical.Invalid("current must be the number of the version to promote")
	}
	var r *logical.Response
	err := b.update(ctx, c, name, func(s *secretTx) error {
		if s.meta == nil {
			return logical.Invalid("there is no such secret")
		}
		mount, err := loadSettings(s)
		if err != nil {
			return err
		}
		expected := writeOptions{cas: c.Fields.Int("cas"), hasCAS: c.Fields.Has("cas")}
		if err := expected.check(mount, s.meta); err != nil {
			return err
		}
		if v := s.meta.Version(uint64(number)); v == nil || !v.Readable(c.Time) {
			return logical.Invalid("version %d does not exist, or it is deleted or destroyed", number)
		}
		s.meta.setCurrent(uint64(number), c.Time)
		r = s.meta.showStages()
		return s.save()
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}
