package kv

import (
	"context"
	"math"
	"time"

	"github.com/stanch-dev/stanch/vault/logical"
)

const (
	configName = "config"
	// defaultVersions are kept of a secret if nobody has said how many.
	defaultVersions = 10
	// mostVersions are kept, whatever somebody has said: every write of a secret writes
	// its list of versions, some 60 bytes each.
	mostVersions = 1 << 16
	// never is settings.DeleteVersionAfter of a mount where no version ends by itself.
	never = -time.Second
)

// settings hold for all secrets of a mount.
type settings struct {
	MaxVersions        int           `json:"max_versions"`
	CASRequired        bool          `json:"cas_required"`
	DeleteVersionAfter time.Duration `json:"delete_version_after"`
}

var settingFields = []logical.Field{
	{Name: "max_versions", Type: logical.Int, Doc: "How many versions of a secret are kept; 0: 10. A secret's own higher number wins."},
	{Name: "cas_required", Type: logical.Bool, Doc: "Every write must have the option cas."},
	{Name: "delete_version_after", Type: logical.SignedDuration, Doc: "Versions end after this time; 0: never by the mount, less than 0: never at all."},
}

func loadSettings(tx logical.Tx) (s settings, err error) {
	_, err = tx.Get(configName, &s)
	return s, err
}

// keep returns how many versions of a secret are kept.
func (s settings) keep(m *Metadata) int {
	if n := max(s.MaxVersions, m.MaxVersions); n > 0 {
		return min(n, mostVersions)
	}
	return defaultVersions
}

// end returns when a version that begins now is deleted by itself, zero for never.
func (s settings) end(m *Metadata, now time.Time) time.Time {
	after := m.DeleteVersionAfter
	if mount := s.DeleteVersionAfter; after == 0 || mount > 0 && mount < after {
		after = mount
	}
	if s.DeleteVersionAfter < 0 || after == 0 {
		return time.Time{}
	}
	return now.Add(after)
}

func readConfig(ctx context.Context, c *logical.Call) (*logical.Response, error) {
	var s settings
	err := c.Storage.View(ctx, func(tx logical.Tx) (err error) {
		s, err = loadSettings(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{
		"max_versions": s.MaxVersions, "cas_required": s.CASRequired, "delete_version_after": s.DeleteVersionAfter.String(),
	}}, nil
}

func writeConfig(ctx context.Context, c *logical.Call) (*logical.Response, error) {
	f := c.Fields
	if err := checkMaxVersions(f.Int("max_versions")); err != nil {
		return nil, err
	}
	err := c.Storage.Update(ctx, func(tx logical.Tx) error {
		s, err := loadSettings(tx)
		if err != nil {
			return err
		}
		if f.Has("max_versions") {
			s.MaxVersions = f.Int("max_versions")
		}
		if f.Has("cas_required") {
			s.CASRequired = f.Bool("cas_required")
		}
		if f.Has("delete_version_after") {
			s.DeleteVersionAfter = f.Duration("delete_version_after")
			if s.DeleteVersionAfter < 0 {
				s.DeleteVersionAfter = never
			}
		}
		return tx.Put(configName, s)
	})
	if err != nil {
		return nil, err
	}
	return warn(manyVersions(f.Int("max_versions"))), nil
}

func checkMaxVersions(n int) error {
	if n < 0 || n > math.MaxUint32 {
		return logical.Invalid("max_versions must be between 0 and %d", uint32(math.MaxUint32))
	}
	return nil
}

func manyVersions(n int) string {
	if n > mostVersions {
		return "\"max_versions\" is more than 65536: so many versions are kept at most."
	}
	return ""
}

// warn returns an answer with the warnings that are not empty, nil without any.
func warn(texts ...string) *logical.Response {
	var r *logical.Response
	for _, text := range texts {
		if text == "" {
			continue
		}
		if r == nil {
			r = &logical.Response{}
		}
		r.Warnings = append(r.Warnings, text)
	}
	return r
}
