package kv

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/stanch-dev/stanch/vault/logical"
)

// found is a version as a reader sees it.
type found struct {
	meta     *Metadata
	version  *Version
	readable bool
	data     payload // if it is readable
}

// find reads the version that the fields version and stage name. It returns nil for
// one that does not exist.
func find(ctx context.Context, c *logical.Call, name string, now time.Time) (*found, error) {
	number, stage := c.Fields.Int("version"), c.Fields.String("stage")
	if number > 0 && stage != "" {
		return nil, logical.Invalid("version and stage cannot be asked for together")
	}
	var got *found
	err := view(ctx, c, name, func(s *secretTx) (err error) {
		got, err = s.find(uint64(max(number, 0)), stage, now)
		return err
	})
	return got, err
}

func (s *secretTx) find(number uint64, stage string, now time.Time) (*found, error) {
	if _, known := new(Metadata).stage(stage); !known {
		return nil, logical.Invalid("stage must be current, pending or previous")
	}
	if s.meta == nil {
		return nil, nil
	}
	if number == 0 {
		number, _ = s.meta.stage(stage)
	}
	v := s.meta.Version(number)
	if v == nil {
		return nil, nil
	}
	got := &found{meta: s.meta, version: v, readable: v.Readable(now)}
	if !got.readable {
		return got, nil
	}
	var err error
	got.data, err = s.readData(number)
	return got, err
}

// answer shows value, made from the data, under key. A version that cannot be read is
// 404, and only its metadata is shown.
func (f *found) answer(key string, value func(payload) map[string]any) *logical.Response {
	r := &logical.Response{Data: map[string]any{key: nil, "metadata": f.version.show(f.meta)}}
	if f.readable {
		r.Data[key] = value(f.data)
	} else {
		r.Status = http.StatusNotFound
	}
	return r
}

func whole(data payload) map[string]any { return data }

func (b *V2) readData(ctx context.Context, c *logical.Call, name string) (*logical.Response, error) {
	if c.Fields.Has("watch") {
		return b.watch(ctx, c, name)
	}
	got, err := find(ctx, c, name, c.Time)
	if err != nil || got == nil {
		return nil, err
	}
	return got.answer("data", whole), nil
}

func readSubkeys(ctx context.Context, c *logical.Call, name string) (*logical.Response, error) {
	got, err := find(ctx, c, name, c.Time)
	if err != nil || got == nil {
		return nil, err
	}
	depth := c.Fields.Int("depth")
	return got.answer("subkeys", func(data payload) map[string]any { return names(data, depth) }), nil
}

// names returns the names in an object and the objects in it, down to a depth, with
// null in place of values; 0 is all depths.
func names(object map[string]any, depth int) map[string]any {
	shown := make(map[string]any, len(object))
	for name, value := range object {
		shown[name] = nil
		if inner, ok := value.(map[string]any); ok && len(inner) > 0 && depth != 1 {
			shown[name] = names(inner, max(depth-1, 0))
		}
	}
	return shown
}

// show returns what answers about a version tell of it.
func (v *Version) show(m *Metadata) map[string]any {
	shown := v.times()
	shown["version"] = v.Number
	shown["custom_metadata"] = showCustom(m.Custom)
	return shown
}

func (v *Version) times() map[string]any {
	return map[string]any{"created_time": showTime(v.Created), "deletion_time": showTime(v.Deleted), "destroyed": v.Destroyed}
}

// showTime returns RFC 3339, empty for the zero time.
func showTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// showCustom returns null for none, as Vault does.
func showCustom(custom map[string]string) any {
	if len(custom) == 0 {
		return nil
	}
	shown := make(map[string]any, len(custom))
	for name, value := range custom {
		shown[name] = value
	}
	return shown
}

func readMetadata(ctx context.Context, c *logical.Call, name string) (*logical.Response, error) {
	var m *Metadata
	err := view(ctx, c, name, func(s *secretTx) error {
		m = s.meta
		return nil
	})
	if err != nil || m == nil {
		return nil, err
	}
	versions := make(map[string]any, len(m.Versions))
	for i := range m.Versions {
		versions[strconv.FormatUint(m.Versions[i].Number, 10)] = m.Versions[i].times()
	}
	shown := map[string]any{
		"versions": versions, "current_version": m.Current, "oldest_version": m.Oldest,
		"created_time": showTime(m.Created), "updated_time": showTime(m.Updated),
		"max_versions": m.MaxVersions, "cas_required": m.CASRequired,
		"delete_version_after": m.DeleteVersionAfter.String(), "custom_metadata": showCustom(m.Custom),
	}
	if m.Schema != nil {
		shown["stanch"] = m.Schema.show(m)
	}
	return &logical.Response{Data: shown}, nil
}
