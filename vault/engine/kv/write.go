package kv

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"time"

	"github.com/stanch-dev/stanch/vault/logical"
)

// writeOptions are how a version is to be written.
type writeOptions struct {
	cas     int
	hasCAS  bool
	pending bool // not to become the current one
}

var optionFields = []logical.Field{casField, {Name: "stage", Type: logical.String}}

// parseOptions reads the options of a write. Unknown ones are ignored, as in Vault.
func parseOptions(options map[string]any) (writeOptions, error) {
	f, err := logical.ParseFields(optionFields[:1], options, nil)
	if err != nil {
		return writeOptions{}, logical.Invalid("error parsing check-and-set parameter")
	}
	o := writeOptions{cas: f.Int("cas")}
	_, o.hasCAS = options["cas"] // null is 0, as in Vault
	f, err = logical.ParseFields(optionFields[1:], options, nil)
	if err != nil {
		return writeOptions{}, err
	}
	switch f.String("stage") {
	case "", stageCurrent:
	case stagePending:
		o.pending = true
	default:
		return writeOptions{}, logical.Invalid("the option stage must be current or pending")
	}
	return o, nil
}

// check compares the current version with the one the client expects.
func (o writeOptions) check(s settings, m *Metadata) error {
	switch {
	case o.hasCAS && (o.cas < 0 || uint64(o.cas) != m.Current):
		return logical.Invalid("check-and-set parameter did not match the current version")
	case !o.hasCAS && (s.CASRequired || m.CASRequired):
		return logical.Invalid("check-and-set parameter required for this call")
	}
	return nil
}

func (b *V2) writeData(ctx context.Context, c *logical.Call, name string) (*logical.Response, error) {
	if !c.Fields.Has("data") {
		return nil, logical.Invalid("no data provided")
	}
	options, err := parseOptions(c.Fields.Object("options"))
	if err != nil {
		return nil, err
	}
	text, err := encode(c.Fields.Object("data"))
	if err != nil {
		return nil, err
	}
	var r *logical.Response
	err = b.update(ctx, c, name, func(s *secretTx) error {
		if s.meta == nil {
			s.meta = &Metadata{Created: c.Time}
		}
		mount, err := loadSettings(s)
		if err != nil {
			return err
		}
		if err := options.check(mount, s.meta); err != nil {
			return err
		}
		r, err = s.append(text, options.pending, mount, c.Time)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// append writes a new version and returns the answer about it.
func (s *secretTx) append(text json.RawMessage, pending bool, mount settings, now time.Time) (*logical.Response, error) {
	m := s.meta
	if v := m.Version(m.Pending); pending && v != nil && v.Readable(now) {
		return nil, logical.Invalid("version %d is pending: promote it or delete it first", m.Pending)
	}
	dropped := m.add(now, mount.end(m, now), pending, mount.keep(m))
	if err := s.Put(s.dataName(m.Latest), encodedRecord{text}); err != nil {
		return nil, err
	}
	if err := s.deleteData(dropped...); err != nil {
		return nil, err
	}
	return &logical.Response{Data: m.Version(m.Latest).show(m)}, s.save()
}

func (b *V2) patchData(ctx context.Context, c *logical.Call, name string) (*logical.Response, error) {
	if !c.Fields.Has("data") {
		return nil, logical.Invalid("no data provided")
	}
	options, err := parseOptions(c.Fields.Object("options"))
	if err != nil {
		return nil, err
	}
	var r *logical.Response
	err = b.update(ctx, c, name, func(s *secretTx) (err error) {
		r, err = s.patch(c.Fields.Object("data"), options, c.Time)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// patch writes a new version that is the current one with changes.
func (s *secretTx) patch(changes map[string]any, options writeOptions, now time.Time) (*logical.Response, error) {
	r := &logical.Response{Status: http.StatusNotFound}
	if s.meta == nil {
		return r, nil
	}
	mount, err := loadSettings(s)
	if err != nil {
		return nil, err
	}
	if err := options.check(mount, s.meta); err != nil {
		return nil, err
	}
	base, err := s.find(0, stageCurrent, now)
	if err != nil || base == nil {
		return r, err
	}
	if !base.readable {
		r.Data = base.version.show(s.meta)
		return r, nil
	}
	text, err := encode(merge(base.data, changes))
	if err != nil {
		return nil, err
	}
	return s.append(text, options.pending, mount, now)
}

// merge returns an object with the changes of a merge patch (RFC 7396): null removes,
// objects are merged, all else replaces. Neither argument is changed.
func merge(object, changes map[string]any) map[string]any {
	merged := make(map[string]any, len(object)+len(changes))
	maps.Copy(merged, object)
	for name, change := range changes {
		switch change := change.(type) {
		case nil:
			delete(merged, name)
		case map[string]any:
			inner, _ := merged[name].(map[string]any)
			merged[name] = merge(inner, change)
		default:
			merged[name] = change
		}
	}
	return merged
}
