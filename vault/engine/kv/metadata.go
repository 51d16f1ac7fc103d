package kv

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/stanch-dev/stanch/vault/logical"
)

// Limits of custom metadata, Vault's: how many, and bytes of each.
const (
	maxCustom      = 64
	maxCustomName  = 128
	maxCustomValue = 512
)

var metadataFields = []logical.Field{
	pathField,
	{Name: "max_versions", Type: logical.Int, Doc: "How many versions are kept; 0: as the mount says. The mount's own higher number wins."},
	{Name: "cas_required", Type: logical.Bool, Doc: "Every write must have the option cas."},
	{Name: "delete_version_after", Type: logical.Duration, Doc: "Versions end after this time; 0: as the mount says, whose own shorter time wins."},
	{Name: "custom_metadata", Type: logical.Object, Doc: "Texts by name; at most 64, names of 128 bytes, texts of 512."},
	{Name: "stanch", Type: logical.Object, Doc: "owner, kind (static, rotated or dynamic), class, max_age, uses (host, host:port or host/path) and rotator."},
	pageFields[0], pageFields[1],
}

// writeMetadata sets what is given. POST replaces custom_metadata and stanch, and makes
// a secret without versions if there is none; PATCH merges (RFC 7396), and null is the
// value for nothing.
func (b *V2) writeMetadata(ctx context.Context, c *logical.Call, name string) (*logical.Response, error) {
	patch := c.Operation == logical.Patch
	given := func(f logical.Field) bool { return f.Name != pathField.Name && c.Fields.Has(f.Name) }
	if !patch && !slices.ContainsFunc(metadataFields, given) {
		return nil, nil
	}
	var r *logical.Response
	err := b.update(ctx, c, name, func(s *secretTx) error {
		if s.meta == nil {
			if patch {
				r = &logical.Response{Status: http.StatusNotFound}
				return nil
			}
			s.meta = &Metadata{Created: c.Time, Updated: c.Time}
		}
		mount, err := loadSettings(s)
		if err != nil {
			return err
		}
		if err := s.meta.set(c, patch); err != nil {
			return err
		}
		ignored := ""
		if mount.CASRequired && c.Fields.Has("cas_required") && !c.Fields.Bool("cas_required") {
			ignored = "\"cas_required\" set to false, but is mandated by backend config. This value will be ignored."
		}
		r = warn(ignored, manyVersions(c.Fields.Int("max_versions")))
		return s.save()
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// set takes over what a write gives; with patch, null is the value for nothing.
func (m *Metadata) set(c *logical.Call, patch bool) (err error) {
	f := c.Fields
	null := func(name string) bool {
		value, ok := c.Data[name]
		return patch && ok && value == nil
	}
	given := func(name string) bool { return f.Has(name) || null(name) }
	if given("max_versions") {
		m.MaxVersions = f.Int("max_versions")
	}
	if given("cas_required") {
		m.CASRequired = f.Bool("cas_required")
	}
	if given("delete_version_after") {
		m.DeleteVersionAfter = f.Duration("delete_version_after")
	}
	if custom := f.Object("custom_metadata"); given("custom_metadata") {
		if patch && custom != nil {
			old, _ := showCustom(m.Custom).(map[string]any)
			custom = merge(old, custom)
		}
		if m.Custom, err = parseCustom(custom); err != nil {
			return err
		}
	}
	if null("stanch") {
		m.Schema = nil
	} else if object := f.Object("stanch"); f.Has("stanch") {
		if patch && m.Schema != nil {
			object = merge(m.Schema.show(m), object)
		}
		if m.Schema, err = parseSchema(object); err != nil {
			return err
		}
	}
	return checkMaxVersions(m.MaxVersions)
}

const customFailed = "custom_metadata validation failed"

// parseCustom checks custom metadata and tells all that is wrong with it, in the words
// of Vault.
func parseCustom(object map[string]any) (map[string]string, error) {
	if len(object) > maxCustom {
		return nil, customErrors{fmt.Sprintf("payload must contain at most %d keys, provided %d", maxCustom, len(object))}.err()
	}
	f, err := logical.ParseFields([]logical.Field{{Name: "custom_metadata", Type: logical.Pairs}}, map[string]any{"custom_metadata": withoutNull(object)}, nil)
	if err != nil {
		return nil, logical.Invalid("%s: a value is neither text nor a number nor a boolean", customFailed)
	}
	custom := f.Pairs("custom_metadata")
	var wrong customErrors
	for _, name := range slices.Sorted(maps.Keys(custom)) {
		value := custom[name]
		if len(name) == 0 || len(name) > maxCustomName {
			wrong = append(wrong, fmt.Sprintf("length of key %q is %d but must be 0 < len(key) <= %d", name, len(name), maxCustomName))
		}
		if len(value) == 0 || len(value) > maxCustomValue {
			wrong = append(wrong, fmt.Sprintf("length of value for key %q is %d but must be 0 < len(value) <= %d", name, len(value), maxCustomValue))
		}
		if !printable(name) {
			wrong = append(wrong, fmt.Sprintf("key %q contains unprintable characters", name))
		}
		if !printable(value) {
			wrong = append(wrong, fmt.Sprintf("value for key %q contains unprintable characters", name))
		}
	}
	return custom, wrong.err()
}

// withoutNull returns the object with empty texts for null, which are refused later.
func withoutNull(object map[string]any) map[string]any {
	object = maps.Clone(object)
	for name, value := range object {
		if value == nil {
			object[name] = ""
		}
	}
	return object
}

func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// customErrors are told together, in the form Vault's clients know.
type customErrors []string

func (e customErrors) err() error {
	if len(e) == 0 {
		return nil
	}
	noun := "errors"
	if len(e) == 1 {
		noun = "error"
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d %s occurred:\n", len(e), noun)
	for _, line := range e {
		fmt.Fprintf(&text, "\t* %s: %s\n", customFailed, line)
	}
	return logical.Invalid("%s\n", text.String())
}
