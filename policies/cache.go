package policies

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

const (
	cacheShards = 64
	// cacheSlots bounds a shard: hosts and principals are chosen by whoever asks, so
	// a cache without a bound would be theirs to fill.
	cacheSlots = 1024
)

// cache holds decisions by the inputs they were made from. It belongs to one
// snapshot, so a decision never outlives the policy that made it. A full shard
// forgets what was not asked for since the hand passed (CLOCK); what was asked once
// only goes first, so a flood of new keys does not wash out those in use.
//
// A look-up allocates nothing. Safe for concurrent use.
type cache[D any] struct {
	seed   maphash.Seed
	shards [cacheShards]shard[D]
}

type shard[D any] struct {
	mu    sync.RWMutex
	items map[string]*item[D] // guarded by mu, as are ring and hand
	ring  []*item[D]
	hand  int
}

type item[D any] struct {
	key         string
	from, until int64 // the decision holds for input times in [from, until)
	used        atomic.Bool
	slot        int // in the ring
	decision    D
}

func newCache[D any]() *cache[D] {
	c := &cache[D]{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].items = map[string]*item[D]{}
	}
	return c
}

func (c *cache[D]) shard(key []byte) *shard[D] {
	return &c.shards[maphash.Bytes(c.seed, key)%cacheShards]
}

// get returns the decision for key that holds at now, and until when it does.
func (c *cache[D]) get(key []byte, now int64) (d *D, until int64, ok bool) {
	s := c.shard(key)
	s.mu.RLock()
	it := s.items[string(key)]
	s.mu.RUnlock()
	if it == nil || now < it.from || now >= it.until {
		return nil, 0, false
	}
	if !it.used.Load() { // a store to a line that every core reads is dear
		it.used.Store(true)
	}
	return &it.decision, it.until, true
}

// put keeps decision for key, for times in [from, until).
func (c *cache[D]) put(key []byte, decision D, from, until int64) {
	it := &item[D]{key: string(key), from: from, until: until, decision: decision}
	s := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.items[it.key]; old != nil { // decided meanwhile by another, or expired
		it.slot = old.slot
		s.ring[it.slot] = it
		s.items[it.key] = it
		return
	}
	s.items[it.key] = it
	if len(s.ring) < cacheSlots {
		it.slot = len(s.ring)
		s.ring = append(s.ring, it)
		return
	}
	for s.ring[s.hand].used.Swap(false) {
		s.hand = (s.hand + 1) % cacheSlots
	}
	it.slot = s.hand
	delete(s.items, s.ring[it.slot].key)
	s.ring[it.slot] = it
	s.hand = (s.hand + 1) % cacheSlots
}
