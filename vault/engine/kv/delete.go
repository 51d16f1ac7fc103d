package kv

import (
	"context"
	"strconv"
	"time"

	"github.com/stanch-dev/stanch/vault/logical"
)

// deleteData deletes the current version, so that it can be brought back.
func (b *V2) deleteData(ctx context.Context, c *logical.Call, name string) (*logical.Response, error) {
	return nil, b.update(ctx, c, name, func(s *secretTx) error {
		return s.onVersions([]uint64{s.current()}, func(v *Version) error {
			v.delete(c.Time)
			return nil
		})
	})
}

// deleteMetadata removes the secret with all its versions.
func (b *V2) deleteMetadata(ctx context.Context, c *logical.Call, name string) (*logical.Response, error) {
	return nil, b.update(ctx, c, name, func(s *secretTx) error {
		if s.meta == nil {
			return nil
		}
		for i := range s.meta.Versions {
			if err := s.deleteData(s.meta.Versions[i].Number); err != nil {
				return err
			}
		}
		s.meta = nil
		return s.Delete(metadataFolder + s.name)
	})
}

func (b *V2) deleteVersions(ctx context.Context, c *logical.Call, name string) (*logical.Response, error) {
	numbers, err := versionNumbers(c.Fields, "No version number provided")
	if err != nil {
		return nil, err
	}
	return nil, b.update(ctx, c, name, func(s *secretTx) error {
		return s.onVersions(numbers, func(v *Version) error {
			v.delete(c.Time)
			return nil
		})
	})
}

func (b *V2) undeleteVersions(ctx context.Context, c *logical.Call, name string) (*logical.Response, error) {
	numbers, err := versionNumbers(c.Fields, "No version number provided")
	if err != nil {
		return nil, err
	}
	return nil, b.update(ctx, c, name, func(s *secretTx) error {
		mount, err := loadSettings(s)
		if err != nil {
			return err
		}
		return s.onVersions(numbers, func(v *Version) error {
			if !v.Destroyed {
				v.Deleted = mount.end(s.meta, c.Time)
			}
			return nil
		})
	})
}

func (b *V2) destroyVersions(ctx context.Context, c *logical.Call, name string) (*logical.Response, error) {
	numbers, err := versionNumbers(c.Fields, "no version number provided")
	if err != nil {
		return nil, err
	}
	return nil, b.update(ctx, c, name, func(s *secretTx) error {
		return s.onVersions(numbers, func(v *Version) error {
			v.Destroyed = true
			return s.deleteData(v.Number)
		})
	})
}

// delete makes the version unreadable, unless it is so already.
func (v *Version) delete(now time.Time) {
	if v.Readable(now) {
		v.Deleted = now
	}
}

// onVersions runs f on those of the versions that exist, and saves what it changes.
func (s *secretTx) onVersions(numbers []uint64, f func(*Version) error) error {
	if s.meta == nil {
		return nil
	}
	for _, number := range numbers {
		if v := s.meta.Version(number); v != nil {
			if err := f(v); err != nil {
				return err
			}
		}
	}
	return s.save()
}

// versionNumbers reads the field versions; missing is the error if there are none.
func versionNumbers(f logical.Fields, missing string) ([]uint64, error) {
	var numbers []uint64
	for _, text := range f.Strings("versions") {
		number, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			return nil, logical.Invalid("error converting input for field \"versions\": expected whole numbers")
		}
		numbers = append(numbers, number)
	}
	if len(numbers) == 0 {
		return nil, logical.Invalid("%s", missing)
	}
	return numbers, nil
}
