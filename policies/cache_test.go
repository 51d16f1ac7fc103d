package policies

import (
	"fmt"
	"testing"
)

// TestCacheIsBounded floods a cache, as one who chooses hosts could, while a few keys
// stay in use: these are kept, and the cache does not grow.
func TestCacheIsBounded(t *testing.T) {
	c := newCache[int]()
	popular := []byte("popular")
	c.put(popular, 7, 0, 10)
	lost := 0
	for i := range 3 * cacheShards * cacheSlots {
		c.put(fmt.Appendf(nil, "flood %d", i), i, 0, 10)
		if i%64 == 0 {
			if d, _, ok := c.get(popular, 5); !ok || *d != 7 {
				lost++
				c.put(popular, 7, 0, 10)
			}
		}
	}
	if lost > 0 {
		t.Errorf("a key in use was forgotten %d times", lost)
	}
	total := 0
	for i := range c.shards {
		if len(c.shards[i].items) != len(c.shards[i].ring) {
			t.Errorf("shard %d: %d items, %d in the ring", i, len(c.shards[i].items), len(c.shards[i].ring))
		}
		total += len(c.shards[i].items)
	}
	if total > cacheShards*cacheSlots {
		t.Errorf("%d items", total)
	}
}

func TestCacheTimes(t *testing.T) {
	c := newCache[string]()
	key := []byte("k")
	c.put(key, "first", 10, 20)
	for now, want := range map[int64]bool{9: false, 10: true, 19: true, 20: false} {
		if _, _, ok := c.get(key, now); ok != want {
			t.Errorf("at %d: %v", now, ok)
		}
	}
	c.put(key, "second", 20, 30)
	if d, _, ok := c.get(key, 25); !ok || *d != "second" {
		t.Error("the newer decision is not there")
	}
	if _, _, ok := c.get(key, 15); ok {
		t.Error("the older decision is still there")
	}
}
